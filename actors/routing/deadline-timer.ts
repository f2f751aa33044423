/** One timer for whatever is due first. */
import type { Context, TimerId } from '../../runtime/kernel/actor.ts';
import type { RouterInput } from './api.ts';

type Timing = Pick<Context<RouterInput>, 'after' | 'cancel' | 'clock'>;

export class DeadlineTimer {
  readonly #context: Timing;
  #timer: TimerId | undefined;
  /** Monotonic ms. */
  #due: number | undefined;

  constructor(context: Timing) {
    this.#context = context;
  }

  /** It has gone off. */
  fired(): void {
    this.#timer = undefined;
  }

  /** Undefined: nothing is due. */
  set(due: number | undefined): void {
    if (due === this.#due && this.#timer !== undefined) return;
    if (this.#timer !== undefined) this.#context.cancel(this.#timer);
    this.#due = due;
    const delay = due === undefined ? undefined : Math.max(0, due - this.#context.clock.now());
    this.#timer = delay === undefined ? undefined : this.#context.after(delay, { kind: 'expire' });
  }
}
