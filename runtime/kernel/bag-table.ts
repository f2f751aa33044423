/** ETS `bag` and `duplicate_bag`: many values per key, told apart by identity, or kept however often they come. */
import { Claim, held } from './table.ts';
import type { Owner } from './table.ts';

const NO_VALUES: readonly never[] = [];

/** The values of one key. */
interface Values<V> extends Iterable<V> {
  readonly count: number;
  /** False when it was there and is not held twice. */
  add(value: V): boolean;
  /** How many were removed. */
  remove(value: V): number;
}

class KeyedTable<K, V> {
  readonly #claim: Claim;
  readonly #rows: BagRows<K, V>;

  constructor(name: string, makeValues: () => Values<V>) {
    this.#claim = new Claim(name);
    this.#rows = new BagRows(makeValues);
  }

  claim(owner: Owner): BagWriter<K, V> {
    const writer = new BagWriter(this.#rows);
    this.#claim.take(owner, () => writer.release());
    return writer;
  }

  /** Values of all keys. */
  get size(): number {
    return this.#rows.size;
  }

  /** In insertion order. The table must not be written while this is iterated. */
  get(key: K): Iterable<V> {
    return this.#rows.byKey.get(key) ?? NO_VALUES;
  }

  has(key: K): boolean {
    return this.#rows.byKey.has(key);
  }

  keys(): IterableIterator<K> {
    return this.#rows.byKey.keys();
  }
}

/** A value is there once per key. */
export class BagTable<K, V> extends KeyedTable<K, V> {
  constructor(name: string) {
    super(name, () => new DistinctValues());
  }
}

/** A value is there as often as it was added. */
export class DuplicateBagTable<K, V> extends KeyedTable<K, V> {
  constructor(name: string) {
    super(name, () => new RepeatedValues());
  }
}

export class BagWriter<K, V> {
  #rows: BagRows<K, V> | undefined;

  constructor(rows: BagRows<K, V>) {
    this.#rows = rows;
  }

  /** False when a bag has it already. */
  add(key: K, value: V): boolean {
    return held(this.#rows).add(key, value);
  }

  /** Removes `value` (all of it) of `key`, or all values of `key`. */
  delete(key: K, ...value: [V?]): boolean {
    const rows = held(this.#rows);
    return value.length === 0 ? rows.deleteKey(key) : rows.deleteValue(key, value[0] as V);
  }

  clear(): void {
    held(this.#rows).clear();
  }

  release(): void {
    this.#rows = undefined;
  }
}

class BagRows<K, V> {
  readonly byKey = new Map<K, Values<V>>();
  readonly #makeValues: () => Values<V>;
  size = 0;

  constructor(makeValues: () => Values<V>) {
    this.#makeValues = makeValues;
  }

  add(key: K, value: V): boolean {
    let values = this.byKey.get(key);
    if (values === undefined) this.byKey.set(key, (values = this.#makeValues()));
    const isNew = values.add(value);
    if (isNew) this.size++;
    return isNew;
  }

  deleteValue(key: K, value: V): boolean {
    const values = this.byKey.get(key);
    const removed = values?.remove(value) ?? 0;
    this.size -= removed;
    if (values?.count === 0) this.byKey.delete(key);
    return removed > 0;
  }

  deleteKey(key: K): boolean {
    this.size -= this.byKey.get(key)?.count ?? 0;
    return this.byKey.delete(key);
  }

  clear(): void {
    this.byKey.clear();
    this.size = 0;
  }
}

class DistinctValues<V> implements Values<V> {
  readonly #values = new Set<V>();

  get count(): number {
    return this.#values.size;
  }

  add(value: V): boolean {
    if (this.#values.has(value)) return false;
    this.#values.add(value);
    return true;
  }

  remove(value: V): number {
    return this.#values.delete(value) ? 1 : 0;
  }

  [Symbol.iterator](): Iterator<V> {
    return this.#values.values();
  }
}

class RepeatedValues<V> implements Values<V> {
  #values: V[] = [];

  get count(): number {
    return this.#values.length;
  }

  add(value: V): boolean {
    this.#values.push(value);
    return true;
  }

  remove(value: V): number {
    const before = this.#values.length;
    this.#values = this.#values.filter((held) => held !== value);
    return before - this.#values.length;
  }

  [Symbol.iterator](): Iterator<V> {
    return this.#values.values();
  }
}
