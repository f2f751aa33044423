/** What every process of one kernel shares; boot.ts makes it. */
import type { ExitReason, Pid } from './actor.ts';
import type { ActorState, KernelLog, Scheduler } from './kernel.ts';
import type { Process } from './process.ts';
import type { Registry } from './registry.ts';
import type { RunQueue } from './run-queue.ts';
import type { Supervisor } from './supervisor.ts';

export interface Host {
  readonly scheduler: Scheduler;
  readonly runQueue: RunQueue;
  readonly registry: Registry;
  readonly log: KernelLog;
  /** The shells of all living supervisors. */
  readonly supervisors: Map<Pid, Supervisor>;
  /** A child did not start; the first one of the boot is what `started` rejects with. */
  startFailed(path: string, reason: ExitReason): void;
  /** The root supervisor has started all its children. */
  rootReady(): void;
  /** Pids, monitors and timers: unique in this kernel and never reused. */
  nextNumber(): Pid;
  /** The tree changed. Observers must not disturb the kernel, so this never throws. */
  changed(
    path: string,
    change: { started: Pid } | { exited: Pid; reason: ExitReason } | ActorState,
  ): void;
  /** False while nobody watches, so that nobody pays for paths. */
  readonly isWatched: boolean;
  /** An actor ended in a way nobody asked for. */
  crashed(process: Process, reason: ExitReason, lastMessage: unknown): void;
}
