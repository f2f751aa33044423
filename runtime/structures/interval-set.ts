/**
 * A set of whole numbers from 1, kept as ranges: a contiguous beginning and what came out of order. It has at most
 * `maxRanges` of them. Beyond that the highest is forgotten, which is safe where members say "I have seen it": what is
 * forgotten is asked for again.
 */

/** From, to, from, to … ascending, both ends included, with at least one number missing between two ranges. */
export type Ranges = readonly number[];

export class IntervalSet {
  readonly #maxRanges: number;
  #bounds: number[];
  #forgotten = 0;

  constructor(ranges: Ranges = [], maxRanges = Infinity) {
    this.#bounds = [...ranges];
    this.#maxRanges = maxRanges;
  }

  get ranges(): Ranges {
    return this.#bounds;
  }

  /** How often a range had to be forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** All numbers from 1 to here are members. */
  get contiguous(): number {
    return this.#bounds[0] === 1 ? this.#bounds[1]! : 0;
  }

  get highest(): number {
    return this.#bounds.at(-1) ?? 0;
  }

  has(value: number): boolean {
    const at = this.#rangeFrom(value);
    return at < this.#bounds.length && this.#bounds[at]! <= value;
  }

  /** False: it was a member already, or had to be forgotten at once. */
  add(value: number): boolean {
    return this.addRange(value, value);
  }

  addRange(from: number, to: number): boolean {
    const bounds = this.#bounds;
    if (bounds[1] === from - 1 && bounds.length === 2) {
      bounds[1] = to; // in order: nearly always
      return true;
    }
    const first = this.#rangeFrom(from - 1);
    if (first < bounds.length && bounds[first]! <= from && bounds[first + 1]! >= to) return false;
    let end = first;
    let [start, stop] = [from, to];
    while (end < bounds.length && bounds[end]! <= to + 1) {
      start = Math.min(start, bounds[end]!);
      stop = Math.max(stop, bounds[end + 1]!);
      end += 2;
    }
    bounds.splice(first, end - first, start, stop);
    if (bounds.length <= 2 * this.#maxRanges) return true;
    bounds.length = 2 * this.#maxRanges;
    this.#forgotten++;
    return this.has(from);
  }

  /** True: something was added. */
  addAll(ranges: Ranges): boolean {
    let isNew = false;
    for (let i = 0; i < ranges.length; i += 2) {
      if (this.addRange(ranges[i]!, ranges[i + 1]!)) isNew = true;
    }
    return isNew;
  }

  /** What of `ranges` is not in this set. */
  lacks(ranges: Ranges): Ranges {
    const bounds = this.#bounds;
    const lacking: number[] = [];
    for (let i = 0, at = 0; i < ranges.length; i += 2) {
      let from = ranges[i]!;
      const to = ranges[i + 1]!;
      while (at < bounds.length && bounds[at + 1]! < from) at += 2;
      for (let next = at; next < bounds.length && bounds[next]! <= to; next += 2) {
        if (bounds[next]! > from) lacking.push(from, bounds[next]! - 1);
        from = bounds[next + 1]! + 1;
      }
      if (from <= to) lacking.push(from, to);
    }
    return lacking;
  }

  /** Where the first range that ends at `value` or later begins. */
  #rangeFrom(value: number): number {
    let [low, high] = [0, this.#bounds.length >> 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bounds[2 * middle + 1]! < value) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }
}
