/**
 * What a node has of one partition: for each origin (a node in one of its lives) which of its puts, as a contiguous
 * sequence plus what came out of order (Gonçalves et al., "DottedDB", 2017). It serves the causal barrier (have I
 * applied what this message refers to?), the first step of an exchange (what do you have that I lack?), and, through
 * `Watermarks`, the end of tombstones.
 *
 * It is a set of dots, so everything it forgets for want of space is only asked for again.
 */
import { compareText } from '../structures/bytes.ts';
import type { Ranges } from '../structures/interval-set.ts';
import { IntervalSet } from '../structures/interval-set.ts';
import type { Context } from './dvvset.ts';
import type { Dot } from './row.ts';

/** Plain data: the dots of a clock, or of the difference of two, ordered by origin. */
export type Dots = readonly OriginDots[];

export interface OriginDots {
  /** `nodeKey` of the writer. */
  readonly origin: string;
  readonly ranges: Ranges;
}

export interface StoreClockLimits {
  /** Lives of nodes: reached only by a peer that invents them. Beyond, dots of new origins are not recorded. */
  readonly maxOrigins: number;
  /** Holes per origin. Too low: puts that overtook others by much are fetched twice. Too high: memory. */
  readonly maxRanges: number;
}

export const DEFAULT_STORE_CLOCK: StoreClockLimits = { maxOrigins: 16_384, maxRanges: 256 };

export class StoreClock {
  readonly #limits: StoreClockLimits;
  readonly #origins = new Map<string, IntervalSet>();
  #refused = 0;

  constructor(dots: Dots = [], limits = DEFAULT_STORE_CLOCK) {
    this.#limits = limits;
    this.addAll(dots);
  }

  /** Dots not recorded for want of space, for a counter. */
  get dropped(): number {
    return [...this.#origins.values()].reduce((sum, set) => sum + set.forgotten, this.#refused);
  }

  get dots(): Dots {
    return [...this.#origins]
      .map(([origin, { ranges }]) => ({ origin, ranges: [...ranges] }))
      .sort(byOrigin);
  }

  /** Of which there is any dot. */
  get origins(): Iterable<string> {
    return this.#origins.keys();
  }

  /** False: known already, or no space. */
  add({ actor, sequence }: Dot): boolean {
    return this.#of(actor)?.add(sequence) ?? false;
  }

  /** A merge with another clock or a part of one. True: something was new. */
  addAll(dots: Dots): boolean {
    let isNew = false;
    for (const { origin, ranges } of dots) if (this.#of(origin)?.addAll(ranges)) isNew = true;
    return isNew;
  }

  covers({ actor, sequence }: Dot): boolean {
    return this.#origins.get(actor)?.has(sequence) ?? false;
  }

  coversAll(dots: Dots): boolean {
    return dots.every(({ origin, ranges }) => this.#lacking(origin, ranges).length === 0);
  }

  /** Every put up to here has been seen. */
  contiguous(origin: string): number {
    return this.#origins.get(origin)?.contiguous ?? 0;
  }

  /** All dots of one origin. */
  rangesOf(origin: string): Ranges {
    return this.#origins.get(origin)?.ranges ?? [];
  }

  /** The contiguous part of all origins, for watermarks. */
  get frontier(): Context {
    return [...this.#origins]
      .map(([origin, { contiguous }]) => [origin, contiguous] as const)
      .filter(([, contiguous]) => contiguous > 0)
      .sort(([a], [b]) => compareText(a, b));
  }

  /** What is in `theirs` and not here; empty: nothing. */
  lacks(theirs: Dots): Dots {
    return theirs
      .map(({ origin, ranges }) => ({ origin, ranges: this.#lacking(origin, ranges) }))
      .filter(({ ranges }) => ranges.length > 0);
  }

  /** What was added since a copy of this clock was made: the marker to send along a relay link. */
  since(earlier: StoreClock): Dots {
    const changed: OriginDots[] = [];
    for (const [origin, { ranges }] of this.#origins) {
      const added = earlier.#lacking(origin, ranges);
      if (added.length > 0) changed.push({ origin, ranges: added });
    }
    return changed.sort(byOrigin);
  }

  /** For a life of a node that ended and that no member refers to any more. */
  forget(origin: string): void {
    this.#origins.delete(origin);
  }

  #lacking(origin: string, ranges: Ranges): Ranges {
    return this.#origins.get(origin)?.lacks(ranges) ?? ranges;
  }

  #of(origin: string): IntervalSet | undefined {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    if (this.#origins.size >= this.#limits.maxOrigins) {
      this.#refused++;
      return undefined;
    }
    const set = new IntervalSet([], this.#limits.maxRanges);
    this.#origins.set(origin, set);
    return set;
  }
}

function byOrigin(a: OriginDots, b: OriginDots): number {
  return compareText(a.origin, b.origin);
}
