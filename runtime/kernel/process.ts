/**
 * One incarnation of one actor, with OTP's signal semantics.
 *
 * Messages wait in the mailbox; signals (exit, DOWN, shutdown) wait apart and go first. Everything an actor does
 * happens in `init`, in `runSignals` or in `runMessages`, never re-entrantly, and no throw leaves this file: a
 * throw ends the incarnation with an `error` reason.
 */
import type { Delivery, ExitReason, Pid, Ref, TurnClass } from './actor.ts';
import { errorReason, isClean, KILLED, SHUTDOWN } from './actor.ts';
import { Belongings } from './belongings.ts';
import type { Host } from './host.ts';
import type { HandleOwner } from './kernel.ts';
import type { Mailbox, Reader } from './mailbox.ts';
import { exitOf, handleName, pathSegment } from './process-parts.ts';
import type { ProcessHandlers, ProcessOptions, Signal, Watcher } from './process-parts.ts';
import type { Runnable } from './run-queue.ts';

type Life = 'starting' | 'running' | 'stopping' | 'dead';

export class Process implements Ref<unknown>, Runnable, Reader, HandleOwner {
  readonly pid: Pid;
  readonly id: string;
  readonly parent: Process | undefined;
  readonly turnClass: TurnClass;
  readonly batch: number;
  readonly startedAt: number;
  /** Messages handled by this incarnation. */
  handled = 0;
  /** Why it ended, once it has. */
  exitReason: ExitReason | undefined = undefined;
  #handle: unknown = undefined;
  readonly #host: Host;
  readonly #mailbox: Mailbox<unknown>;
  readonly #keepsMailbox: boolean;
  #life: Life = 'starting';
  #isStarted: boolean;
  /** True once the supervisor knows this process, so that its end must be told. */
  #isAdopted = false;
  #handlers: ProcessHandlers | undefined = undefined;
  #isBusy = false;
  #lastMessage: unknown = undefined;
  #exiting: ExitReason | undefined = undefined;
  /** The batch must stop: an exit is due or signals wait. */
  #isInterrupted = false;
  #isQueued = false;
  #signals: Signal[] | undefined = undefined;
  #nextSignal = 0;
  #isSignalled = false;
  #links: Set<Process> | undefined = undefined;
  /** Mostly one: a session's router. */
  #watchers: Watcher | Set<Watcher> | undefined = undefined;
  #belongings: Belongings | undefined = undefined;

  constructor(host: Host, options: ProcessOptions) {
    this.#host = host;
    this.pid = host.nextNumber();
    this.id = options.id;
    this.parent = options.parent;
    this.turnClass = options.turnClass;
    this.batch = options.batch;
    this.#mailbox = options.mailbox;
    this.#keepsMailbox = options.keepsMailbox;
    this.#isStarted = !options.startsLater;
    this.startedAt = host.scheduler.clock.now();
  }

  get path(): string {
    return this.parent === undefined ? this.id : `${this.parent.path}/${pathSegment(this.id)}`;
  }

  get isAlive(): boolean {
    return this.#life !== 'dead';
  }

  /**
   * This actor in the scheduler's own library, for code that knows only that; made when it is asked for, because a
   * session in ten thousand ever is. Undefined for a scheduler without one, and for who died without it.
   */
  get handle(): unknown {
    if (this.#handle === undefined && this.isAlive) {
      const name = `${handleName(this.id)}.${this.pid}`;
      this.#handle = this.#host.scheduler.attach?.(this, name);
    }
    return this.#handle;
  }

  get life(): Life {
    return this.#life;
  }

  /** Its start is done; later than `init` for a `startsLater` actor. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get mailbox(): Mailbox<unknown> {
    return this.#mailbox;
  }

  /** Made when it first holds anything. */
  get belongings(): Belongings {
    return (this.#belongings ??= new Belongings());
  }

  cast(message: unknown): Delivery {
    return this.#life === 'dead' ? 'dead' : this.#mailbox.cast(message);
  }

  /** Runs `init`. Afterwards the process is alive, or it has ended and `exitReason` says why. */
  start(init: () => ProcessHandlers): void {
    this.#isBusy = true;
    try {
      this.#mailbox.attach(this);
      this.#handlers = init();
      this.#life = 'running';
    } catch (error) {
      this.#exiting = errorReason(error);
    }
    this.#isBusy = false;
    if (this.#exiting !== undefined) return this.end(this.#exiting);
    this.#isAdopted = true;
    if (this.#host.isWatched) this.#host.changed(this.path, { started: this.pid });
  }

  /** The start of a `startsLater` actor is done. */
  ready(): void {
    if (this.#isStarted || this.#life === 'dead') return;
    this.#isStarted = true;
    if (!this.#isAdopted) return;
    if (this.parent === undefined) this.#host.rootReady();
    else this.parent.signal({ kind: 'child_ready', child: this });
  }

  /** Ends this actor after what it is doing. */
  exit(reason: ExitReason): void {
    if (this.#life === 'dead') return;
    if (!this.#isBusy) return this.signal({ kind: 'end', reason });
    this.#exiting ??= reason;
    this.#isInterrupted = true;
  }

  signal(signal: Signal): void {
    if (this.#life === 'dead') return;
    this.#signals ??= [];
    this.#signals.push(signal);
    this.#isInterrupted = true;
    if (this.#isSignalled) return;
    this.#isSignalled = true;
    this.#host.runQueue.addSignals(this);
  }

  link(other: Process): void {
    if (other === this || !this.isAlive) return;
    if (!other.isAlive)
      return this.signal({ kind: 'exit', exit: exitOf(other, { kind: 'noproc' }) });
    (this.#links ??= new Set()).add(other);
    (other.#links ??= new Set()).add(this);
  }

  unlink(other: Process): void {
    this.#links?.delete(other);
    other.#links?.delete(this);
  }

  watch(watcher: Watcher): void {
    if (this.#watchers === undefined) this.#watchers = watcher;
    else if (this.#watchers instanceof Set) this.#watchers.add(watcher);
    else this.#watchers = new Set([this.#watchers, watcher]);
  }

  unwatch(watcher: Watcher): void {
    if (this.#watchers === watcher) this.#watchers = undefined;
    else if (this.#watchers instanceof Set) this.#watchers.delete(watcher);
  }

  wake(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#host.runQueue.addMessages(this);
  }

  overflowed(limit: number): void {
    const reason = errorReason(`mailbox is full with ${limit} messages`);
    this.signal({ kind: 'end', reason });
  }

  receiveFromHandle(message: unknown): void {
    // The library's references are not typed by message; its users are inside this process.
    this.cast(message);
  }

  handleStopped(): void {
    this.signal({ kind: 'end', reason: KILLED });
  }

  runMessages(limit: number): number {
    const mailbox = this.#mailbox;
    const handlers = this.#handlers;
    let handled = 0;
    if (handlers === undefined || this.#life === 'dead') return handled;
    this.#isBusy = true;
    while (handled < limit && mailbox.size > 0 && !this.#isInterrupted) {
      const message = mailbox.take();
      handled++;
      try {
        handlers.handle(message);
      } catch (error) {
        this.#threw(error, message);
        if (this.#keepsMailbox) mailbox.interrupt(message);
      }
    }
    this.#isBusy = false;
    this.handled += handled;
    if (this.#exiting !== undefined) this.end(this.#exiting);
    return handled;
  }

  staysReady(): boolean {
    this.#isQueued = this.#life !== 'dead' && this.#mailbox.size > 0;
    return this.#isQueued;
  }

  runSignals(limit: number): number {
    let handled = 0;
    while (this.#signals !== undefined && this.#life !== 'dead' && handled < limit) {
      const signal = this.#signals[this.#nextSignal++]!;
      if (this.#nextSignal === this.#signals.length) {
        this.#signals = undefined;
        this.#nextSignal = 0;
      }
      handled++;
      this.#runSignal(signal);
    }
    this.#isSignalled = this.#signals !== undefined && this.#life !== 'dead';
    if (this.#isSignalled) this.#host.runQueue.addSignals(this);
    else this.#isInterrupted = this.#life === 'dead';
    return handled;
  }

  /** Ends this incarnation now: its children, its own last word, what it holds, then everybody is told. */
  end(reason: ExitReason, isExpected = isClean(reason)): void {
    if (this.#life === 'stopping' || this.#life === 'dead') return;
    this.#life = 'stopping';
    this.exitReason = reason;
    this.#isInterrupted = true;
    if (!isExpected) this.#host.crashed(this, reason, this.#lastMessage);
    this.#handlers?.abandon?.();
    this.#terminate(reason);
    this.#life = 'dead';
    this.#signals = undefined;
    this.#belongings?.release(this, this.#host);
    this.#mailbox.detach(this);
    if (!this.#keepsMailbox) this.#mailbox.clear();
    this.#tell(reason);
  }

  #threw(error: unknown, message: unknown): void {
    this.#lastMessage = message;
    this.#exiting = errorReason(error);
    this.#isInterrupted = true;
  }

  #runSignal(signal: Signal): void {
    this.#isBusy = true;
    try {
      this.#onSignal(signal);
    } catch (error) {
      this.#threw(error, signal);
    }
    this.#isBusy = false;
    if (this.#exiting !== undefined) this.end(this.#exiting);
  }

  #onSignal(signal: Signal): void {
    const handlers = this.#handlers;
    switch (signal.kind) {
      case 'exit':
        if (handlers?.onExit !== undefined) handlers.onExit(signal.exit);
        else if (signal.exit.reason.kind !== 'normal') this.#exiting = signal.exit.reason;
        return;
      case 'down':
        // Gone from the table when it was demonitored in the meantime.
        if (this.#belongings?.monitors.delete(signal.down.monitor) === true) {
          handlers?.onDown?.(signal.down);
        }
        return;
      case 'shutdown':
        if (handlers?.onShutdown !== undefined) handlers.onShutdown();
        else this.#exiting = SHUTDOWN;
        return;
      case 'end':
        return this.end(signal.reason, signal.isExpected);
      case 'child_exit':
        return handlers?.onChildExit?.(signal.child, signal.reason);
      case 'child_ready':
        return handlers?.onChildReady?.(signal.child);
      case 'run':
        return signal.run();
    }
  }

  #terminate(reason: ExitReason): void {
    try {
      this.#handlers?.terminate?.(reason);
    } catch (error) {
      this.#host.log.event('error', 'terminate_failed', { path: this.path, error });
    }
  }

  #tell(reason: ExitReason): void {
    if (this.#links !== undefined) this.#tellLinked(this.#links, reason);
    if (this.#watchers instanceof Set) {
      for (const watcher of this.#watchers) watcher.targetEnded(this, reason);
    } else this.#watchers?.targetEnded(this, reason);
    this.#links = undefined;
    this.#watchers = undefined;
    this.#host.scheduler.detach?.(this.#handle);
    if (this.#host.isWatched) this.#host.changed(this.path, { exited: this.pid, reason });
    if (this.#isAdopted) this.parent?.signal({ kind: 'child_exit', child: this, reason });
  }

  #tellLinked(links: ReadonlySet<Process>, reason: ExitReason): void {
    const exit = exitOf(this, reason);
    for (const linked of links) {
      linked.#links?.delete(this);
      linked.signal({ kind: 'exit', exit });
    }
  }
}
