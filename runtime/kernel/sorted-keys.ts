/** Keys in order, in chunks small enough that an insertion moves little: O(chunk) writes, O(log n) searches. */

const CHUNK = 256;

export class SortedKeys<K> {
  readonly #compare: (a: K, b: K) => number;
  /** Never empty chunks, each sorted, and sorted among themselves. */
  #chunks: K[][] = [];

  constructor(compare: (a: K, b: K) => number) {
    this.#compare = compare;
  }

  /** `key` must not be there yet. */
  add(key: K): void {
    const index = Math.min(this.#chunkFor(key), this.#chunks.length - 1);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(this.#positionIn(chunk, key), 0, key);
    if (chunk.length > CHUNK) this.#chunks.splice(index + 1, 0, chunk.splice(CHUNK >> 1));
  }

  delete(key: K): void {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return;
    const position = this.#positionIn(chunk, key);
    if (this.#compare(chunk[position]!, key) !== 0) return;
    chunk.splice(position, 1);
    if (chunk.length === 0) this.#chunks.splice(index, 1);
  }

  clear(): void {
    this.#chunks = [];
  }

  first(): K | undefined {
    return this.#chunks[0]?.[0];
  }

  last(): K | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  next(key: K): K | undefined {
    for (const found of this.from(key)) if (this.#compare(found, key) > 0) return found;
    return undefined;
  }

  previous(key: K): K | undefined {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    const position = chunk === undefined ? 0 : this.#positionIn(chunk, key);
    return position > 0 ? chunk![position - 1] : this.#chunks[index - 1]?.at(-1);
  }

  /** All keys not below `key`, or all. */
  *from(key?: K): IterableIterator<K> {
    let index = key === undefined ? 0 : this.#chunkFor(key);
    const chunk = this.#chunks[index];
    let position = key === undefined || chunk === undefined ? 0 : this.#positionIn(chunk, key);
    for (; index < this.#chunks.length; index++, position = 0) {
      const keys = this.#chunks[index]!;
      for (; position < keys.length; position++) yield keys[position]!;
    }
  }

  /** The first chunk whose last key is not below `key`; their number when there is none. */
  #chunkFor(key: K): number {
    return lowerBound(
      this.#chunks.length,
      (at) => this.#compare(this.#chunks[at]!.at(-1)!, key) < 0,
    );
  }

  #positionIn(chunk: readonly K[], key: K): number {
    return lowerBound(chunk.length, (at) => this.#compare(chunk[at]!, key) < 0);
  }
}

function lowerBound(length: number, isBelow: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
