/**
 * A supervisor of static children as a pure machine: OTP's one_for_one, one_for_all and rest_for_one.
 *
 * It is idle, or in one sequence: starting children in order, stopping them in reverse order, or cooling down.
 * A start answers now or later, so what happens during a sequence (another child's end, a request) waits until
 * it is over; only the end of a child that is being waited for, and the parent's stop, are heard at once.
 */
import type { ExitReason } from './actor.ts';
import { errorReason, NOPROC, SHUTDOWN } from './actor.ts';
import { Child, mistakeIn } from './child.ts';
import type { DoneReply, Outbox, StartOutcome, StartReply, SupervisorInput } from './child.ts';
import type { SupervisorMachine } from './child.ts';
import type { ActorState } from './kernel.ts';
import { CoolDown, RestartWindow } from './restart-window.ts';
import { failedToStart, refuse, stateOf, stopChild } from './sequence.ts';
import type { Activity, Next, Purpose } from './sequence.ts';
import type { StaticSupervisorSpec } from './supervision.ts';

export class StaticSupervisor implements SupervisorMachine {
  readonly #spec: Omit<StaticSupervisorSpec, 'children'>;
  readonly #window: RestartWindow;
  readonly #coolDown: CoolDown | undefined;
  #children: Child[] = [];
  #activity: Activity = { kind: 'idle' };
  #deferred: SupervisorInput[] = [];
  #isReady = false;

  constructor(spec: Omit<StaticSupervisorSpec, 'children'>, children: readonly Child[]) {
    this.#spec = spec;
    this.#window = new RestartWindow(spec.intensity);
    const exhausted = spec.onExhausted ?? 'escalate';
    this.#coolDown = exhausted === 'escalate' ? undefined : new CoolDown(exhausted, spec.intensity);
    for (const child of children) {
      const mistake = this.#mistakeIn(child.spec);
      if (mistake !== undefined) throw new Error(mistake);
      this.#children.push(child);
    }
  }

  get state(): ActorState {
    return stateOf(this.#activity, this.#isReady);
  }

  get childCount(): number {
    return this.#children.length;
  }

  children(): Iterable<Child> {
    return this.#children;
  }

  child(id: string): Child | undefined {
    return this.#children.find((child) => child.spec.id === id);
  }

  handle(input: SupervisorInput, now: number, out: Outbox): void {
    switch (input.kind) {
      case 'boot':
        this.#start([...this.#children], { kind: 'boot' }, now, out);
        break;
      case 'start_outcome':
        this.#onStartOutcome(input.child, input.outcome, now, out);
        break;
      case 'ready':
        this.#onReady(input.id, input.pid, now, out);
        break;
      case 'exited':
        this.#onExited(input, now, out);
        break;
      case 'shutdown_timeout':
        this.#onShutdownTimeout(out);
        break;
      case 'cooled_down':
        this.#onCooledDown(now, out);
        break;
      case 'stop':
        this.#onStop(now, out);
        break;
      default:
        if (this.#activity.kind === 'idle') this.#onRequest(input, now, out);
        else this.#deferred.push(input);
    }
    this.#settle(now, out);
  }

  /** What waited for the sequence to end. */
  #settle(now: number, out: Outbox): void {
    while (this.#activity.kind === 'idle' && this.#deferred.length > 0) {
      const input = this.#deferred.shift()!;
      if (input.kind === 'exited') this.#onExited(input, now, out);
      else this.#onRequest(input, now, out);
    }
    if (this.#activity.kind === 'cooling_down' || this.#activity.kind === 'ended') {
      for (const input of this.#deferred) refuse(input, this.#activity.kind, out);
      this.#deferred = [];
    }
  }

  #onRequest(input: SupervisorInput, now: number, out: Outbox): void {
    switch (input.kind) {
      case 'retry':
        if (input.child.state === 'restarting') this.#restart(input.child, now, out);
        return;
      case 'add_child':
        return this.#addChild(input.spec, input.reply, now, out);
      case 'restart_child':
        return this.#restartChild(input.id, input.reply, now, out);
      case 'terminate_child':
        return this.#terminateChild(input.id, input.reply, now, out);
      case 'delete_child':
        return this.#deleteChild(input.id, input.reply, out);
      default:
        return;
    }
  }

  // Starting

  #start(queue: Child[], purpose: Purpose, now: number, out: Outbox): void {
    this.#activity = { kind: 'starting', queue, purpose };
    this.#startNext(now, out);
  }

  #startNext(now: number, out: Outbox): void {
    if (this.#activity.kind !== 'starting') return;
    const { queue, purpose } = this.#activity;
    const child = queue[0];
    if (child !== undefined) {
      child.state = this.#isReady ? 'restarting' : 'starting';
      out.emit({ kind: 'start', child });
      return;
    }
    this.#activity = { kind: 'idle' };
    if (purpose.kind === 'cooled_down') this.#coolDown?.end(now);
    this.#ready(out);
  }

  #ready(out: Outbox): void {
    if (this.#isReady) return;
    this.#isReady = true;
    out.emit({ kind: 'ready' });
  }

  #onStartOutcome(child: Child, outcome: StartOutcome, now: number, out: Outbox): void {
    if (outcome.kind === 'failed') return this.#onStartFailed(child, outcome.reason, now, out);
    child.ref = outcome.ref;
    if (outcome.kind === 'started') this.#onStarted(child, now, out);
  }

  #onReady(id: string, pid: number, now: number, out: Outbox): void {
    if (this.#activity.kind !== 'starting') return;
    const child = this.#activity.queue[0];
    if (child?.spec.id === id && child.pid === pid) this.#onStarted(child, now, out);
  }

  #onStarted(child: Child, now: number, out: Outbox): void {
    child.state = 'running';
    if (this.#activity.kind !== 'starting') return;
    const { queue, purpose } = this.#activity;
    queue.shift();
    if (purpose.kind === 'request')
      out.emit({ kind: 'started_reply', reply: purpose.reply, child });
    if (purpose.kind === 'restart' || purpose.kind === 'cooled_down') child.restarts++;
    this.#startNext(now, out);
  }

  #onStartFailed(child: Child, reason: ExitReason, now: number, out: Outbox): void {
    child.clear(reason);
    if (this.#activity.kind !== 'starting') return;
    const { queue, purpose } = this.#activity;
    const fields = { child: child.spec.id, reason };
    out.emit({ kind: 'log', level: 'error', event: 'child_start_failed', fields });
    this.#activity = { kind: 'idle' };
    switch (purpose.kind) {
      case 'request':
        if (purpose.isNew || child.isTemporary) this.#remove(child);
        return out.emit({ kind: 'failed_reply', reply: purpose.reply, reason });
      case 'restart':
        for (const waiting of queue) waiting.state = 'restarting';
        return out.emit({ kind: 'retry', child });
      default:
        if (this.#coolDown !== undefined)
          return this.#stop(this.#children, { kind: 'cool_down' }, now, out);
        return this.#stop(
          this.#children,
          { kind: 'exit', reason: failedToStart(child, reason) },
          now,
          out,
        );
    }
  }

  // Ends and restarts

  #onExited(input: SupervisorInput & { kind: 'exited' }, now: number, out: Outbox): void {
    const child = this.child(input.id);
    if (child === undefined || child.pid !== input.pid) return;
    const { reason } = input;
    const activity = this.#activity;
    child.ended = reason;
    if (activity.kind === 'starting' && activity.queue[0] === child) {
      return this.#onStartFailed(child, reason, now, out);
    }
    if (activity.kind === 'stopping' && activity.current === child) {
      out.emit({ kind: 'cancel_timer' });
      return this.#stopNext(now, out);
    }
    if (activity.kind === 'idle') this.#onChildEnded(child, reason, now, out);
    else this.#deferred.push(input);
  }

  #onChildEnded(child: Child, reason: ExitReason, now: number, out: Outbox): void {
    child.clear(reason);
    if (child.mustRestartAfter(reason)) return this.#restart(child, now, out);
    if (child.isTemporary) this.#remove(child);
    if (this.#mustShutDownAfter(child)) {
      this.#stop(this.#children, { kind: 'exit', reason: SHUTDOWN }, now, out);
    }
  }

  #mustShutDownAfter(child: Child): boolean {
    if (child.spec.significant !== true) return false;
    const rule = this.#spec.autoShutdown ?? 'never';
    if (rule !== 'all_significant') return rule === 'any_significant';
    return !this.#children.some(
      (other) => other.spec.significant === true && other.state !== 'stopped',
    );
  }

  #restart(child: Child, now: number, out: Outbox): void {
    child.state = 'restarting';
    if (!this.#window.allows(now)) return this.#onExhausted(now, out);
    switch (this.#spec.strategy) {
      case 'one_for_one':
        return this.#start([child], { kind: 'restart' }, now, out);
      case 'rest_for_one': {
        const rest = this.#children.slice(this.#children.indexOf(child));
        return this.#stop(rest, { kind: 'start', children: rest }, now, out);
      }
      case 'one_for_all':
        return this.#stop(
          this.#children,
          { kind: 'start', children: [...this.#children] },
          now,
          out,
        );
    }
  }

  #onExhausted(now: number, out: Outbox): void {
    const fields = { coolsDown: this.#coolDown !== undefined };
    out.emit({ kind: 'log', level: 'error', event: 'restart_intensity_reached', fields });
    const reason: ExitReason = { kind: 'shutdown', detail: 'reached_max_restart_intensity' };
    const next: Next =
      this.#coolDown === undefined ? { kind: 'exit', reason } : { kind: 'cool_down' };
    this.#stop(this.#children, next, now, out);
  }

  #onCooledDown(now: number, out: Outbox): void {
    if (this.#activity.kind !== 'cooling_down') return;
    this.#window.reset();
    this.#start([...this.#children], { kind: 'cooled_down' }, now, out);
  }

  // Stopping

  #stop(children: readonly Child[], next: Next, now: number, out: Outbox): void {
    const queue = children.filter((child) => child.pid !== undefined).reverse();
    this.#activity = { kind: 'stopping', queue, current: undefined, next };
    this.#stopNext(now, out);
  }

  #stopNext(now: number, out: Outbox): void {
    const activity = this.#activity;
    if (activity.kind !== 'stopping') return;
    if (activity.current !== undefined) this.#clear(activity.current);
    activity.current = undefined;
    for (let child = activity.queue.shift(); child !== undefined; child = activity.queue.shift()) {
      if (child.ended === undefined) {
        activity.current = child;
        return stopChild(child, out);
      }
      this.#clear(child);
    }
    this.#onStopped(activity.next, now, out);
  }

  #clear(child: Child): void {
    child.clear(child.ended);
    if (child.isTemporary) this.#remove(child);
  }

  #onStopped(next: Next, now: number, out: Outbox): void {
    switch (next.kind) {
      case 'start': {
        const queue = next.children.filter((child) => this.#children.includes(child));
        for (const child of queue) child.state = 'restarting';
        return this.#start(queue, { kind: 'restart' }, now, out);
      }
      case 'exit':
        this.#activity = { kind: 'ended' };
        return out.emit({ kind: 'exit', reason: next.reason });
      case 'cool_down':
        this.#activity = { kind: 'cooling_down' };
        out.emit({ kind: 'cool_down', waitMs: this.#coolDown!.begin(now) });
        return this.#ready(out);
      case 'reply':
        this.#activity = { kind: 'idle' };
        return out.emit({ kind: 'done_reply', reply: next.reply, done: true });
    }
  }

  #onShutdownTimeout(out: Outbox): void {
    if (this.#activity.kind !== 'stopping' || this.#activity.current === undefined) return;
    const child = this.#activity.current;
    out.emit({
      kind: 'log',
      level: 'warn',
      event: 'shutdown_timeout',
      fields: { child: child.spec.id },
    });
    out.emit({ kind: 'kill', children: [child] });
  }

  /** The parent's word goes before everything: whatever is going on turns into stopping all children. */
  #onStop(now: number, out: Outbox): void {
    const activity = this.#activity;
    const next: Next = { kind: 'exit', reason: SHUTDOWN };
    if (activity.kind === 'ended') return;
    if (activity.kind === 'starting' && activity.purpose.kind === 'request') {
      out.emit({ kind: 'failed_reply', reply: activity.purpose.reply, reason: SHUTDOWN });
    }
    if (activity.kind !== 'stopping') return this.#stop(this.#children, next, now, out);
    if (activity.next.kind === 'exit') return;
    if (activity.next.kind === 'reply') {
      out.emit({ kind: 'done_reply', reply: activity.next.reply, done: true });
    }
    const { current } = activity;
    const others = this.#children.filter((child) => child.pid !== undefined && child !== current);
    this.#activity = { kind: 'stopping', queue: others.reverse(), current, next };
    if (current === undefined) this.#stopNext(now, out);
  }

  // Requests

  #addChild(spec: Child['spec'], reply: StartReply, now: number, out: Outbox): void {
    const mistake = this.#mistakeIn(spec);
    if (mistake !== undefined) {
      return out.emit({ kind: 'failed_reply', reply, reason: errorReason(mistake) });
    }
    const child = new Child(spec);
    this.#children.push(child);
    this.#start([child], { kind: 'request', reply, isNew: true }, now, out);
  }

  #restartChild(id: string, reply: StartReply, now: number, out: Outbox): void {
    const child = this.child(id);
    if (child?.state === 'stopped') {
      return this.#start([child], { kind: 'request', reply, isNew: false }, now, out);
    }
    const reason = child === undefined ? NOPROC : errorReason(`${id} is ${child.state}`);
    out.emit({ kind: 'failed_reply', reply, reason });
  }

  #terminateChild(id: string, reply: DoneReply, now: number, out: Outbox): void {
    const child = this.child(id);
    if (child === undefined) return out.emit({ kind: 'done_reply', reply, done: false });
    if (child.pid === undefined) child.state = 'stopped';
    this.#stop([child], { kind: 'reply', reply }, now, out);
  }

  #deleteChild(id: string, reply: DoneReply, out: Outbox): void {
    const child = this.child(id);
    const done = child?.state === 'stopped';
    if (done) this.#remove(child);
    out.emit({ kind: 'done_reply', reply, done });
  }

  #mistakeIn(spec: Child['spec']): string | undefined {
    const present = this.child(spec.id);
    if (present === undefined) return mistakeIn(spec, this.#spec.autoShutdown);
    return `child ${spec.id} is there already, ${present.state}`;
  }

  #remove(child: Child): void {
    this.#children = this.#children.filter((other) => other !== child);
  }
}
