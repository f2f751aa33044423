/** What an actor's `init` is given: `Context` over its process. */
import type {
  CallOutcome,
  Clock,
  Context,
  ExitReason,
  Name,
  Port,
  RandomSource,
  Ref,
  ReplyTo,
  TimerId,
} from './actor.ts';
import { errorReason, KILLED, NOPROC, NORMAL } from './actor.ts';
import type { Host } from './host.ts';
import { PendingCall } from './pending-call.ts';
import { Process } from './process.ts';
import { exitOf } from './process-parts.ts';
import type { Watcher } from './process-parts.ts';
import { startTimer, Timer } from './timer.ts';

const NO_TIMER: TimerId = {};

export class ProcessContext<M> implements Context<M> {
  readonly #process: Process;
  readonly #host: Host;

  constructor(process: Process, host: Host) {
    this.#process = process;
    this.#host = host;
  }

  get self(): Ref<M> {
    return this.#process;
  }

  get clock(): Clock {
    return this.#host.scheduler.clock;
  }

  get random(): RandomSource {
    return this.#host.scheduler.random;
  }

  exit(reason: ExitReason = NORMAL): void {
    this.#process.exit(reason);
  }

  ready(): void {
    this.#process.ready();
  }

  link(other: Ref<never>): void {
    this.#process.link(local(other));
  }

  unlink(other: Ref<never>): void {
    this.#process.unlink(local(other));
  }

  monitor(other: Ref<never>): number {
    const target = local(other);
    const monitor = this.#host.nextNumber();
    if (!this.#process.isAlive) return monitor;
    const watcher = new DownSender(this.#process, monitor);
    this.#process.belongings.monitors.set(monitor, { target, watcher });
    if (target.isAlive) target.watch(watcher);
    else watcher.targetEnded(target, NOPROC);
    return monitor;
  }

  demonitor(monitor: number): void {
    const held = this.#process.belongings.monitors.get(monitor);
    held?.target.unwatch(held.watcher);
    this.#process.belongings.monitors.delete(monitor);
  }

  signal(other: Ref<never>, reason: ExitReason): void {
    sendExit(local(other), exitOf(this.#process, reason));
  }

  register<N>(name: Name<N>): void {
    if (!this.#process.isAlive) throw new Error(`${this.#process.path} has ended`);
    this.#host.registry.register(name.name, this.#process);
    this.#process.belongings.names.add(name.name);
  }

  whereis<N>(name: Name<N>): Ref<N> | undefined {
    return this.#host.registry.whereis(name.name) as Ref<N> | undefined;
  }

  join(group: string): void {
    if (!this.#process.isAlive) return;
    this.#host.registry.join(group, this.#process);
    this.#process.belongings.groups.add(group);
  }

  leave(group: string): void {
    this.#host.registry.leave(group, this.#process);
    this.#process.belongings.groups.delete(group);
  }

  members<N>(group: string): readonly Ref<N>[] {
    return this.#host.registry.members(group) as readonly Ref<N>[];
  }

  after(delayMs: number, message: M): TimerId {
    const { isAlive, belongings, mailbox } = this.#process;
    if (!isAlive) return NO_TIMER;
    return startTimer(this.#host.scheduler, belongings, delayMs, mailbox, message);
  }

  cancel(timer: TimerId): void {
    if (timer instanceof Timer) timer.cancel();
  }

  call<N, R>(
    target: Ref<N>,
    request: (reply: ReplyTo<R>) => N,
    timeoutMs: number,
    deliver: (outcome: CallOutcome<R>) => M,
  ): void {
    if (!this.#process.isAlive) return;
    const { calls } = this.#process.belongings;
    const call = new PendingCall<R>(this.#host.scheduler, (outcome, closed) => {
      calls.delete(closed);
      this.#deliver(outcome, deliver);
    });
    calls.add(call);
    call.ask(target, request, timeoutMs);
  }

  own(port: Port): () => void {
    const { ports } = this.#process.belongings;
    if (!this.#process.isAlive) port.close();
    else ports.push(port);
    return () => {
      const at = ports.indexOf(port);
      if (at >= 0) ports.splice(at, 1);
    };
  }

  /** Runs in whoever replied, so a throw of `deliver` must end this actor and not that one. */
  #deliver<R>(outcome: CallOutcome<R>, deliver: (outcome: CallOutcome<R>) => M): void {
    try {
      this.#process.mailbox.admit(deliver(outcome));
    } catch (error) {
      this.#process.signal({ kind: 'end', reason: errorReason(error) });
    }
  }
}

/** `exit(Pid, Reason)`: `killed` cannot be trapped. */
export function sendExit(
  target: Process,
  exit: { pid: number; path: string; reason: ExitReason },
): void {
  if (exit.reason.kind === 'killed') target.signal({ kind: 'end', reason: KILLED });
  else target.signal({ kind: 'exit', exit });
}

class DownSender implements Watcher {
  readonly #process: Process;
  readonly #monitor: number;

  constructor(process: Process, monitor: number) {
    this.#process = process;
    this.#monitor = monitor;
  }

  targetEnded(target: Process, reason: ExitReason): void {
    const down = { monitor: this.#monitor, pid: target.pid, path: target.path, reason };
    this.#process.signal({ kind: 'down', down });
  }
}

function local(ref: Ref<never>): Process {
  if (ref instanceof Process) return ref;
  throw new TypeError(`${ref.path} is not an actor of this kernel`);
}
