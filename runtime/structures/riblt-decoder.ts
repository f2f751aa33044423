/**
 * Finds the difference between this replica's items and a peer's from the peer's stream of coded symbols, a chunk at a
 * time. Each symbol less our own holds only the difference; one that holds a single item gives it away and frees others.
 *
 * How many symbols to ask for next is estimated from the counts: with D differences, symbol i holds each with
 * probability r = 1 / (1 + i/2), so the counts scatter around their mean with a variance of D r (1 - r). When the
 * estimate, or what was received without success, exceeds what a tree would cost, it gives up early.
 */
import type { HashKey } from './half-siphash.ts';
import { hashWords } from './half-siphash.ts';
import type { Difference, Item } from './item.ts';
import type { CodedSymbols, Symbols } from './riblt.ts';
import { decodeSymbols, Mapping, SUM_WORDS, toggle, toItem } from './riblt.ts';
import { Malformed } from './malformed.ts';

/** One or two changed rows, in 400 bytes. */
export const FIRST_CHUNK = 16;
/** Asymptotically 1.35, more for few differences and for the estimate's error. */
const SYMBOLS_PER_ITEM = 1.45;
/** For giving up: half of what is needed, as an estimate from few counts may be far too high. */
const LEAST_PER_ITEM = 0.7;
/** Of those received: so that a wrong estimate costs few round trips. */
const LEAST_GROWTH = 0.5;
const MOST_GROWTH = 15;

export type RibltStep =
  | { readonly kind: 'ask'; readonly from: number; readonly to: number }
  | { readonly kind: 'done'; readonly difference: Difference }
  /** More differences than our symbols can show: compare trees instead. */
  | { readonly kind: 'gave_up' }
  | { readonly kind: 'refused'; readonly reason: string };

/** An item that was found and is still in symbols to come. */
interface Pending {
  readonly words: Int32Array;
  readonly sign: number;
  readonly mapping: Mapping;
}

export class RibltDecoder {
  readonly #own: Symbols;
  readonly #key: HashKey;
  readonly #capacity: number;
  readonly #sums: Int32Array;
  readonly #counts: Int32Array;
  readonly #pending = new Map<number, Pending[]>();
  readonly #mine: Item[] = [];
  readonly #theirs: Item[] = [];
  readonly #hash = new Int32Array(2);
  #received = 0;
  #asked = FIRST_CHUNK;
  /** Of the estimate: the squares of the counts' deviations, and what they would be for one difference. */
  #scatter = 0;
  #scatterOfOne = 0;
  #net = 0;

  /** `own`: a snapshot, unchanged until the end. */
  constructor(own: CodedSymbols) {
    this.#own = own.symbols;
    this.#key = own.key;
    this.#capacity = own.capacity;
    this.#sums = new Int32Array(SUM_WORDS * own.capacity);
    this.#counts = new Int32Array(own.capacity);
    this.#asked = Math.min(FIRST_CHUNK, own.capacity);
  }

  start(): RibltStep {
    return { kind: 'ask', from: 0, to: this.#asked };
  }

  /** The symbols last asked for. */
  received(bytes: Uint8Array): RibltStep {
    const wanted = this.#asked - this.#received;
    const symbols = decodeSymbols(bytes, wanted);
    if (symbols instanceof Malformed) return { kind: 'refused', reason: symbols.reason };
    // A peer that keeps fewer symbols than we do has no more to give.
    if (symbols.counts.length < wanted) return { kind: 'gave_up' };
    for (let i = 0; i < wanted; i++) {
      this.#take(symbols, i);
      if (!this.#peel(this.#received - 1)) return { kind: 'refused', reason: 'endless symbols' };
    }
    return this.#next();
  }

  #next(): RibltStep {
    if (this.#isDecoded()) {
      return { kind: 'done', difference: { mine: this.#mine, theirs: this.#theirs } };
    }
    const left = this.#capacity - this.#received;
    const estimate = this.#scatter / this.#scatterOfOne;
    if (left === 0 || estimate * LEAST_PER_ITEM > this.#capacity) return { kind: 'gave_up' };
    const missing = Math.ceil(estimate * SYMBOLS_PER_ITEM) - this.#received;
    const least = Math.ceil(this.#received * LEAST_GROWTH);
    const more = Math.min(Math.max(missing, least), this.#received * MOST_GROWTH, left);
    const from = this.#received;
    this.#asked = from + more;
    return { kind: 'ask', from, to: this.#asked };
  }

  /** Symbol 0 holds every difference not found yet. */
  #isDecoded(): boolean {
    return this.#counts[0] === 0 && this.#sums.subarray(0, SUM_WORDS).every((word) => word === 0);
  }

  #take({ sums, counts }: Symbols, at: number): void {
    const index = this.#received++;
    const difference = counts[at]! - this.#own.counts[index]!;
    this.#counts[index] = difference;
    for (let word = 0; word < SUM_WORDS; word++) {
      const place = SUM_WORDS * index + word;
      this.#sums[place] = sums[SUM_WORDS * at + word]! ^ this.#own.sums[place]!;
    }
    this.#observe(index, difference);
    for (const pending of this.#pending.get(index) ?? []) this.#remove(pending, index);
    this.#pending.delete(index);
  }

  #observe(index: number, difference: number): void {
    if (index === 0) {
      this.#net = difference;
      return;
    }
    const share = 1 / (1 + index / 2);
    this.#scatter += (difference - this.#net * share) ** 2;
    this.#scatterOfOne += share * (1 - share);
  }

  /** False: more was found than symbols can hold, so the peer made them up. */
  #peel(first: number): boolean {
    const queue = [first];
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
      const count = this.#counts[index]!;
      if ((count !== 1 && count !== -1) || !this.#isSingle(index)) continue;
      if (this.#mine.length + this.#theirs.length >= this.#received) return false;
      const words = this.#sums.slice(SUM_WORDS * index, SUM_WORDS * (index + 1));
      (count > 0 ? this.#theirs : this.#mine).push(toItem(words));
      const mapping = new Mapping(words[4]!, words[5]!);
      const pending = { words, sign: count, mapping };
      let next = 0;
      for (; next < this.#received; next = mapping.next()) {
        toggle(this.#sums, next, words);
        this.#counts[next]! -= count;
        queue.push(next);
      }
      this.#expect(pending, next);
    }
    return true;
  }

  #remove(pending: Pending, index: number): void {
    toggle(this.#sums, index, pending.words);
    this.#counts[index]! -= pending.sign;
    this.#expect(pending, pending.mapping.next());
  }

  #expect(pending: Pending, index: number): void {
    if (index >= this.#capacity) return;
    const others = this.#pending.get(index);
    if (others === undefined) this.#pending.set(index, [pending]);
    else others.push(pending);
  }

  #isSingle(index: number): boolean {
    hashWords(this.#key, this.#sums, SUM_WORDS * index, this.#hash);
    const at = SUM_WORDS * index + 4;
    return this.#hash[0] === this.#sums[at] && this.#hash[1] === this.#sums[at + 1];
  }
}
