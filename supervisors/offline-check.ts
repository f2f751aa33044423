/**
 * The store of a stopped node, read under its lock and not changed: every row against its leaf and every leaf against its
 * row. What is damaged is not mended here, because only other nodes know what it was.
 */
import { existsSync } from 'node:fs';
import type { AuditOutcome } from '../actors/store/api.ts';
import {
  decodeRowKey,
  diskKey,
  spaceRange,
  storeItem,
  storeKeyPart,
} from '../actors/store/keys.ts';
import type { Space } from '../actors/store/keys.ts';
import { KEY_PART_BYTES, leafKeyOf } from '../runtime/structures/item.ts';
import { digestOf } from '../runtime/causality/row-codec.ts';
import type { ChildOptions } from '../runtime/disk/child-check.ts';
import { DEFAULT_OPEN_OPTIONS } from '../runtime/disk/config.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';
import { openDataDirectory } from '../runtime/disk/data-directory.ts';
import { probeRocksdb } from '../runtime/disk/engine-probe.ts';
import { loadEngine } from '../runtime/disk/engines.ts';
import { renderFailure } from '../runtime/disk/failure.ts';
import { openGuarded } from '../runtime/disk/guarded-open.ts';
import type { Manifest } from '../runtime/disk/manifest.ts';
import { readManifest } from '../runtime/disk/manifest.ts';
import { asked, StorageError } from '../runtime/disk/promised.ts';
import type { Entry, Storage } from '../runtime/disk/storage.ts';
import { compareBytes } from '../runtime/structures/bytes.ts';
import { recordedCluster } from './cluster-record.ts';
import { storeHashing } from './store-parts.ts';
import type { StoreCheckReport } from './store-operations.ts';
import { reportOf } from './store-operations.ts';

type Hashing = ReturnType<typeof storeHashing>['hashing'];

const PAGE = 500;

export type OfflineCheck =
  | { readonly kind: 'checked'; readonly report: StoreCheckReport }
  | { readonly kind: 'refused'; readonly reason: string };

export async function checkOffline(path: string, child: ChildOptions): Promise<OfflineCheck> {
  if (!existsSync(path)) return refused(`There is no data directory ${path}: set store.data_dir.`);
  const opened = openDataDirectory(path);
  if (opened.kind === 'failed') return refused(renderFailure(opened.failure));
  const { directory, lock } = opened.value;
  try {
    return await check(directory, child);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return refused(error.message);
  } finally {
    lock.release();
  }
}

async function check(directory: DataDirectory, child: ChildOptions): Promise<OfflineCheck> {
  const manifest = readManifest(directory);
  if (manifest.kind === 'failed') return refused(renderFailure(manifest.failure));
  const cluster = recordedCluster(directory);
  if (cluster.kind === 'failed') return refused(renderFailure(cluster.failure));
  if (manifest.value === undefined || cluster.value === undefined) {
    return refused(`${directory.path} has no store yet.`);
  }
  const { engine, partitions, databases } = manifest.value;
  if (engine === 'memory')
    return refused('The store of this node is in memory: nothing is on disk.');
  if (databases !== partitions) {
    return refused('Its partitions share one database: check it on the running node.');
  }
  if (engine === 'rocksdb') {
    const probed = await probeRocksdb({ ...child, cacheFile: directory.probeFile });
    if (probed.kind === 'fails')
      return refused(`rocksdb cannot be used by this Node: ${probed.reason}`);
  }
  const { hashing } = storeHashing(cluster.value.name);
  const checked = [];
  for (let partition = 0; partition < partitions; partition++) {
    const outcome = await checkDatabase(directory, manifest.value, partition, hashing, child);
    checked.push({ partition, outcome });
  }
  return { kind: 'checked', report: reportOf(checked) };
}

/** One that was never made has no rows; one that cannot be opened is a page that cannot be read. */
async function checkDatabase(
  directory: DataDirectory,
  { engine }: Manifest,
  partition: number,
  hashing: Hashing,
  child: ChildOptions,
): Promise<AuditOutcome> {
  const path = directory.database(engine, partition);
  const nothing = { rows: 0, mismatches: 0, rewritten: 0, unreadable: 0, quarantined: 0 };
  if (!existsSync(path)) return nothing;
  const opened = await openGuarded(await loadEngine(engine), path, DEFAULT_OPEN_OPTIONS, child);
  if (opened.kind === 'failed') return { ...nothing, unreadable: 1 };
  const storage = opened.value;
  try {
    const rows = await compare(storage, 'r', (page) =>
      rowsThatDiffer(storage, partition, hashing, page),
    );
    const leaves = await compare(storage, 'l', (page) => leavesWithoutRow(storage, page));
    return {
      ...nothing,
      rows: rows.entries,
      mismatches: rows.mismatches + leaves.mismatches,
      unreadable: rows.unreadable + leaves.unreadable,
    };
  } finally {
    await asked<void>((answer) => storage.close(answer));
  }
}

async function compare(
  storage: Storage,
  space: Space,
  judge: (page: readonly Entry[]) => Promise<number>,
): Promise<{ readonly entries: number; readonly mismatches: number; readonly unreadable: number }> {
  const scan = storage.scan(spaceRange(space));
  let [entries, mismatches] = [0, 0];
  try {
    for (;;) {
      const page = await asked<readonly Entry[]>((answer) => scan.next(PAGE, answer));
      if (page.length === 0) return { entries, mismatches, unreadable: 0 };
      entries += page.length;
      mismatches += await judge(page);
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { entries, mismatches, unreadable: 1 };
  } finally {
    scan.close();
  }
}

async function rowsThatDiffer(
  storage: Storage,
  partition: number,
  { sha256, keyed }: Hashing,
  page: readonly Entry[],
): Promise<number> {
  const keys = page.map(({ key }) => key.subarray(1));
  const leafKeys = keys.map((key) =>
    diskKey('l', leafKeyOf(storeKeyPart(partition, key, keyed), key)),
  );
  const leaves = await readMany(storage, leafKeys);
  return page.filter(({ value }, i) => {
    const leaf = leaves[i];
    if (leaf === undefined || decodeRowKey(keys[i]!) === undefined) return true;
    return compareBytes(leaf, storeItem(partition, keys[i]!, digestOf(value, sha256), keyed)) !== 0;
  }).length;
}

async function leavesWithoutRow(storage: Storage, page: readonly Entry[]): Promise<number> {
  const rows = await readMany(
    storage,
    page.map(({ key }) => diskKey('r', key.subarray(1 + KEY_PART_BYTES))),
  );
  return rows.filter((row) => row === undefined).length;
}

function readMany(
  storage: Storage,
  keys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  return asked((answer) => storage.getMany(keys, answer));
}

function refused(reason: string): OfflineCheck {
  return { kind: 'refused', reason };
}
