/** The process around a supervisor machine: it starts, asks, kills and times what the machine decides. */
import type { Definition, ExitReason, Ref } from './actor.ts';
import { KILLED } from './actor.ts';
import { Child } from './child.ts';
import type { SupervisorEffect, SupervisorInput, SupervisorMachine } from './child.ts';
import { DynamicSupervisor } from './dynamic-supervisor-machine.ts';
import type { Host } from './host.ts';
import type { ActorState } from './kernel.ts';
import { Mailbox } from './mailbox.ts';
import { Process } from './process.ts';
import type { ProcessHandlers } from './process-parts.ts';
import { ProcessContext } from './process-context.ts';
import type { ChildSpec, SupervisorMessage, SupervisorSpec } from './supervision.ts';
import { StaticSupervisor } from './supervisor-machine.ts';
import { startTimer } from './timer.ts';
import type { Timer } from './timer.ts';

/** A new incarnation of `spec` under `parent`. It may have ended already: its `exitReason` says why. */
export function spawn(
  host: Host,
  parent: Process | undefined,
  id: string,
  start: ChildSpec['start'],
): Process {
  return 'strategy' in start
    ? spawnSupervisor(host, parent, id, start)
    : spawnWorker(host, parent, id, start);
}

function spawnWorker(
  host: Host,
  parent: Process | undefined,
  id: string,
  definition: Definition<never>,
): Process {
  const { mailbox } = definition;
  const kept = mailbox instanceof Mailbox ? (mailbox as Mailbox<unknown>) : undefined;
  if (mailbox !== undefined && 'cast' in mailbox && kept === undefined) {
    throw new TypeError(`${id}: a mailbox that is kept must be a Mailbox`);
  }
  const options = mailbox !== undefined && 'limit' in mailbox ? mailbox : undefined;
  const process = new Process(host, {
    id,
    parent,
    turnClass: definition.class ?? 'control',
    batch: definition.batch ?? Infinity,
    mailbox: kept ?? new Mailbox<unknown>(options),
    keepsMailbox: kept !== undefined,
    startsLater: definition.startsLater ?? false,
  });
  process.start(() => definition.init(new ProcessContext(process, host)));
  return process;
}

function spawnSupervisor(
  host: Host,
  parent: Process | undefined,
  id: string,
  spec: SupervisorSpec,
): Process {
  const process = new Process(host, {
    id,
    parent,
    turnClass: 'system',
    batch: Infinity,
    mailbox: new Mailbox<unknown>(),
    keepsMailbox: false,
    startsLater: true,
  });
  process.start(() => {
    const supervisor = new Supervisor(host, process, spec);
    supervisor.boot();
    return supervisor;
  });
  return process;
}

export class Supervisor implements ProcessHandlers {
  readonly spec: SupervisorSpec;
  readonly machine: SupervisorMachine;
  readonly #host: Host;
  readonly #process: Process;
  readonly #effects: SupervisorEffect[] = [];
  readonly #shutdownTimers = new Set<Timer>();
  readonly #timerTarget = {
    admit: (input: SupervisorInput): void =>
      this.#process.signal({ kind: 'run', run: () => this.#feed(input) }),
  };
  readonly #outbox = { emit: (effect: SupervisorEffect): void => void this.#effects.push(effect) };
  #isPerforming = false;
  #lastState: ActorState = 'starting';

  constructor(host: Host, process: Process, spec: SupervisorSpec) {
    this.#host = host;
    this.#process = process;
    this.spec = spec;
    this.machine =
      spec.strategy === 'simple_one_for_one'
        ? new DynamicSupervisor(spec)
        : new StaticSupervisor(
            spec,
            spec.children().map((child) => new Child(child)),
          );
  }

  boot(): void {
    const { name } = this.spec;
    if (name !== undefined) new ProcessContext(this.#process, this.#host).register({ name });
    this.#host.supervisors.set(this.#process.pid, this);
    this.#feed({ kind: 'boot' });
  }

  handle(message: SupervisorMessage): void {
    switch (message.kind) {
      case 'start_child':
        return this.#startChild(message);
      case 'add_child':
        if (this.spec.strategy !== 'simple_one_for_one') {
          return this.#feed({ kind: 'add_child', spec: message.spec, reply: message.reply });
        }
        return message.reply?.reply(failed('simple_one_for_one takes start_child'));
      case 'restart_child':
      case 'terminate_child':
      case 'delete_child':
        return this.#feed({
          kind: message.kind,
          id: message.id,
          reply: message.reply,
        } as SupervisorInput);
    }
  }

  /** As in OTP, a supervisor traps exits and lets those of strangers pass. */
  onExit(): void {}

  onShutdown(): void {
    this.#feed({ kind: 'stop' });
  }

  onChildExit(child: Process, reason: ExitReason): void {
    this.#feed({ kind: 'exited', id: child.id, pid: child.pid, reason });
  }

  onChildReady(child: Process): void {
    this.#feed({ kind: 'ready', id: child.id, pid: child.pid });
  }

  /** It ends out of order. Nobody may live on unsupervised, so the children end now, the last one first. */
  abandon(): void {
    const children = [...this.machine.children()].reverse();
    for (const child of children) processOf(child)?.end(KILLED, true);
    this.#host.supervisors.delete(this.#process.pid);
  }

  #startChild(message: SupervisorMessage & { kind: 'start_child' }): void {
    if (this.spec.strategy !== 'simple_one_for_one') {
      return message.reply?.reply(failed(`${this.spec.strategy} takes add_child`));
    }
    let spec: ChildSpec;
    try {
      spec = this.spec.child(message.argument as never);
    } catch (error) {
      // An argument that cannot be made into a child is the asker's failure, not that of all the children here.
      this.#log('error', 'child_spec_failed', { error });
      return message.reply?.reply(failed(error));
    }
    this.#feed({ kind: 'add_child', spec, reply: message.reply });
  }

  /** Effects may bring new inputs (a start has an outcome), whose effects wait for those before them. */
  #feed(input: SupervisorInput): void {
    this.machine.handle(input, this.#now(), this.#outbox);
    if (this.#isPerforming) return;
    this.#isPerforming = true;
    for (let i = 0; i < this.#effects.length; i++) this.#perform(this.#effects[i]!);
    this.#effects.length = 0;
    this.#isPerforming = false;
    this.#tellState();
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.kind) {
      case 'start':
        return this.#start(effect.child);
      case 'shutdown':
        for (const child of effect.children) processOf(child)?.signal({ kind: 'shutdown' });
        return this.#awaitShutdown(effect.children, effect.timeoutMs);
      case 'kill':
        for (const child of effect.children) {
          processOf(child)?.signal({ kind: 'end', reason: KILLED, isExpected: true });
        }
        return;
      case 'cancel_timer':
        return this.#cancelShutdownTimers();
      case 'retry':
        return this.#process.signal({
          kind: 'run',
          run: () => this.#feed({ kind: 'retry', child: effect.child }),
        });
      case 'cool_down':
        this.#log('warn', 'cooling_down', { waitMs: effect.waitMs });
        this.#after(effect.waitMs, { kind: 'cooled_down' });
        return;
      case 'ready':
        return this.#process.ready();
      case 'exit':
        return this.#process.exit(effect.reason);
      case 'started_reply':
        return effect.reply?.reply({ kind: 'started', ref: effect.child.ref! });
      case 'failed_reply':
        return effect.reply?.reply({ kind: 'failed', reason: effect.reason });
      case 'done_reply':
        return effect.reply?.reply(effect.done);
      case 'log':
        return this.#log(effect.level, effect.event, effect.fields);
    }
  }

  #start(child: Child): void {
    const process = spawn(this.#host, this.#process, child.spec.id, child.spec.start);
    if (process.exitReason !== undefined) {
      this.#host.startFailed(process.path, process.exitReason);
      const outcome = { kind: 'failed', reason: process.exitReason } as const;
      return this.#feed({ kind: 'start_outcome', child, outcome });
    }
    const kind = process.isStarted ? 'started' : 'pending';
    this.#feed({ kind: 'start_outcome', child, outcome: { kind, ref: process } });
  }

  #awaitShutdown(children: readonly Child[], timeoutMs: number | 'infinity'): void {
    if (timeoutMs === 'infinity') return;
    this.#shutdownTimers.add(this.#after(timeoutMs, { kind: 'shutdown_timeout', children }));
  }

  #cancelShutdownTimers(): void {
    for (const timer of this.#shutdownTimers) timer.cancel();
    this.#shutdownTimers.clear();
  }

  #after(delayMs: number, input: SupervisorInput): Timer {
    const { belongings } = this.#process;
    return startTimer(this.#host.scheduler, belongings, delayMs, this.#timerTarget, input);
  }

  #tellState(): void {
    const { state } = this.machine;
    if (state === this.#lastState) return;
    this.#lastState = state;
    if (this.#host.isWatched) this.#host.changed(this.#process.path, state);
  }

  #log(
    level: 'error' | 'warn' | 'info' | 'debug',
    event: string,
    fields: Record<string, unknown>,
  ): void {
    this.#host.log.event(level, event, { path: this.#process.path, ...fields });
  }

  #now(): number {
    return this.#host.scheduler.clock.now();
  }
}

/** The living incarnation of a child. */
export function processOf(child: Child): Process | undefined {
  const ref: Ref<never> | undefined = child.ref;
  return ref instanceof Process && ref.isAlive ? ref : undefined;
}

function failed(error: unknown): { kind: 'failed'; reason: ExitReason } {
  return {
    kind: 'failed',
    reason: { kind: 'error', error: error instanceof Error ? error : new Error(String(error)) },
  };
}
