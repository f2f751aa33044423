/** Keys of the store: where it is on disk, in how many parts, how often nodes compare theirs. */
import type { StoreConfig } from '../../actors/store/config.ts';
import { STORE_DEFAULTS } from '../../actors/store/config.ts';
import { path } from '../../runtime/config/place-types.ts';
import { duration, integer, oneOf, onOff } from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { optional } from '../../runtime/config/type.ts';
import type { DiskConfig } from '../../runtime/disk/config.ts';
import { DEFAULT_DISK_CONFIG } from '../../runtime/disk/config.ts';
import { MAX_PARTITIONS } from '../../runtime/disk/manifest.ts';

export interface NodeStoreConfig {
  readonly dataDirectory: string;
  readonly disk: DiskConfig;
  readonly store: StoreConfig;
}

const HOUR_MS = 3_600_000;

export const storeKeys = {
  dataDirectory: key({
    name: 'store.data_dir',
    type: optional(path),
    default: undefined,
    doc:
      'Folder for what must outlive the process: who this node is, who the others are, the store (realms, users, ' +
      'retained events). One process at a time. Without it `data` in the working directory.',
  }),
  engine: key({
    name: 'store.engine',
    type: oneOf(['auto', 'rocksdb', 'leveldb', 'memory']),
    default: DEFAULT_DISK_CONFIG.engine,
    doc:
      'Database of the store. `auto`: rocksdb where its binary works, else leveldb; the choice is kept in the data ' +
      'directory and changed with `bondy store migrate --to`. `memory`: nothing is kept; a node that is alone writes ' +
      'nothing to disk at all, to one of a cluster the others bring it back.',
  }),
  partitions: key({
    name: 'store.partitions',
    type: integer({ min: 1, max: MAX_PARTITIONS }),
    default: STORE_DEFAULTS.partitions,
    doc:
      'Parts of the store, each with its own database. The same on all nodes, and fixed when the data directory is ' +
      'made. Low: more is lost with one damaged part until others bring it back. High: more files.',
  }),
  isAaeEnabled: key({
    name: 'aae.enabled',
    type: onOff,
    default: STORE_DEFAULTS.isAaeEnabled,
    doc: 'Compare the store with other nodes. Off: what a broadcast loses is never repaired.',
  }),
  exchangeMs: key({
    name: 'aae.exchange_timer',
    type: duration({ min: 100, max: 24 * HOUR_MS }),
    default: STORE_DEFAULTS.exchangeMs,
    doc: 'Between two comparisons, each with the next node of a shuffled round. Equal stores cost a few hundred bytes.',
  }),
  exchangeTimeoutMs: key({
    name: 'aae.data_exchange_timeout',
    type: duration({ min: 1_000, max: HOUR_MS }),
    default: STORE_DEFAULTS.exchangeTimeoutMs,
    doc: 'Without progress for so long, a comparison is given up and begun again later.',
  }),
  hashtreeMs: key({
    name: 'aae.hashtree_timer',
    type: duration({ min: 100, max: 24 * HOUR_MS }),
    default: STORE_DEFAULTS.hashtreeMs,
    doc: 'Between two slices of the check that finds rows damaged on disk. Low: a round is faster, and costs more.',
  }),
  hashtreeTtlMs: key({
    name: 'aae.hashtree_ttl',
    type: duration({ min: 60_000, max: 52 * 7 * 24 * HOUR_MS }),
    default: STORE_DEFAULTS.hashtreeTtlMs,
    doc: 'After which a hash tree is added up again from its rows; writes go on meanwhile.',
  }),
};

/** There are as many databases as partitions, so what each may hold in memory is a share. */
const OPEN = { cacheBytes: 1024 * 1024, writeBufferBytes: 2 * 1024 * 1024, maxOpenFiles: 64 };

export function storeConfig(values: Values<typeof storeKeys>): NodeStoreConfig {
  const { dataDirectory, engine, ...store } = values;
  return {
    dataDirectory: dataDirectory ?? 'data',
    // One each: damage in one partition's files leaves the others whole, and is healed by itself.
    disk: { ...DEFAULT_DISK_CONFIG, engine, databasePerPartition: true, open: OPEN },
    store: { ...STORE_DEFAULTS, ...store, open: OPEN },
  };
}
