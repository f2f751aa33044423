/** The knobs of the disk. */
import type { EngineName, OpenOptions } from './storage.ts';

/** `auto`: rocksdb where its binary can be used, else leveldb. */
export type EngineChoice = EngineName | 'auto';

export interface DiskConfig {
  /** Chosen at the first start and recorded in the data directory; `bondy store migrate --to` changes it. */
  readonly engine: EngineChoice;
  /**
   * Of a new data directory. False: one database for all partitions, so that one fsync serves the writes of all of
   * them, and a start opens one. True: damage in one partition's files leaves the others whole.
   */
  readonly databasePerPartition: boolean;
  /**
   * Milliseconds the child process may take that tries rocksdb. Too low: a busy machine falls back to leveldb; too
   * high: a hanging binary delays the start.
   */
  readonly probeTimeoutMs: number;
  /** Below this many free bytes the node reports a full disk before the engine does. Too low: writes fail first. */
  readonly minFreeBytes: number;
  readonly open: OpenOptions;
  readonly commit: GroupCommitConfig;
}

export interface GroupCommitConfig {
  /**
   * Milliseconds a write waits for others before the first batch; 0: until the end of the event loop's turn. While a
   * batch is being written the next one collects anyway, so that more only adds latency where few write.
   */
  readonly delayMs: number;
  /** Writes in one batch. Too low: an fsync for few of them; too high: the first waits for the bytes of the last. */
  readonly maxBatchWrites: number;
  /** Bytes of keys and values in one batch; a single larger group of writes is a batch of its own. */
  readonly maxBatchBytes: number;
  /** Writes waiting, beyond which new ones are refused as `overloaded`. Too low: bursts are refused. */
  readonly maxQueuedWrites: number;
  /** Bytes waiting, beyond which new ones are refused. Too high: a slow disk fills the memory. */
  readonly maxQueuedBytes: number;
}

export const DEFAULT_GROUP_COMMIT: GroupCommitConfig = {
  delayMs: 0,
  maxBatchWrites: 4096,
  maxBatchBytes: 4 * 1024 * 1024,
  maxQueuedWrites: 131_072,
  maxQueuedBytes: 128 * 1024 * 1024,
};

export const DEFAULT_OPEN_OPTIONS: OpenOptions = {
  cacheBytes: 8 * 1024 * 1024,
  writeBufferBytes: 4 * 1024 * 1024,
  maxOpenFiles: 256,
};

export const DEFAULT_DISK_CONFIG: DiskConfig = {
  engine: 'auto',
  databasePerPartition: false,
  probeTimeoutMs: 10_000,
  minFreeBytes: 64 * 1024 * 1024,
  open: DEFAULT_OPEN_OPTIONS,
  commit: DEFAULT_GROUP_COMMIT,
};
