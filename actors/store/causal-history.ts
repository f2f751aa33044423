/**
 * What this node's store has seen, as a short history, so that any number of links can say what is new since they spoke
 * last for the price of a number each. A link that has been silent for longer than the history says everything: a clock is
 * a set, and saying it twice changes nothing.
 */
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import type { CausalClock } from './causal.ts';
import type { StoreState } from './state.ts';

/** Steps kept. Low: quiet links say everything. High: memory. */
const KEPT = 64;

/** What was seen at one look, and at the one before not. */
interface Step {
  readonly version: number;
  readonly news: CausalClock;
}

export class CausalHistory {
  readonly #state: StoreState;
  readonly #seen: readonly StoreClock[];
  /** Partitions whose clocks have grown since the last look. */
  readonly #grown: Set<number>;
  readonly #steps: Step[] = [];
  #version = 0;

  constructor(state: StoreState) {
    this.#state = state;
    this.#seen = state.partitions.map(() => new StoreClock());
    this.#grown = new Set(state.partitions.keys());
    state.onAdvance((partition) => this.#grown.add(partition));
  }

  /** Grows with what the store sees; cheap when it has not seen anything. */
  get version(): number {
    if (this.#grown.size > 0) this.#look();
    return this.#version;
  }

  /** What was seen after that version; 0: everything. */
  since(version: number): CausalClock {
    const oldest = this.#steps[0];
    if (version === 0 || oldest === undefined || version < oldest.version - 1) {
      return clockOf(this.#seen.entries());
    }
    const merged = new Map<number, StoreClock>();
    for (const step of this.#steps) {
      if (step.version <= version) continue;
      for (const [partition, dots] of step.news) {
        const clock = merged.get(partition) ?? new StoreClock();
        merged.set(partition, clock);
        clock.addAll(dots);
      }
    }
    return clockOf(merged);
  }

  #look(): void {
    const news = new Map<number, Dots>();
    for (const index of this.#grown) {
      const dots = this.#state.partitions[index]!.clock.since(this.#seen[index]!);
      if (dots.length === 0) continue;
      this.#seen[index]!.addAll(dots);
      news.set(index, dots);
    }
    this.#grown.clear();
    if (news.size === 0) return;
    this.#steps.push({ version: ++this.#version, news });
    if (this.#steps.length > KEPT) this.#steps.shift();
  }
}

function clockOf(clocks: Iterable<readonly [number, StoreClock]>): CausalClock {
  return new Map(
    [...clocks].flatMap(([partition, { dots }]) =>
      dots.length === 0 ? [] : [[partition, dots] as const],
    ),
  );
}

/** What one link has told its peer so far; forgotten with it. */
export class CausalMarkers {
  readonly #history: CausalHistory;
  #told = 0;

  constructor(history: CausalHistory) {
    this.#history = history;
  }

  /** Before a message on this link: what this node has seen and has not told yet. Undefined: nothing. */
  next(): CausalClock | undefined {
    const { version } = this.#history;
    if (version === this.#told) return undefined;
    const news = this.#history.since(this.#told);
    this.#told = version;
    return news;
  }
}
