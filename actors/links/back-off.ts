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
    return this.#whole() * (0.5 + random.next() / 2);
  }

  /** For strangers: never less than the wait, at most half more. */
  nextPatient(random: RandomSource): number {
    return this.#whole() * (1 + random.next() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }

  #whole(): number {
    return Math.min(this.#maxMs, this.#minMs * 2 ** this.#attempts++);
  }
}
