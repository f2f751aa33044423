/**
 * How long connections may read within one turn of the event loop, all together: libuv hands out up to two megabytes
 * per socket and turn, and whoever handles all of it delays every timer and every heartbeat.
 */
import type { Clock } from '../../kernel/actor.ts';

export class TurnBudget {
  readonly #clock: Clock;
  readonly #ms: number;
  #until: number | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  get isSpent(): boolean {
    if (this.#until === undefined) {
      this.#until = this.#clock.now() + this.#ms;
      setImmediate(() => (this.#until = undefined));
      return false;
    }
    return this.#clock.now() >= this.#until;
  }
}
