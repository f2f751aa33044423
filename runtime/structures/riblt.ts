/**
 * Rateless invertible Bloom lookup tables (Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024):
 * a set of items as an endless stream of coded symbols, the same stream for every peer. A prefix of about 1.4 symbols
 * per difference is enough to find the difference, however large the sets.
 *
 * Symbol 0 sums all items, symbol i about 1 / (1 + i/2) of them. The first `capacity` symbols are kept up to date: a
 * change costs about 2 ln(capacity / 2) exclusive-ors, so nothing has to be computed when a peer asks. Symbols of
 * disjoint sets add up to those of their union, so one stream can speak for all partitions.
 *
 * Which symbols an item is in and how it is checked come from a hash with a key of the cluster: nobody outside can
 * choose items that never come apart.
 */
import { ByteReader, ByteWriter, setWord, wordAt } from './bytes.ts';
import type { HashKey } from './half-siphash.ts';
import { hashWords } from './half-siphash.ts';
import type { Item } from './item.ts';
import { ITEM_BYTES } from './item.ts';
import { Malformed } from './malformed.ts';

/** Four words of items, two of their hashes. */
export const SUM_WORDS = 6;

/** Finds about 1,400 changed rows (2,800 items) in 112 KB per partition. Above, a tree is cheaper anyway. */
export const DEFAULT_CAPACITY = 4096;

export const LEAST_CAPACITY = 16;

/** Many symbols as flat words: item sums and hash sums, and how many items are in each. */
export interface Symbols {
  readonly sums: Int32Array;
  readonly counts: Int32Array;
}

/** 24 bytes and a count. */
export const LEAST_SYMBOL_BYTES = 25;

export class CodedSymbols {
  readonly key: HashKey;
  readonly capacity: number;
  readonly #sums: Int32Array;
  readonly #counts: Int32Array;
  readonly #words = new Int32Array(SUM_WORDS);

  constructor(key: HashKey, capacity = DEFAULT_CAPACITY, from?: Symbols) {
    if (capacity < LEAST_CAPACITY) throw new RangeError(`capacity ${capacity}`);
    this.key = key;
    this.capacity = capacity;
    this.#sums = from?.sums.slice() ?? new Int32Array(SUM_WORDS * capacity);
    this.#counts = from?.counts.slice() ?? new Int32Array(capacity);
  }

  /** How many items there are. */
  get count(): number {
    return this.#counts[0]!;
  }

  get symbols(): Symbols {
    return { sums: this.#sums, counts: this.#counts };
  }

  /** A row changed; undefined: it was not there before, or is not after. */
  change(before: Item | undefined, after: Item | undefined): void {
    if (before !== undefined) this.#toggle(before, -1);
    if (after !== undefined) this.#toggle(after, 1);
  }

  /** For one exchange: symbols that were sent must stay those of one set. */
  snapshot(): CodedSymbols {
    return new CodedSymbols(this.key, this.capacity, this.symbols);
  }

  /** Takes in the items of another partition. */
  addAll({ capacity, symbols: { sums, counts } }: CodedSymbols): void {
    if (capacity !== this.capacity) throw new RangeError('symbols of different capacities');
    for (let i = 0; i < this.#sums.length; i++) this.#sums[i]! ^= sums[i]!;
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i]! += counts[i]!;
  }

  /** Symbols `from` … `to - 1`, as bytes for a peer. */
  encode(from: number, to: number): Uint8Array {
    const writer = new ByteWriter();
    for (let i = from; i < Math.min(to, this.capacity); i++) {
      for (let word = 0; word < SUM_WORDS; word++) {
        writer.uint32(this.#sums[SUM_WORDS * i + word]! >>> 0);
      }
      writer.integer(this.#counts[i]!);
    }
    return writer.finish();
  }

  #toggle(item: Item, sign: number): void {
    const words = readItem(item, this.key, this.#words);
    const mapping = new Mapping(words[4]!, words[5]!);
    for (let i = 0; i < this.capacity; i = mapping.next()) {
      toggle(this.#sums, i, words);
      this.#counts[i]! += sign;
    }
    if (this.count < 0) throw new RangeError('an item that is not in the set');
  }
}

/** At most `limit` symbols. */
export function decodeSymbols(bytes: Uint8Array, limit: number): Symbols | Malformed {
  if (bytes.length > limit * (LEAST_SYMBOL_BYTES + 4)) return new Malformed('too many symbols');
  const reader = new ByteReader(bytes);
  const most = Math.min(limit, Math.floor(bytes.length / LEAST_SYMBOL_BYTES));
  const sums = new Int32Array(SUM_WORDS * most);
  const counts = new Int32Array(most);
  let size = 0;
  for (; size < most && !reader.isAtEnd; size++) {
    for (let word = 0; word < SUM_WORDS; word++) sums[SUM_WORDS * size + word] = reader.uint32();
    counts[size] = reader.integer(0x7fffffff);
  }
  return (
    reader.fault ?? { sums: sums.subarray(0, SUM_WORDS * size), counts: counts.subarray(0, size) }
  );
}

/** Which symbols an item is in: 0, then ever larger steps, from a generator seeded by the item's hash. */
export class Mapping {
  #state: number;
  readonly #step: number;
  #index = 0;

  constructor(low: number, high: number) {
    this.#state = low;
    this.#step = high | 1;
  }

  /** The next symbol. Only operations that IEEE 754 defines exactly: all nodes must agree. */
  next(): number {
    this.#state = (this.#state + this.#step) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    const uniform = (((mixed ^ (mixed >>> 16)) >>> 0) + 1) / 0x1_0000_0000;
    const skipped = Math.ceil((this.#index + 1.5) * (1 / Math.sqrt(uniform) - 1));
    this.#index += Math.max(1, skipped);
    return this.#index;
  }
}

/** Four words of the item, two of its hash. */
export function readItem(item: Item, key: HashKey, into: Int32Array): Int32Array {
  for (let i = 0; i < 4; i++) into[i] = wordAt(item, 4 * i);
  hashWords(key, into, 0, into.subarray(4));
  return into;
}

export function toItem(words: Int32Array, at = 0): Item {
  const item = new Uint8Array(ITEM_BYTES);
  for (let i = 0; i < 4; i++) setWord(item, 4 * i, words[at + i]!);
  return item;
}

/** Puts an item into a symbol, or takes it out. */
export function toggle(sums: Int32Array, symbol: number, words: Int32Array): void {
  const at = SUM_WORDS * symbol;
  for (let word = 0; word < SUM_WORDS; word++) sums[at + word]! ^= words[word]!;
}
