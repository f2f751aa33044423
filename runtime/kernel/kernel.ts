/** The kernel's outside: boot a tree, look at it, stop it. Implemented in this folder. */
import type {
  CallOutcome,
  Clock,
  ExitReason,
  Name,
  Pid,
  RandomSource,
  Ref,
  ReplyTo,
  TurnClass,
} from './actor.ts';
import type { SupervisorSpec } from './supervision.ts';

/** `ended`: it is not restarted, but keeps its line. */
export type ActorState =
  'starting' | 'running' | 'restarting' | 'cooling_down' | 'stopping' | 'ended';

/** One line of the tree. A restarting child that has no incarnation now keeps its line (pid undefined). */
export interface TreeNode {
  readonly id: string;
  readonly path: string;
  readonly pid: Pid | undefined;
  readonly kind: 'worker' | 'supervisor';
  readonly strategy: SupervisorSpec['strategy'] | undefined;
  readonly class: TurnClass;
  readonly state: ActorState;
  readonly mailbox: number;
  readonly handled: number;
  readonly restarts: number;
  readonly lastExit: string | undefined;
  readonly uptimeMs: number;
  /** Children in start order; cut at `limit` for a dynamic supervisor, the whole number in `childCount`. */
  readonly children: readonly TreeNode[];
  readonly childCount: number;
}

export interface CrashReport {
  readonly sequence: number;
  readonly at: number; // wall clock, ms
  readonly path: string;
  readonly pid: Pid;
  readonly reason: string; // never a payload
  readonly stack: string | undefined;
  /** `kind` (or type) of the message that was being handled. */
  readonly lastMessage: string | undefined;
}

export type TreeChange =
  | { readonly kind: 'started'; readonly path: string; readonly pid: Pid }
  | { readonly kind: 'exited'; readonly path: string; readonly pid: Pid; readonly reason: string }
  | { readonly kind: 'state'; readonly path: string; readonly state: ActorState };

/** What the kernel says to its host. Never throws. */
export interface KernelLog {
  crash(report: CrashReport): void;
  event(
    level: 'debug' | 'info' | 'warn' | 'error',
    event: string,
    fields: Record<string, unknown>,
  ): void;
}

/** What a handle of the scheduler's actor library reaches: the actor that owns it. */
export interface HandleOwner {
  /** A message sent to the handle by code that knows only the library. */
  receiveFromHandle(message: unknown): void;
  /** The handle was stopped from outside: its owner is killed. */
  handleStopped(): void;
}

/** Who runs ready work. The kernel asks for one turn; the port runs it soon, never re-entrantly. */
export interface Scheduler {
  /** Called once, by boot: `turn` is what every request runs. */
  start(turn: () => void): void;
  /** After the root has ended: no turn and no timer runs any more. */
  stop(): void;
  /** Ask that the turn runs once more. Asking again before it ran does nothing. */
  requestTurn(): void;
  setTimer(delayMs: number, fire: () => void): unknown;
  clearTimer(handle: unknown): void;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Present: one message per turn, and this source picks the next among the ready actors. */
  readonly interleave?: RandomSource;
  /** Gives an actor a handle in the scheduler's own library (nact), if it has one. */
  attach?(owner: HandleOwner, name: string): unknown;
  detach?(handle: unknown): void;
}

/** How much a turn may do before sockets get theirs. */
export interface TurnOptions {
  /** A turn ends after about this long. Lower: less delay for IO; higher: more per write. Default 1.5 ms. */
  readonly deadlineMs: number;
  /** Messages one actor handles before the next ready one has its go. Default 64. */
  readonly batch: number;
  /** Messages between two looks at the clock. Default 32. */
  readonly checkEvery: number;
  /** A turn ends after this many messages even when the clock stands still, as a virtual one does. Default 20,000. */
  readonly messages: number;
}

export interface BootOptions {
  readonly root: SupervisorSpec;
  /** First part of every path. Default `root`. */
  readonly rootId?: string;
  readonly scheduler: Scheduler;
  readonly log: KernelLog;
  readonly turn?: Partial<TurnOptions>;
  /** Crash reports kept. Default 100. */
  readonly crashRing?: number;
}

export interface Kernel {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Resolves when every child has started; rejects with the first failed start. */
  readonly started: Promise<void>;
  /** Resolves with the root's exit reason, however it ended. */
  readonly ended: Promise<ExitReason>;
  /** Ordered shutdown from the root. */
  stop(): Promise<ExitReason>;
  whereis<M>(name: Name<M>): Ref<M> | undefined;
  /** From outside any actor: tests, HTTP handlers, the CLI. Outcome is a value, never a rejection. */
  call<M, R>(
    target: Ref<M>,
    request: (reply: ReplyTo<R>) => M,
    timeoutMs: number,
  ): Promise<CallOutcome<R>>;
  /** Exit signal to the actor at a path (tests, operators). False when nobody is there. */
  exit(path: string, reason: ExitReason): boolean;
  tree(options?: { readonly childLimit?: number }): TreeNode;
  watch(listener: (change: TreeChange) => void): () => void;
  crashes(): readonly CrashReport[];
  /** Called before every turn, outside of any actor. */
  onTurnStart(hook: () => void): void;
  /** Called at the end of every turn, after its drains: one write per socket per turn hangs here. */
  onTurnEnd(hook: () => void): void;
}
