/** The knobs of the store, each with its unit, its trade-off and its default. */
import type { ClockSkewConfig } from '../../runtime/causality/clock-skew.ts';
import { DEFAULT_CLOCK_SKEW } from '../../runtime/causality/clock-skew.ts';
import type { GroupCommitConfig } from '../../runtime/disk/config.ts';
import type { OpenOptions } from '../../runtime/disk/storage.ts';
import { DEFAULT_GROUP_COMMIT, DEFAULT_OPEN_OPTIONS } from '../../runtime/disk/config.ts';

export interface StoreConfig {
  /** `store.partitions`: fixed for the life of a cluster. Low: less in parallel; high: more files and digests. At most 256. */
  readonly partitions: number;
  /** `aae.enabled`. Off: what broadcast loses is never repaired. */
  readonly isAaeEnabled: boolean;
  /** `aae.exchange_timer`: ms between two exchanges, each with the next peer of a shuffled round. */
  readonly exchangeMs: number;
  /** `aae.data_exchange_timeout`: ms without progress after which an exchange is given up. */
  readonly exchangeTimeoutMs: number;
  /** `aae.hashtree_timer`: ms between two slices of the check of rows against their leaves. */
  readonly hashtreeMs: number;
  /** Rows in one slice. High: the check is faster round, and in the way for longer. */
  readonly hashtreeSlice: number;
  /** `aae.hashtree_ttl`: ms after which a tree is added up again from its leaves. */
  readonly hashtreeTtlMs: number;
  /** Ms between two reports of what this node has seen. High: tombstones live longer. */
  readonly watermarkMs: number;
  /** Ms a member may be down before tombstones stop waiting for it; when it returns it starts from a peer's rows. */
  readonly awayMs: number;
  /** Depth of the hash trees: 3 for up to 60,000 rows a partition, 4 above. */
  readonly treeDepth: number;
  /** Coded symbols per partition, 28 bytes each. More find more differences before trees are compared. */
  readonly symbols: number;
  /** Exchanges of peers served at once; others are told `busy`. */
  readonly maxServed: number;
  /** Rows and bytes in one message of an exchange. */
  readonly batchRows: number;
  readonly batchBytes: number;
  /** Requests in one partition's mailbox; beyond, none is taken. Puts are refused long before: when the disk is behind. */
  readonly maxWaiting: number;
  /** Rows in quarantine that are remembered by name; beyond, they are only counted. */
  readonly maxQuarantined: number;
  /** Ms before a failed disk is opened again; doubles up to the maximum. */
  readonly reopenMs: number;
  readonly maxReopenMs: number;
  readonly skew: ClockSkewConfig;
  readonly commit: GroupCommitConfig;
  readonly open: OpenOptions;
}

export const STORE_DEFAULTS: StoreConfig = {
  partitions: 16,
  isAaeEnabled: true,
  exchangeMs: 10_000,
  exchangeTimeoutMs: 60_000,
  hashtreeMs: 10_000,
  hashtreeSlice: 500,
  hashtreeTtlMs: 7 * 24 * 3_600_000,
  watermarkMs: 10_000,
  awayMs: 24 * 3_600_000,
  treeDepth: 3,
  symbols: 4096,
  maxServed: 4,
  batchRows: 1_000,
  batchBytes: 1024 * 1024,
  maxWaiting: 262_144,
  maxQuarantined: 1_000,
  reopenMs: 1_000,
  maxReopenMs: 60_000,
  skew: DEFAULT_CLOCK_SKEW,
  commit: DEFAULT_GROUP_COMMIT,
  open: DEFAULT_OPEN_OPTIONS,
};
