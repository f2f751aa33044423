/**
 * Sets of sequence numbers as sorted, disjoint ranges `[from, to, from, to, …]` (both inclusive): what a node has seen
 * of one origin is nearly always one range, whatever the number of messages.
 */

export type Ranges = readonly number[];

/** Numbers in the set. */
export function countOf(ranges: Ranges): number {
  let count = 0;
  for (let i = 0; i < ranges.length; i += 2) count += ranges[i + 1]! - ranges[i]! + 1;
  return count;
}

/** `numbers` ascending, without repetition. */
export function rangesOf(numbers: readonly number[]): Ranges {
  const ranges: number[] = [];
  for (const number of numbers) {
    const last = ranges.length - 1;
    if (last > 0 && ranges[last] === number - 1) ranges[last] = number;
    else ranges.push(number, number);
  }
  return ranges;
}

/** What is in `a` and not in `b`. */
export function subtract(a: Ranges, b: Ranges): Ranges {
  const left: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i]!;
    const to = a[i + 1]!;
    while (j < b.length && b[j + 1]! < from) j += 2;
    for (let k = j; k < b.length && b[k]! <= to; k += 2) {
      if (b[k]! > from) left.push(from, b[k]! - 1);
      from = b[k + 1]! + 1;
    }
    if (from <= to) left.push(from, to);
  }
  return left;
}

export function includes(ranges: Ranges, number: number): boolean {
  const at = rangeAt(ranges, number);
  return at >= 0 && number <= ranges[at + 1]!;
}

/** The numbers of the set, the lowest `limit` of them: a peer may name more than memory holds. */
export function* numbersOf(ranges: Ranges, limit: number): Generator<number> {
  let left = limit;
  for (let i = 0; i < ranges.length; i += 2) {
    for (let number = ranges[i]!; number <= ranges[i + 1]!; number++) {
      if (left-- <= 0) return;
      yield number;
    }
  }
}

/** A set that grows. */
export class RangeSet {
  readonly #ranges: number[] = [];

  get ranges(): Ranges {
    return this.#ranges;
  }
  /** The highest number; 0 when empty. */
  get top(): number {
    return this.#ranges.at(-1) ?? 0;
  }
  get rangeCount(): number {
    return this.#ranges.length >> 1;
  }

  has(number: number): boolean {
    return includes(this.#ranges, number);
  }

  /** False when it was there. */
  add(number: number): boolean {
    const ranges = this.#ranges;
    const at = rangeAt(ranges, number);
    if (at >= 0 && number <= ranges[at + 1]!) return false;
    const next = at + 2; // -2 + 2: before the first
    const joinsLeft = at >= 0 && ranges[at + 1] === number - 1;
    const joinsRight = next < ranges.length && ranges[next] === number + 1;
    if (joinsLeft && joinsRight) ranges.splice(at + 1, 2);
    else if (joinsLeft) ranges[at + 1] = number;
    else if (joinsRight) ranges[next] = number;
    else ranges.splice(next, 0, number, number);
    return true;
  }

  /** Fills the holes that lie wholly below `number`. Returns how many numbers that were. */
  fillBelow(number: number): number {
    let filled = 0;
    while (this.#ranges.length > 2 && this.#ranges[2]! <= number) filled += this.#fillLowest();
    return filled;
  }

  /** Fills the lowest holes until at most `limit` ranges are left. Returns how many numbers that were. */
  fillDownTo(limit: number): number {
    let filled = 0;
    while (this.rangeCount > limit) filled += this.#fillLowest();
    return filled;
  }

  #fillLowest(): number {
    const [, end, start] = this.#ranges as [number, number, number];
    this.#ranges.splice(1, 2);
    return start - end - 1;
  }
}

/** Index of the last range that starts at or before `number`, or -2. */
function rangeAt(ranges: Ranges, number: number): number {
  let low = 0;
  let high = (ranges.length >> 1) - 1;
  if (high >= 0 && ranges[high << 1]! <= number) return high << 1; // nearly always the last
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (ranges[middle << 1]! <= number) low = middle + 1;
    else high = middle - 1;
  }
  return high << 1;
}
