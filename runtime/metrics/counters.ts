/**
 * Counters for the hot path: a number behind a name, no labels, no library. They are copied into the
 * Prometheus registry only when somebody scrapes (metrics.ts).
 */

/** Names come from code, never from a peer; more than this many is a mistake of ours. */
const MAX_COUNTERS = 1_000;

const COUNTER_NAME = /^[a-z][a-z0-9_]{0,99}$/;

/** One number that only grows. Whoever counts often keeps the object and skips the look-up. */
export class Counter {
  readonly name: string;
  #value = 0;

  constructor(name: string) {
    this.name = name;
  }

  get value(): number {
    return this.#value;
  }

  add(by = 1): void {
    this.#value += by;
  }
}

/** All counters of a node, by name without prefix and suffix: `calls` is exported as `bondy_calls_total`. */
export class Counters {
  readonly #counters = new Map<string, Counter>();

  /** Adds to a counter, made on first use. Throws when the name is not snake_case. */
  count(name: string, by = 1): void {
    (this.#counters.get(name) ?? this.counter(name)).add(by);
  }

  /** The counter itself; a counter asked for is exported from then on, at 0. */
  counter(name: string): Counter {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    if (!COUNTER_NAME.test(name)) throw new Error(`counter name "${name}" is not snake_case`);
    if (this.#counters.size >= MAX_COUNTERS) {
      throw new Error(`more than ${MAX_COUNTERS} counters: is "${name}" made from input?`);
    }
    const counter = new Counter(name);
    this.#counters.set(name, counter);
    return counter;
  }

  /** 0 for a counter that nobody used yet. */
  value(name: string): number {
    return this.#counters.get(name)?.value ?? 0;
  }

  all(): IterableIterator<Counter> {
    return this.#counters.values();
  }
}
