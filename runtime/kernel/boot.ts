/** Boots a supervision tree on a scheduler and answers for it to the outside. */
import type {
  CallOutcome,
  Clock,
  ExitReason,
  Name,
  Pid,
  RandomSource,
  Ref,
  ReplyTo,
} from './actor.ts';
import { CrashReports, reasonText } from './crash-reports.ts';
import type { Host } from './host.ts';
import type {
  ActorState,
  BootOptions,
  CrashReport,
  Kernel,
  KernelLog,
  Scheduler,
  TreeChange,
  TreeNode,
} from './kernel.ts';
import { PendingCall } from './pending-call.ts';
import { exitOf } from './process-parts.ts';
import type { Process } from './process.ts';
import type { Watcher } from './process-parts.ts';
import { sendExit } from './process-context.ts';
import { Registry } from './registry.ts';
import { DEFAULT_TURN, RunQueue } from './run-queue.ts';
import { spawn } from './supervisor.ts';
import type { Supervisor } from './supervisor.ts';
import { processAt, treeOf } from './tree.ts';

/** The tree starts in the scheduler's first turn; `started` and `ended` tell what became of it. */
export function boot(options: BootOptions): Kernel {
  return new System(options);
}

class System implements Kernel, Host, Watcher {
  readonly scheduler: Scheduler;
  readonly log: KernelLog;
  readonly registry = new Registry();
  readonly runQueue: RunQueue;
  readonly supervisors = new Map<Pid, Supervisor>();
  readonly started: Promise<void>;
  readonly ended: Promise<ExitReason>;
  readonly #options: BootOptions;
  readonly #crashes: CrashReports;
  readonly #listeners = new Set<(change: TreeChange) => void>();
  readonly #hooks: (() => void)[] = [];
  readonly #startHooks: (() => void)[] = [];
  #root: Process | undefined = undefined;
  #hasStarted = false;
  /** Asked to stop before the first turn. */
  #isStopWanted = false;
  #firstFailure: { readonly path: string; readonly reason: ExitReason } | undefined = undefined;
  #resolveStarted: () => void = () => {};
  #rejectStarted: (error: Error) => void = () => {};
  #resolveEnded: (reason: ExitReason) => void = () => {};
  #number = 0;

  constructor(options: BootOptions) {
    this.#options = options;
    this.scheduler = options.scheduler;
    this.log = options.log;
    this.#crashes = new CrashReports(options.crashRing ?? 100);
    const { clock, interleave } = options.scheduler;
    const turn = { ...DEFAULT_TURN, ...options.turn };
    this.runQueue = new RunQueue(clock, turn, () => this.scheduler.requestTurn(), interleave);
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    // A host that only waits for `ended` learns the reason there.
    this.started.catch(() => {});
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.scheduler.start(() => this.#turn());
    this.runQueue.addSignals({
      turnClass: 'system',
      batch: Infinity,
      runSignals: () => this.#startRoot(),
      runMessages: () => 0,
      staysReady: () => false,
    });
  }

  get clock(): Clock {
    return this.scheduler.clock;
  }

  get random(): RandomSource {
    return this.scheduler.random;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  // Kernel

  stop(): Promise<ExitReason> {
    this.#root?.signal({ kind: 'shutdown' });
    this.#isStopWanted = true;
    return this.ended;
  }

  whereis<M>(name: Name<M>): Ref<M> | undefined {
    return this.registry.whereis(name.name) as Ref<M> | undefined;
  }

  call<M, R>(
    target: Ref<M>,
    request: (reply: ReplyTo<R>) => M,
    timeoutMs: number,
  ): Promise<CallOutcome<R>> {
    return new Promise((resolve) => {
      new PendingCall<R>(this.scheduler, resolve).ask(target, request, timeoutMs);
    });
  }

  exit(path: string, reason: ExitReason): boolean {
    const target = this.#root && processAt(this, this.#root, path);
    if (target === undefined) return false;
    sendExit(target, exitOf(target, reason));
    return true;
  }

  tree(options: { readonly childLimit?: number } = {}): TreeNode {
    if (this.#root === undefined) throw new Error('the tree starts in the first turn');
    return treeOf(this, this.#root, this.#options.root, options.childLimit);
  }

  watch(listener: (change: TreeChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  crashes(): readonly CrashReport[] {
    return this.#crashes.all;
  }

  onTurnStart(hook: () => void): void {
    this.#startHooks.push(hook);
  }

  onTurnEnd(hook: () => void): void {
    this.#hooks.push(hook);
  }

  // Host

  nextNumber(): number {
    return ++this.#number;
  }

  changed(
    path: string,
    change: { started: Pid } | { exited: Pid; reason: ExitReason } | ActorState,
  ): void {
    const told = treeChange(path, change);
    for (const listener of this.#listeners) {
      this.#guard('tree_listener_failed', () => listener(told));
    }
  }

  crashed(process: Process, reason: ExitReason, lastMessage: unknown): void {
    this.log.crash(this.#crashes.add(this.clock.wall(), process, reason, lastMessage));
  }

  startFailed(path: string, reason: ExitReason): void {
    if (!this.#hasStarted) this.#firstFailure ??= { path, reason };
  }

  rootReady(): void {
    this.#hasStarted = true;
    this.#resolveStarted();
  }

  /** The root has ended, and everything with it. */
  targetEnded(root: Process, reason: ExitReason): void {
    const failure = this.#firstFailure ?? { path: root.path, reason };
    this.#rejectStarted(startError(failure.path, failure.reason));
    this.scheduler.stop();
    this.#resolveEnded(reason);
  }

  #startRoot(): number {
    const { root, rootId = 'root' } = this.#options;
    const process = spawn(this, undefined, rootId, root);
    this.#root = process;
    if (process.exitReason !== undefined) {
      this.targetEnded(process, process.exitReason);
      return 1;
    }
    process.watch(this);
    if (process.isStarted) this.rootReady();
    if (this.#isStopWanted) process.signal({ kind: 'shutdown' });
    return 1;
  }

  #turn(): void {
    for (const hook of this.#startHooks) this.#guard('turn_start_hook_failed', hook);
    this.runQueue.runTurn();
    for (const hook of this.#hooks) this.#guard('turn_end_hook_failed', hook);
    if (!this.runQueue.isEmpty) this.scheduler.requestTurn();
  }

  /** Runs code of the host that must not disturb the kernel: a throw is reported. */
  #guard(event: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.log.event('error', event, { error });
    }
  }
}

function treeChange(
  path: string,
  change: { started: Pid } | { exited: Pid; reason: ExitReason } | ActorState,
): TreeChange {
  if (typeof change === 'string') return { kind: 'state', path, state: change };
  if ('started' in change) return { kind: 'started', path, pid: change.started };
  return { kind: 'exited', path, pid: change.exited, reason: reasonText(change.reason) };
}

function startError(path: string, reason: ExitReason): Error {
  const cause = reason.kind === 'error' ? reason.error : undefined;
  return new Error(`${path} did not start: ${reasonText(reason)}`, { cause });
}
