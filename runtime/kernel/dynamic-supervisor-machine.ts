/**
 * A supervisor of many children of one kind as a pure machine: OTP's simple_one_for_one.
 *
 * Children are independent: each start, end and restart costs the same however many there are, and several may
 * be starting at once. They are stopped all together, with the longest of their timeouts.
 */
import type { ExitReason } from './actor.ts';
import { errorReason, SHUTDOWN } from './actor.ts';
import { Child, mistakeIn } from './child.ts';
import type {
  DoneReply,
  Outbox,
  StartOutcome,
  StartReply,
  SupervisorInput,
  SupervisorMachine,
} from './child.ts';
import type { ActorState } from './kernel.ts';
import { CoolDown, RestartWindow } from './restart-window.ts';
import type { DynamicSupervisorSpec } from './supervision.ts';
import { refuse, stopChild } from './sequence.ts';

type Activity =
  | { readonly kind: 'running' | 'cooling_down' | 'ended' }
  | { readonly kind: 'stopping'; readonly next: ExitReason | 'cool_down' };

export class DynamicSupervisor implements SupervisorMachine {
  readonly #spec: Omit<DynamicSupervisorSpec, 'child'>;
  readonly #window: RestartWindow;
  readonly #coolDown: CoolDown | undefined;
  readonly #children = new Map<string, Child>();
  readonly #startReplies = new Map<Child, StartReply>();
  readonly #doneReplies = new Map<Child, DoneReply[]>();
  #alive = 0;
  #activity: Activity = { kind: 'running' };

  constructor(spec: Omit<DynamicSupervisorSpec, 'child'>) {
    this.#spec = spec;
    this.#window = new RestartWindow(spec.intensity);
    const exhausted = spec.onExhausted ?? 'escalate';
    this.#coolDown = exhausted === 'escalate' ? undefined : new CoolDown(exhausted, spec.intensity);
  }

  get state(): ActorState {
    const { kind } = this.#activity;
    return kind === 'ended' ? 'stopping' : kind;
  }

  get childCount(): number {
    return this.#children.size;
  }

  children(): Iterable<Child> {
    return this.#children.values();
  }

  child(id: string): Child | undefined {
    return this.#children.get(id);
  }

  handle(input: SupervisorInput, now: number, out: Outbox): void {
    switch (input.kind) {
      case 'boot':
        return out.emit({ kind: 'ready' });
      case 'start_outcome':
        return this.#onStartOutcome(input.child, input.outcome, now, out);
      case 'ready':
        return this.#onReady(input.id, input.pid, out);
      case 'exited':
        return this.#onExited(input.id, input.pid, input.reason, now, out);
      case 'shutdown_timeout':
        return this.#onShutdownTimeout(input.children, out);
      case 'cooled_down':
        return this.#onCooledDown(now, out);
      case 'retry':
        if (this.#isRunning && input.child.state === 'restarting')
          this.#restart(input.child, now, out);
        return;
      case 'stop':
        return this.#onStop(now, out);
      case 'add_child':
        return this.#addChild(input.spec, input.reply, out);
      case 'terminate_child':
        return this.#terminateChild(input.id, input.reply, now, out);
      default:
        return refuse(input, 'simple_one_for_one', out);
    }
  }

  get #isRunning(): boolean {
    return this.#activity.kind === 'running';
  }

  #addChild(spec: Child['spec'], reply: StartReply, out: Outbox): void {
    if (!this.#isRunning) {
      const reason: ExitReason = { kind: 'shutdown', detail: this.#activity.kind };
      return out.emit({ kind: 'failed_reply', reply, reason });
    }
    const present = this.#children.get(spec.id);
    const mistake =
      present === undefined
        ? mistakeIn(spec, this.#spec.autoShutdown)
        : `child ${spec.id} is there already, ${present.state}`;
    if (mistake !== undefined) {
      return out.emit({ kind: 'failed_reply', reply, reason: errorReason(mistake) });
    }
    const child = new Child(spec);
    child.state = 'starting';
    this.#children.set(spec.id, child);
    if (reply !== undefined) this.#startReplies.set(child, reply);
    out.emit({ kind: 'start', child });
  }

  #onStartOutcome(child: Child, outcome: StartOutcome, now: number, out: Outbox): void {
    if (outcome.kind === 'failed') return this.#onStartFailed(child, outcome.reason, now, out);
    child.ref = outcome.ref;
    this.#alive++;
    if (!this.#isRunning) out.emit({ kind: 'kill', children: [child] });
    else if (outcome.kind === 'started') this.#onStarted(child, out);
  }

  #onReady(id: string, pid: number, out: Outbox): void {
    const child = this.#children.get(id);
    const isStarting = child?.state === 'starting' || child?.state === 'restarting';
    if (child?.pid === pid && isStarting) this.#onStarted(child, out);
  }

  #onStarted(child: Child, out: Outbox): void {
    if (child.state === 'restarting') child.restarts++;
    child.state = 'running';
    const reply = this.#startReplies.get(child);
    if (reply !== undefined) this.#answerStart(child, { kind: 'started_reply', reply, child }, out);
  }

  #onStartFailed(child: Child, reason: ExitReason, now: number, out: Outbox): void {
    const wasRestart = child.state === 'restarting';
    child.lastExit = reason;
    const fields = { child: child.spec.id, reason };
    out.emit({ kind: 'log', level: 'error', event: 'child_start_failed', fields });
    if (wasRestart && this.#isRunning) return out.emit({ kind: 'retry', child });
    this.#forget(child, now, out);
    this.#answerStart(
      child,
      { kind: 'failed_reply', reply: this.#startReplies.get(child), reason },
      out,
    );
  }

  #answerStart(child: Child, answer: Parameters<Outbox['emit']>[0], out: Outbox): void {
    if (this.#startReplies.delete(child)) out.emit(answer);
  }

  #onExited(id: string, pid: number, reason: ExitReason, now: number, out: Outbox): void {
    const child = this.#children.get(id);
    if (child === undefined || child.pid !== pid) return;
    this.#alive--;
    const { state } = child;
    child.clear(reason);
    if (!this.#isRunning) return this.#onExitedWhileStopping(child, reason, now, out);
    if (state === 'stopping') return this.#forget(child, now, out);
    if (state === 'starting' || state === 'restarting') {
      child.state = state;
      return this.#onStartFailed(child, reason, now, out);
    }
    if (child.mustRestartAfter(reason)) return this.#restart(child, now, out);
    this.#forget(child, now, out);
    if (this.#mustShutDownAfter(child)) this.#stopAll(SHUTDOWN, now, out);
  }

  #onExitedWhileStopping(child: Child, reason: ExitReason, now: number, out: Outbox): void {
    this.#answerStart(
      child,
      { kind: 'failed_reply', reply: this.#startReplies.get(child), reason },
      out,
    );
    // After a cool-down the same children come back, except those that never would.
    const comesBack = this.#activity.kind === 'stopping' && this.#activity.next === 'cool_down';
    if (comesBack && !child.isTemporary && !this.#doneReplies.has(child))
      this.#continueStopping(now, out);
    else this.#forget(child, now, out);
  }

  #mustShutDownAfter(child: Child): boolean {
    if (child.spec.significant !== true) return false;
    const rule = this.#spec.autoShutdown ?? 'never';
    if (rule !== 'all_significant') return rule === 'any_significant';
    for (const other of this.#children.values()) if (other.spec.significant === true) return false;
    return true;
  }

  #restart(child: Child, now: number, out: Outbox): void {
    child.state = 'restarting';
    if (this.#window.allows(now)) return out.emit({ kind: 'start', child });
    const fields = { coolsDown: this.#coolDown !== undefined };
    out.emit({ kind: 'log', level: 'error', event: 'restart_intensity_reached', fields });
    const reason: ExitReason = { kind: 'shutdown', detail: 'reached_max_restart_intensity' };
    this.#stopAll(this.#coolDown === undefined ? reason : 'cool_down', now, out);
  }

  #terminateChild(id: string, reply: DoneReply, now: number, out: Outbox): void {
    const child = this.#children.get(id);
    if (child === undefined) return out.emit({ kind: 'done_reply', reply, done: false });
    this.#doneReplies.set(child, [...(this.#doneReplies.get(child) ?? []), reply]);
    if (child.pid === undefined) return this.#forget(child, now, out);
    if (child.state === 'stopping') return;
    stopChild(child, out);
  }

  #forget(child: Child, now: number, out: Outbox): void {
    this.#children.delete(child.spec.id);
    const replies = this.#doneReplies.get(child);
    if (replies !== undefined) {
      for (const reply of replies) out.emit({ kind: 'done_reply', reply, done: true });
      this.#doneReplies.delete(child);
    }
    this.#continueStopping(now, out);
  }

  #onStop(now: number, out: Outbox): void {
    if (this.#activity.kind === 'ended') return;
    if (this.#activity.kind === 'stopping') {
      if (this.#activity.next === 'cool_down')
        this.#activity = { kind: 'stopping', next: SHUTDOWN };
      return;
    }
    this.#stopAll(SHUTDOWN, now, out);
  }

  #stopAll(next: ExitReason | 'cool_down', now: number, out: Outbox): void {
    this.#activity = { kind: 'stopping', next };
    const asked: Child[] = [];
    const killed: Child[] = [];
    let timeoutMs: number | 'infinity' = 0;
    for (const child of this.#children.values()) {
      if (child.pid === undefined || child.state === 'stopping') continue;
      child.state = 'stopping';
      const { shutdown } = child;
      (shutdown === 'brutal_kill' ? killed : asked).push(child);
      if (shutdown === 'infinity' || timeoutMs === 'infinity') timeoutMs = 'infinity';
      else if (shutdown !== 'brutal_kill') timeoutMs = Math.max(timeoutMs, shutdown);
    }
    if (killed.length > 0) out.emit({ kind: 'kill', children: killed });
    if (asked.length > 0) out.emit({ kind: 'shutdown', children: asked, timeoutMs });
    this.#continueStopping(now, out);
  }

  #continueStopping(now: number, out: Outbox): void {
    if (this.#activity.kind !== 'stopping' || this.#alive > 0) return;
    const { next } = this.#activity;
    out.emit({ kind: 'cancel_timer' });
    if (next !== 'cool_down') {
      this.#activity = { kind: 'ended' };
      return out.emit({ kind: 'exit', reason: next });
    }
    this.#activity = { kind: 'cooling_down' };
    out.emit({ kind: 'cool_down', waitMs: this.#coolDown!.begin(now) });
  }

  #onShutdownTimeout(children: readonly Child[], out: Outbox): void {
    const late = children.filter((child) => child.pid !== undefined && child.state === 'stopping');
    if (late.length === 0) return;
    out.emit({
      kind: 'log',
      level: 'warn',
      event: 'shutdown_timeout',
      fields: { children: late.length },
    });
    out.emit({ kind: 'kill', children: late });
  }

  #onCooledDown(now: number, out: Outbox): void {
    if (this.#activity.kind !== 'cooling_down') return;
    this.#activity = { kind: 'running' };
    this.#window.reset();
    this.#coolDown?.end(now);
    for (const child of this.#children.values()) {
      child.state = 'restarting';
      out.emit({ kind: 'start', child });
    }
  }
}
