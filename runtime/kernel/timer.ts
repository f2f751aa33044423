/** A timer of an actor, in a chain with the others of its owner: one object, because every session starts some. */
import type { Belongings } from './belongings.ts';
import type { Scheduler } from './kernel.ts';

/** Who is told when it is time. */
export interface TimerTarget<M> {
  admit(message: M): void;
}

export class Timer {
  readonly #scheduler: Scheduler;
  readonly #owner: Belongings;
  readonly #target: TimerTarget<never>;
  readonly #message: unknown;
  readonly #handle: unknown;
  #before: Timer | undefined;
  #after: Timer | undefined = undefined;
  #isRunning = true;

  /** `target` takes `message`; see `startTimer`. */
  constructor(
    scheduler: Scheduler,
    owner: Belongings,
    delayMs: number,
    target: TimerTarget<never>,
    message: unknown,
  ) {
    this.#scheduler = scheduler;
    this.#owner = owner;
    this.#target = target;
    this.#message = message;
    this.#before = owner.lastTimer;
    if (this.#before !== undefined) this.#before.#after = this;
    owner.lastTimer = this;
    this.#handle = scheduler.setTimer(delayMs, () => this.#fire());
  }

  /** Does nothing when it has fired or was cancelled. */
  cancel(): void {
    if (!this.#isRunning) return;
    this.#leave();
    this.#scheduler.clearTimer(this.#handle);
  }

  #fire(): void {
    this.#leave();
    this.#target.admit(this.#message as never); // they came together
  }

  #leave(): void {
    this.#isRunning = false;
    if (this.#after === undefined) this.#owner.lastTimer = this.#before;
    else this.#after.#before = this.#before;
    if (this.#before !== undefined) this.#before.#after = this.#after;
  }
}

/** `target` is given `message` after `delayMs`, unless the timer is cancelled or its owner gives up what it holds. */
export function startTimer<M>(
  scheduler: Scheduler,
  owner: Belongings,
  delayMs: number,
  target: TimerTarget<M>,
  message: M,
): Timer {
  return new Timer(scheduler, owner, delayMs, target, message);
}
