/** Growing waits between attempts: exponential, capped, with jitter, so that many nodes do not dial in step. */
import type { RandomSource } from '../../runtime/kernel/actor.ts';

export class BackOff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** Between half of the wait and all of it. */
  next(random: RandomSource): number {
    const whole = Math.min(this.#maxMs, this.#minMs * 2 ** this.#attempts++);
    return whole * (0.5 + random.next() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
