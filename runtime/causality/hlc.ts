/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): stamps that follow causality and stay near
 * the wall clock, for deciding between concurrent writes. 64 bits: 48 of milliseconds since 1970, 16 of a counter.
 *
 * A stamp that was seen is never passed again, also after a restart (the floor). So a stamp too far ahead would drag the
 * whole cluster into the future; it is refused as a value, and a clock of our own that lags is an alarm, not a guess.
 */

/** Compare with `<`: later or causally after is greater. */
export type Stamp = bigint;

export const ZERO_STAMP: Stamp = 0n;
/** In the year 10889, with room above for what must be greater still. */
export const MAX_STAMP: Stamp = (1n << 64n) - (1n << 48n);

const COUNTER_BITS = 16n;
const COUNTER_MASK = (1n << COUNTER_BITS) - 1n;
const MAX_MS = 2 ** 48 - 1;

export interface HybridClockConfig {
  /**
   * How far, in milliseconds, a stamp may be ahead of our wall clock. Too low: peers with an ordinary clock error are
   * refused. Too high: one wrong clock wins every concurrent write for that long.
   */
  readonly maxDriftMs: number;
}

export const DEFAULT_HYBRID_CLOCK: HybridClockConfig = { maxDriftMs: 60_000 };

/** `refused`: the stamp was not taken over; `aheadMs` is how far it is ahead of our wall clock. */
export type Observed =
  { readonly kind: 'observed' } | { readonly kind: 'refused'; readonly aheadMs: number };

export class HybridClock {
  readonly #wallMs: () => number;
  readonly #config: HybridClockConfig;
  #last: Stamp;

  /** `floor`: the greatest stamp ever persisted; every stamp from here on is greater. */
  constructor(wallMs: () => number, floor: Stamp = ZERO_STAMP, config = DEFAULT_HYBRID_CLOCK) {
    this.#wallMs = wallMs;
    this.#last = floor;
    this.#config = config;
  }

  /** The greatest stamp given or observed: what to persist with the rows that carry it. */
  get last(): Stamp {
    return this.#last;
  }

  /** For a new write: greater than all stamps given or observed. */
  now(): Stamp {
    const wall = stampOf(clampMs(this.#wallMs()), 0);
    // At the end of a millisecond's counter the sum carries into the milliseconds, which is what is wanted.
    this.#last = wall > this.#last ? wall : this.#last + 1n;
    if (this.#last > MAX_STAMP) throw new RangeError('the hybrid clock is at its end');
    return this.#last;
  }

  /** For a stamp of a peer, before its write is taken in. */
  observe(stamp: Stamp): Observed {
    const aheadMs = this.aheadMs(stamp);
    if (aheadMs > this.#config.maxDriftMs) return { kind: 'refused', aheadMs };
    if (stamp > this.#last) this.#last = stamp;
    return { kind: 'observed' };
  }

  /** How far a stamp is ahead of our wall clock, in milliseconds; negative: behind. */
  aheadMs(stamp: Stamp): number {
    return stampMs(stamp) - clampMs(this.#wallMs());
  }

  /**
   * Our own wall clock fell behind what was already given (it was set back, or the floor is from the future): stamps are
   * still right, but new ones would be refused by peers. Undefined: all is well.
   */
  get alarm(): { readonly behindMs: number } | undefined {
    const behindMs = this.aheadMs(this.#last);
    return behindMs > this.#config.maxDriftMs ? { behindMs } : undefined;
  }
}

export function stampOf(ms: number, counter: number): Stamp {
  return (BigInt(ms) << COUNTER_BITS) | BigInt(counter);
}

/** Milliseconds since 1970. */
export function stampMs(stamp: Stamp): number {
  return Number(stamp >> COUNTER_BITS);
}

export function stampCounter(stamp: Stamp): number {
  return Number(stamp & COUNTER_MASK);
}

export function compareStamps(a: Stamp, b: Stamp): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function clampMs(ms: number): number {
  return Math.min(Math.max(Math.floor(ms), 0), MAX_MS);
}
