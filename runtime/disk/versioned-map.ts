/**
 * An ordered map of bytes whose snapshots cost a copy of the list of chunks: a chunk that a snapshot can see is copied
 * before its first change. Serves the memory engine.
 */
import { compareBytes } from './raw-database.ts';
import type { Entry, ScanOptions } from './storage.ts';

const CHUNK = 256;

interface Chunk {
  /** Only chunks of the current generation may be changed in place. */
  readonly generation: number;
  readonly entries: Entry[];
}

export class VersionedMap {
  /** Never empty chunks, each sorted, and sorted among themselves. */
  #chunks: Chunk[] = [];
  #generation = 0;

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#find(key).entry?.value;
  }

  /** What was there before. */
  set(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
    if (this.#chunks.length === 0) {
      this.#chunks.push(this.#chunk([{ key, value }]));
      return undefined;
    }
    const { at, position, entry } = this.#find(key);
    const index = Math.min(at, this.#chunks.length - 1);
    const { entries } = this.#own(index);
    entries.splice(at === index ? position : entries.length, entry ? 1 : 0, { key, value });
    if (entries.length > CHUNK) {
      this.#chunks.splice(index + 1, 0, this.#chunk(entries.splice(CHUNK >> 1)));
    }
    return entry?.value;
  }

  /** What was there before. */
  delete(key: Uint8Array): Uint8Array | undefined {
    const { at, position, entry } = this.#find(key);
    if (entry === undefined) return undefined;
    const { entries } = this.#own(at);
    entries.splice(position, 1);
    if (entries.length === 0) this.#chunks.splice(at, 1);
    return entry.value;
  }

  /** The entries of the range as they are now, whatever happens to the map afterwards. */
  read(options: ScanOptions): Iterator<Entry> {
    this.#generation++;
    const all = inOrder([...this.#chunks], options);
    return options.limit === undefined ? all : atMost(options.limit, all);
  }

  #chunk(entries: Entry[]): Chunk {
    return { generation: this.#generation, entries };
  }

  #own(index: number): Chunk {
    const chunk = this.#chunks[index]!;
    if (chunk.generation === this.#generation) return chunk;
    return (this.#chunks[index] = this.#chunk([...chunk.entries]));
  }

  #find(key: Uint8Array): { at: number; position: number; entry: Entry | undefined } {
    const at = chunkFor(this.#chunks, key);
    const entries = this.#chunks[at]?.entries ?? [];
    const position = positionIn(entries, key);
    const found = entries[position];
    const isIt = found !== undefined && compareBytes(found.key, key) === 0;
    return { at, position, entry: isIt ? found : undefined };
  }
}

function* inOrder(
  chunks: readonly Chunk[],
  { gte, lt, reverse }: ScanOptions,
): Generator<Entry, void> {
  const from = place(chunks, gte, { at: 0, position: 0 });
  const to = place(chunks, lt, { at: chunks.length, position: 0 });
  const last = Math.min(to.at, chunks.length - 1);
  for (let step = 0; step <= last - from.at; step++) {
    const at = reverse ? last - step : from.at + step;
    const { entries } = chunks[at]!;
    const part = entries.slice(
      at === from.at ? from.position : 0,
      at === to.at ? to.position : entries.length,
    );
    yield* reverse ? part.reverse() : part;
  }
}

function* atMost(limit: number, entries: Iterable<Entry>): Generator<Entry, void> {
  let left = limit;
  if (left <= 0) return;
  for (const entry of entries) {
    yield entry;
    if (--left <= 0) return;
  }
}

interface Place {
  readonly at: number;
  readonly position: number;
}

function place(chunks: readonly Chunk[], key: Uint8Array | undefined, open: Place): Place {
  if (key === undefined) return open;
  const at = chunkFor(chunks, key);
  return { at, position: positionIn(chunks[at]?.entries ?? [], key) };
}

/** The first chunk whose last key is not below `key`; their number when there is none. */
function chunkFor(chunks: readonly Chunk[], key: Uint8Array): number {
  return lowerBound(chunks.length, (at) => compareBytes(chunks[at]!.entries.at(-1)!.key, key) < 0);
}

function positionIn(entries: readonly Entry[], key: Uint8Array): number {
  return lowerBound(entries.length, (at) => compareBytes(entries[at]!.key, key) < 0);
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
