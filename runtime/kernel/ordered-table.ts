/** ETS `ordered_set`: one row per key, and the keys have an order. Claimed and released as in table.ts. */
import { SortedKeys } from './sorted-keys.ts';
import { Claim, held } from './table.ts';
import type { Owner } from './table.ts';

export class OrderedSetTable<K, V> {
  readonly #claim: Claim;
  readonly #rows = new Map<K, V>();
  readonly #keys: SortedKeys<K>;

  /** Keys that compare as 0 must be the same to a Map: numbers or strings. */
  constructor(name: string, compare: (a: K, b: K) => number) {
    this.#claim = new Claim(name);
    this.#keys = new SortedKeys(compare);
  }

  claim(owner: Owner): OrderedSetWriter<K, V> {
    const writer = new OrderedSetWriter(this.#rows, this.#keys);
    this.#claim.take(owner, () => writer.release());
    return writer;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: K): V | undefined {
    return this.#rows.get(key);
  }

  has(key: K): boolean {
    return this.#rows.has(key);
  }

  first(): K | undefined {
    return this.#keys.first();
  }

  last(): K | undefined {
    return this.#keys.last();
  }

  /** The smallest key above `key`, which need not be there. */
  next(key: K): K | undefined {
    return this.#keys.next(key);
  }

  /** The greatest key below `key`, which need not be there. */
  previous(key: K): K | undefined {
    return this.#keys.previous(key);
  }

  /** In key order, from the first key not below `from`. The table must not be written while this runs. */
  *entries(from?: K): IterableIterator<[K, V]> {
    for (const key of this.#keys.from(from)) yield [key, this.#rows.get(key)!];
  }
}

export class OrderedSetWriter<K, V> {
  #rows: Map<K, V> | undefined;
  readonly #keys: SortedKeys<K>;

  constructor(rows: Map<K, V>, keys: SortedKeys<K>) {
    this.#rows = rows;
    this.#keys = keys;
  }

  set(key: K, value: V): void {
    const rows = held(this.#rows);
    if (!rows.has(key)) this.#keys.add(key);
    rows.set(key, value);
  }

  delete(key: K): boolean {
    const isThere = held(this.#rows).delete(key);
    if (isThere) this.#keys.delete(key);
    return isThere;
  }

  clear(): void {
    held(this.#rows).clear();
    this.#keys.clear();
  }

  release(): void {
    this.#rows = undefined;
  }
}
