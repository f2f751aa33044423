/**
 * The port to a disk: an ordered map from bytes to bytes, whose batches are atomic and, when asked, on disk before they
 * are answered. Engines stand behind it (rocksdb.ts, leveldb.ts, memory.ts) and share one contract suite.
 *
 * Answers are callbacks, not promises: an actor turns them into messages to itself, and the memory engine gives them at
 * a virtual instant, so that the simulator is deterministic. No answer comes within the call that asked. An operation
 * is answered exactly once, in a closed database too.
 */
import type { StorageFailure } from './failure.ts';

export type EngineName = 'rocksdb' | 'leveldb' | 'memory';

export type Outcome<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: StorageFailure };

export type Answer<T> = (outcome: Outcome<T>) => void;

export type Write =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array };

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Keys `gte` <= key < `lt`, compared byte by byte; an absent end is open. */
export interface Range {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
}

export interface ScanOptions extends Range {
  /** Entries altogether. Default: all of the range. */
  readonly limit?: number;
  readonly reverse?: boolean;
}

export interface OpenOptions {
  /** Bytes of blocks kept in memory, for each database. */
  readonly cacheBytes: number;
  /** Bytes written before the log becomes a table; also bounds what a start has to replay. */
  readonly writeBufferBytes: number;
  /** File descriptors one database may keep. */
  readonly maxOpenFiles: number;
}

export interface StorageEngine {
  readonly name: EngineName;
  /** `path` is a directory of its own, made when it does not exist. A second opening is refused: `locked`. */
  open(path: string, options: OpenOptions, answer: Answer<Storage>): void;
}

export interface Storage {
  readonly engine: EngineName;
  readonly path: string;
  /**
   * The failure of a write, after which this database takes no more writes until it is closed and opened again: what
   * the engine's log then holds is unknown, and an entry behind a torn one would be lost at the next start.
   */
  readonly broken: StorageFailure | undefined;

  /** `undefined` when there is no such key. */
  get(key: Uint8Array, answer: Answer<Uint8Array | undefined>): void;
  /** In the order of `keys`. */
  getMany(keys: readonly Uint8Array[], answer: Answer<readonly (Uint8Array | undefined)[]>): void;
  /**
   * All writes or none, later ones winning over earlier ones. Takes the bytes over before it returns. With `sync` the
   * answer says that they survive a power loss, without it that they survive the end of this process.
   */
  batch(writes: readonly Write[], options: { readonly sync: boolean }, answer: Answer<void>): void;
  /** What the database holds now; later writes do not show. Must be closed, or read to its end. */
  scan(options: ScanOptions): Scan;
  /** Removes what the range holds now. Not atomic, and durable with the next synced batch. */
  clear(range: Range, answer: Answer<void>): void;
  /** Bytes on disk, without what is still in the log only. */
  approximateSize(range: Required<Range>, answer: Answer<number>): void;
  /** Waits for what has been asked; scans end. Later questions are answered `closed`. Closing twice is fine. */
  close(answer: Answer<void>): void;
}

export interface Scan {
  /**
   * The next entries, at most this many and about `SCAN_PAGE_BYTES`; none: the end. One question at a time. A `corrupt`
   * page is the last.
   */
  next(maxEntries: number, answer: Answer<readonly Entry[]>): void;
  close(): void;
}

/** Keys are never empty; the engines could, but not all interfaces to them. */
export const MAX_KEY_BYTES = 65_535;
/** As much as a message between nodes can bring. */
export const MAX_VALUE_BYTES = 64 * 1024 * 1024;
/** A page of a scan is ended by the entry that exceeds this. */
export const SCAN_PAGE_BYTES = 256 * 1024;

export function ok<T>(value: T): Outcome<T> {
  return { kind: 'ok', value };
}

export function failed(failure: StorageFailure): Outcome<never> {
  return { kind: 'failed', failure };
}
