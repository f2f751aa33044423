/**
 * The words supervisors are written in: child specs, strategies, intensity (OTP `supervisor`).
 */
import type { Definition, ExitReason, Ref, ReplyTo } from './actor.ts';

export type Restart = 'permanent' | 'transient' | 'temporary';

/** Milliseconds a child has to end after `shutdown`, or kill it at once, or wait as long as it takes. */
export type Shutdown = number | 'brutal_kill' | 'infinity';

export interface ChildSpec {
  /** Unique among siblings; the last part of the path. */
  readonly id: string;
  // A supervisor holds children of every message type and sends them none.
  readonly start: Definition<never> | SupervisorSpec;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Default 5000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown;
  /** Counts for `autoShutdown`. Only for transient and temporary children. */
  readonly significant?: boolean;
}

export interface Intensity {
  /** More restarts than this within the period and the supervisor gives up. */
  readonly restarts: number;
  readonly periodMs: number;
}

/** What a supervisor does that has given up. */
export type OnExhausted =
  | 'escalate'
  /** Stops its children, waits, starts them again; the wait doubles up to the maximum and is reset by a calm period. */
  | { readonly coolDownMs: number; readonly maxCoolDownMs: number };

interface SupervisorBase {
  readonly kind: 'supervisor';
  /** Registered while it lives, so that others can reach it. */
  readonly name?: string;
  /** Default 1 restart in 5000 ms, as OTP. */
  readonly intensity?: Intensity;
  /** Default `escalate`. */
  readonly onExhausted?: OnExhausted;
  readonly autoShutdown?: 'never' | 'any_significant' | 'all_significant';
}

export interface StaticSupervisorSpec extends SupervisorBase {
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one';
  /** In start order. Called once per incarnation of the supervisor, so tables made here live as long as it does. */
  readonly children: () => readonly ChildSpec[];
}

/** Many children of one kind, started at run time: sessions, links. */
export interface DynamicSupervisorSpec extends SupervisorBase {
  readonly strategy: 'simple_one_for_one';
  /** Makes the child from what `start_child` brought. */
  readonly child: (argument: never) => ChildSpec;
}

export type SupervisorSpec = StaticSupervisorSpec | DynamicSupervisorSpec;

export type StartResult =
  | { readonly kind: 'started'; readonly ref: Ref<never> }
  | { readonly kind: 'failed'; readonly reason: ExitReason };

/** What a supervisor can be asked. `argument` for a dynamic one, `spec` for a static one. */
export type SupervisorMessage<A = unknown> =
  | { readonly kind: 'start_child'; readonly argument: A; readonly reply?: ReplyTo<StartResult> }
  | { readonly kind: 'add_child'; readonly spec: ChildSpec; readonly reply?: ReplyTo<StartResult> }
  | { readonly kind: 'terminate_child'; readonly id: string; readonly reply?: ReplyTo<boolean> }
  | { readonly kind: 'restart_child'; readonly id: string; readonly reply?: ReplyTo<StartResult> }
  | { readonly kind: 'delete_child'; readonly id: string; readonly reply?: ReplyTo<boolean> };
