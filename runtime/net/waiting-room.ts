/**
 * Things that each have the same time: one timer for all of them, so that what is nearly always over before its time
 * costs an entry and not a timer.
 */
export class WaitingRoom<T> {
  readonly #waitMs: number;
  readonly #onTime: (item: T) => void;
  /** When each one's time is up, the oldest first. */
  readonly #deadlines = new Map<T, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(waitMs: number, onTime: (item: T) => void) {
    this.#waitMs = waitMs;
    this.#onTime = onTime;
  }

  enter(item: T): void {
    this.#deadlines.set(item, performance.now() + this.#waitMs);
    this.#timer ??= setTimeout(this.#tick, this.#waitMs).unref();
  }

  /** Does nothing for who is not here. */
  leave(item: T): void {
    this.#deadlines.delete(item);
  }

  get isEmpty(): boolean {
    return this.#deadlines.size === 0;
  }

  /** Everybody who waits. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#deadlines.keys();
  }

  readonly #tick = (): void => {
    const now = performance.now();
    this.#timer = undefined;
    for (const [item, deadline] of this.#deadlines) {
      if (deadline > now) {
        this.#timer = setTimeout(this.#tick, deadline - now).unref();
        return;
      }
      this.#deadlines.delete(item);
      this.#onTime(item);
    }
  };
}
