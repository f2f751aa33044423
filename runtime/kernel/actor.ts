/**
 * What an actor is, as the code that writes one sees it: OTP's vocabulary in TypeScript.
 *
 * An actor is a `Definition`: `init` runs once per incarnation and returns the handlers. Handlers are
 * synchronous; what takes time is a request whose answer comes back as a message. A throw in a handler
 * ends the incarnation with an `error` reason and its supervisor decides what follows.
 */

/** Unique per incarnation and never reused: a reference to a dead actor stays dead. */
export type Pid = number;

/** Why an actor ended. `normal` and `shutdown` are clean; a transient child is not restarted after them. */
export type ExitReason =
  | { readonly kind: 'normal' }
  | { readonly kind: 'shutdown'; readonly detail?: string }
  | { readonly kind: 'killed' }
  | { readonly kind: 'noproc' }
  | { readonly kind: 'error'; readonly error: Error };

/** The order in which ready actors get their turn. Exit signals and DOWN are always `system`. */
export type TurnClass = 'system' | 'control' | 'data';

/** What became of a cast. `refused`: the mailbox was full (counted); `dead`: nobody will ever read it. */
export type Delivery = 'accepted' | 'refused' | 'dead';

/** Something messages can be sent to: an actor, or a mailbox that outlives its readers. */
export interface Target<M> {
  cast(message: M): Delivery;
}

/** One incarnation of one actor. */
export interface Ref<M> extends Target<M> {
  readonly pid: Pid;
  /** Place in the tree, for people: `root/sessions/4711`. */
  readonly path: string;
  readonly isAlive: boolean;
}

/** A registered name, typed by what its holder understands. */
export interface Name<M> {
  readonly name: string;
  /** Never present; carries the type. */
  readonly _message?: M;
}

/** Where the answer of a `call` goes. Answering twice, or too late, does nothing. */
export interface ReplyTo<R> {
  reply(value: R): void;
}

export type CallOutcome<R> =
  | { readonly kind: 'reply'; readonly value: R }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'down'; readonly reason: ExitReason };

export interface Down {
  readonly monitor: number;
  readonly pid: Pid;
  readonly path: string;
  readonly reason: ExitReason;
}

export interface Exit {
  readonly pid: Pid;
  readonly path: string;
  readonly reason: ExitReason;
}

export interface Handlers<M> {
  handle(message: M): void;
  /** A monitored actor ended. */
  onDown?(down: Down): void;
  /** Present: this actor traps exits, and a linked actor's end is a message instead of its own end. */
  onExit?(exit: Exit): void;
  /**
   * Its supervisor asks it to end. Present: the actor may finish work and then calls `context.exit()`, within its
   * shutdown timeout. Absent: it ends at once. A trapping actor ends too: only links reach `onExit`.
   */
  onShutdown?(): void;
  /** Called after the last message whatever the reason, except that a throw here is only reported. */
  terminate?(reason: ExitReason): void;
}

export interface MailboxOptions {
  /** Messages held at most. */
  readonly limit: number;
  /** `refuse` the sender, `drop_oldest` (counted), or `exit` the actor with an error. */
  readonly onFull: 'refuse' | 'drop_oldest' | 'exit';
}

export interface Definition<M> {
  /** Default `control`. */
  readonly class?: TurnClass;
  /**
   * Messages handled in one go, less than the turn's batch (64) for an actor whose messages are heavy, so that the
   * clock is looked at in between: a message that holds 128 requests wants a batch of 4.
   */
  readonly batch?: number;
  /** Options of a mailbox made anew for each incarnation, or a mailbox its supervisor keeps (see mailbox.ts). */
  readonly mailbox?: MailboxOptions | Target<M>;
  /**
   * True: the child counts as started only when it calls `context.ready()` (a listener that has its port).
   * The supervisor starts the next sibling after that; an exit before it is a failed start.
   */
  readonly startsLater?: boolean;
  init(context: Context<M>): Handlers<M>;
}

/** Anything that must be closed when its owner dies, whatever the reason (a socket, a file): OTP's port. */
export interface Port {
  close(): void;
}

/** A timer, for `cancel` and nothing else. */
export type TimerId = object;

/** What an actor can do, given to `init`. */
export interface Context<M> {
  readonly self: Ref<M>;
  readonly clock: Clock;
  readonly random: RandomSource;

  /** Ends this actor after the current message. `exit()` is `normal`. */
  exit(reason?: ExitReason): void;
  /** For `startsLater`: the start is done. */
  ready(): void;

  link(other: Ref<never>): void;
  unlink(other: Ref<never>): void;
  /** DOWN arrives once, at once (`noproc`) when it is dead already. */
  monitor(other: Ref<never>): number;
  demonitor(monitor: number): void;
  /** Sends an exit signal, as `exit(Pid, Reason)` does; `killed` cannot be trapped. */
  signal(other: Ref<never>, reason: ExitReason): void;

  /** Throws when the name is taken by a living actor. Released at exit. */
  register<N>(name: Name<N>): void;
  whereis<N>(name: Name<N>): Ref<N> | undefined;
  join(group: string): void;
  leave(group: string): void;
  members<N>(group: string): readonly Ref<N>[];

  /** Delivers `message` to this actor after `delayMs`; gone with the incarnation. */
  after(delayMs: number, message: M): TimerId;
  cancel(timer: TimerId): void;

  /** Asks `target`; the outcome arrives here as the message that `deliver` makes of it, exactly once. */
  call<N, R>(
    target: Ref<N>,
    request: (reply: ReplyTo<R>) => N,
    timeoutMs: number,
    deliver: (outcome: CallOutcome<R>) => M,
  ): void;

  /** Closes `port` when this incarnation ends. Returns the undo. */
  own(port: Port): () => void;
}

/** Time as a value: the production clock, or the stepper's virtual one. */
export interface Clock {
  /** Monotonic milliseconds (fractional). */
  now(): number;
  /** Wall clock, milliseconds since the epoch. */
  wall(): number;
}

/** Chance as a value: seeded in tests. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform over the integers [low, high]; both safe integers, or high = 2^53. */
  integer(low: number, high: number): number;
}

export const NORMAL: ExitReason = { kind: 'normal' };
export const SHUTDOWN: ExitReason = { kind: 'shutdown' };
export const KILLED: ExitReason = { kind: 'killed' };
export const NOPROC: ExitReason = { kind: 'noproc' };

export function errorReason(error: unknown): ExitReason {
  return { kind: 'error', error: error instanceof Error ? error : new Error(String(error)) };
}

/** Clean ends: what a transient child is not restarted after. */
export function isClean(reason: ExitReason): boolean {
  return reason.kind === 'normal' || reason.kind === 'shutdown';
}

export function name<M>(text: string): Name<M> {
  return { name: text };
}
