/**
 * Tables as in ETS: rows that outlive the actor that writes them. Made in a supervisor's `children`, so they live
 * as long as the supervisor; one writer at a time, who claims the table and loses it when it ends; many readers.
 * This file has `set`; `ordered_set` and the bags are in ordered-table.ts and bag-table.ts.
 */
import type { Context } from './actor.ts';

export type Owner = Pick<Context<never>, 'own' | 'self'>;

/** Who may write. Claimed by one living actor at a time. */
export class Claim {
  readonly #table: string;
  #holder: string | undefined = undefined;

  constructor(table: string) {
    this.#table = table;
  }

  take(owner: Owner, release: () => void): void {
    if (this.#holder !== undefined) {
      throw new Error(`table ${this.#table} has a writer: ${this.#holder}`);
    }
    this.#holder = owner.self.path;
    owner.own({
      close: () => {
        this.#holder = undefined;
        release();
      },
    });
  }
}

/** One row per key: the reading side. */
export interface SetReader<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  keys(): IterableIterator<K>;
  values(): IterableIterator<V>;
  entries(): IterableIterator<[K, V]>;
}

export interface SetWriter<K, V> extends SetReader<K, V> {
  set(key: K, value: V): unknown;
  delete(key: K): boolean;
  clear(): void;
}

/** ETS `set`. */
export class SetTable<K, V> implements SetReader<K, V> {
  readonly #claim: Claim;
  readonly #rows = new Map<K, V>();

  constructor(name: string) {
    this.#claim = new Claim(name);
  }

  claim(owner: Owner): SetWriter<K, V> {
    const writer = new MapWriter(this.#rows);
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
  keys(): IterableIterator<K> {
    return this.#rows.keys();
  }
  values(): IterableIterator<V> {
    return this.#rows.values();
  }
  entries(): IterableIterator<[K, V]> {
    return this.#rows.entries();
  }
}

/** As fast as the Map it holds; after its release it holds none, and every use throws. */
class MapWriter<K, V> implements SetWriter<K, V> {
  #rows: Map<K, V> | undefined;

  constructor(rows: Map<K, V>) {
    this.#rows = rows;
  }

  release(): void {
    this.#rows = undefined;
  }

  get size(): number {
    return held(this.#rows).size;
  }
  get(key: K): V | undefined {
    return held(this.#rows).get(key);
  }
  has(key: K): boolean {
    return held(this.#rows).has(key);
  }
  set(key: K, value: V): void {
    held(this.#rows).set(key, value);
  }
  delete(key: K): boolean {
    return held(this.#rows).delete(key);
  }
  clear(): void {
    held(this.#rows).clear();
  }
  keys(): IterableIterator<K> {
    return held(this.#rows).keys();
  }
  values(): IterableIterator<V> {
    return held(this.#rows).values();
  }
  entries(): IterableIterator<[K, V]> {
    return held(this.#rows).entries();
  }
}

/** For writers: what they hold, or a throw once they have ended. */
export function held<T>(rows: T | undefined): T {
  if (rows === undefined)
    throw new Error('this writer has ended; the table belongs to its successor');
  return rows;
}
