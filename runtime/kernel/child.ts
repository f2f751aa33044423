/** One line of a supervisor's book, and the words its two machines and their shell speak. */
import type { ExitReason, Pid, Ref, ReplyTo } from './actor.ts';
import { isClean } from './actor.ts';
import type { ActorState, KernelLog } from './kernel.ts';
import type { ChildSpec, Shutdown, StartResult, SupervisorSpec } from './supervision.ts';

export class Child {
  readonly spec: ChildSpec;
  /** The living incarnation, or the one whose end has not been dealt with. */
  ref: Ref<never> | undefined = undefined;
  state: ActorState | 'stopped' = 'stopped';
  /** It has ended, and its supervisor was busy with something else so far. */
  ended: ExitReason | undefined = undefined;
  restarts = 0;
  lastExit: ExitReason | undefined = undefined;

  constructor(spec: ChildSpec) {
    this.spec = spec;
  }

  get pid(): Pid | undefined {
    return this.ref?.pid;
  }

  get isTemporary(): boolean {
    return this.spec.restart === 'temporary';
  }

  get shutdown(): Shutdown {
    const isSupervisor = 'strategy' in this.spec.start;
    return this.spec.shutdown ?? (isSupervisor ? 'infinity' : 5000);
  }

  /** OTP's rule: permanent always, transient after an unclean end, temporary never. */
  mustRestartAfter(reason: ExitReason): boolean {
    const restart = this.spec.restart ?? 'permanent';
    if (restart === 'temporary') return false;
    return restart === 'permanent' || !isClean(reason);
  }

  /** No incarnation any more. */
  clear(reason?: ExitReason): void {
    this.ref = undefined;
    this.ended = undefined;
    this.state = 'stopped';
    if (reason !== undefined) this.lastExit = reason;
  }
}

/** What is wrong with a child spec under a supervisor with this `autoShutdown`, or undefined. */
export function mistakeIn(
  spec: ChildSpec,
  autoShutdown: SupervisorSpec['autoShutdown'],
): string | undefined {
  if (spec.id === '') return 'a child needs an id that is not empty';
  if (spec.significant !== true) return undefined;
  if ((spec.restart ?? 'permanent') === 'permanent') {
    return `child ${spec.id} cannot be significant: it is permanent`;
  }
  if ((autoShutdown ?? 'never') !== 'never') return undefined;
  return `child ${spec.id} is significant, but its supervisor never shuts down by itself`;
}

export type StartOutcome =
  | { readonly kind: 'started'; readonly ref: Ref<never> }
  /** A `startsLater` child: `ready` or `exited` follows. */
  | { readonly kind: 'pending'; readonly ref: Ref<never> }
  | { readonly kind: 'failed'; readonly reason: ExitReason };

export type StartReply = ReplyTo<StartResult> | undefined;
export type DoneReply = ReplyTo<boolean> | undefined;

export type SupervisorInput =
  | { readonly kind: 'boot' }
  | { readonly kind: 'start_outcome'; readonly child: Child; readonly outcome: StartOutcome }
  | { readonly kind: 'ready'; readonly id: string; readonly pid: Pid }
  | { readonly kind: 'exited'; readonly id: string; readonly pid: Pid; readonly reason: ExitReason }
  | { readonly kind: 'shutdown_timeout'; readonly children: readonly Child[] }
  | { readonly kind: 'cooled_down' }
  | { readonly kind: 'retry'; readonly child: Child }
  | { readonly kind: 'stop' }
  /** To a dynamic supervisor: the shell has made the spec of the argument. */
  | { readonly kind: 'add_child'; readonly spec: ChildSpec; readonly reply: StartReply }
  | { readonly kind: 'restart_child'; readonly id: string; readonly reply: StartReply }
  | { readonly kind: 'terminate_child'; readonly id: string; readonly reply: DoneReply }
  | { readonly kind: 'delete_child'; readonly id: string; readonly reply: DoneReply };

export type SupervisorEffect =
  /** Answered by a `start_outcome`. */
  | { readonly kind: 'start'; readonly child: Child }
  /** Ask to end and, unless the timeout is `infinity`, tell `shutdown_timeout` after it. */
  | {
      readonly kind: 'shutdown';
      readonly children: readonly Child[];
      readonly timeoutMs: number | 'infinity';
    }
  | { readonly kind: 'kill'; readonly children: readonly Child[] }
  /** No shutdown is waited for any more. */
  | { readonly kind: 'cancel_timer' }
  | { readonly kind: 'retry'; readonly child: Child }
  | { readonly kind: 'cool_down'; readonly waitMs: number }
  /** The supervisor itself has started. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'exit'; readonly reason: ExitReason }
  | { readonly kind: 'started_reply'; readonly reply: StartReply; readonly child: Child }
  | { readonly kind: 'failed_reply'; readonly reply: StartReply; readonly reason: ExitReason }
  | { readonly kind: 'done_reply'; readonly reply: DoneReply; readonly done: boolean }
  | {
      readonly kind: 'log';
      readonly level: Parameters<KernelLog['event']>[0];
      readonly event: string;
      readonly fields: Record<string, unknown>;
    };

export interface Outbox {
  emit(effect: SupervisorEffect): void;
}

/** The common face of the two machines. */
export interface SupervisorMachine {
  handle(input: SupervisorInput, now: number, out: Outbox): void;
  child(id: string): Child | undefined;
  children(): Iterable<Child>;
  readonly childCount: number;
  readonly state: ActorState;
}
