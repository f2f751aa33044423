/** A question that waits for its answer, its deadline, or the end of who was asked; whichever is first. */
import type { CallOutcome, ExitReason, Ref, ReplyTo } from './actor.ts';
import { errorReason, NOPROC } from './actor.ts';
import type { Scheduler } from './kernel.ts';
import { Process } from './process.ts';
import type { Watcher } from './process-parts.ts';

export class PendingCall<R> implements ReplyTo<R>, Watcher {
  readonly #scheduler: Scheduler;
  readonly #onOutcome: (outcome: CallOutcome<R>, call: PendingCall<R>) => void;
  #target: Process | undefined = undefined;
  #timer: unknown = undefined;
  #isOpen = true;

  constructor(
    scheduler: Scheduler,
    onOutcome: (outcome: CallOutcome<R>, call: PendingCall<R>) => void,
  ) {
    this.#scheduler = scheduler;
    this.#onOutcome = onOutcome;
  }

  ask<N>(target: Ref<N>, request: (reply: ReplyTo<R>) => N, timeoutMs: number): void {
    if (!target.isAlive) return this.#close({ kind: 'down', reason: NOPROC });
    this.#timer = this.#scheduler.setTimer(timeoutMs, () => this.#close({ kind: 'timeout' }));
    if (target instanceof Process) {
      this.#target = target;
      this.#target.watch(this);
    }
    const delivery = target.cast(request(this));
    if (delivery === 'accepted') return;
    const reason = delivery === 'dead' ? NOPROC : errorReason(`mailbox of ${target.path} is full`);
    this.#close({ kind: 'down', reason });
  }

  reply(value: R): void {
    this.#close({ kind: 'reply', value });
  }

  targetEnded(_target: Process, reason: ExitReason): void {
    this.#close({ kind: 'down', reason });
  }

  /** Whoever asked is gone: no outcome will be told. */
  cancel(): void {
    this.#isOpen = false;
    if (this.#timer !== undefined) this.#scheduler.clearTimer(this.#timer);
    this.#target?.unwatch(this);
    this.#target = undefined;
  }

  #close(outcome: CallOutcome<R>): void {
    if (!this.#isOpen) return;
    this.cancel();
    this.#onOutcome(outcome, this);
  }
}
