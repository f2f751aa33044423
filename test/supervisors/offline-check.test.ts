/** The store of a stopped node, read on its disk: whole, damaged in every way, not there, of another kind. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  diskKey,
  encodeRowKey,
  rowKeyOf,
  storeItem,
  storeKeyPart,
} from '../../actors/store/keys.ts';
import { digestOf } from '../../runtime/causality/row-codec.ts';
import { DEFAULT_OPEN_OPTIONS } from '../../runtime/disk/config.ts';
import { openDataDirectory } from '../../runtime/disk/data-directory.ts';
import { leveldb } from '../../runtime/disk/leveldb.ts';
import { writeManifest } from '../../runtime/disk/manifest.ts';
import { asked } from '../../runtime/disk/promised.ts';
import type { Storage, Write } from '../../runtime/disk/storage.ts';
import { leafKeyOf } from '../../runtime/structures/item.ts';
import { otherCluster } from '../../supervisors/cluster-record.ts';
import { checkOffline } from '../../supervisors/offline-check.ts';
import { storeHashing } from '../../supervisors/store-parts.ts';

const CHILD = { timeoutMs: 10_000 };
const CLUSTER = 'bondy';
const ROWS = 1_200;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bondy-offline-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A data directory with rows of these keys in its first partition of two, and what `spoil` makes of it. */
async function stopped(
  t: TestContext,
  spoil: (keys: readonly Uint8Array[]) => readonly Write[] = () => [],
): Promise<string> {
  const path = folderFor(t);
  const opened = openDataDirectory(path);
  assert(opened.kind === 'ok');
  const { directory, lock } = opened.value;
  writeManifest(directory, { engine: 'leveldb', partitions: 2, databases: 2 });
  assert.equal(otherCluster(directory, CLUSTER), undefined);
  const { sha256, keyed } = storeHashing(CLUSTER).hashing;
  const keys = Array.from({ length: ROWS }, (_, i) => encodeRowKey(rowKeyOf('users', `key ${i}`)));
  const writes = keys.flatMap((key): readonly Write[] => {
    const value = new TextEncoder().encode(`a row`);
    const item = storeItem(0, key, digestOf(value, sha256), keyed);
    return [
      { kind: 'put', key: diskKey('r', key), value },
      { kind: 'put', key: leafOf(key), value: item },
    ];
  });
  const at = directory.database('leveldb', 0);
  const storage = await asked<Storage>((answer) => leveldb.open(at, DEFAULT_OPEN_OPTIONS, answer));
  for (const batch of [writes, spoil(keys)]) {
    await asked<void>((answer) => storage.batch(batch, { sync: true }, answer));
  }
  await asked<void>((answer) => storage.close(answer));
  lock.release();
  return path;
}

function leafOf(key: Uint8Array): Uint8Array {
  const { keyed } = storeHashing(CLUSTER).hashing;
  return diskKey('l', leafKeyOf(storeKeyPart(0, key, keyed), key));
}

async function mismatchesOf(path: string): Promise<number> {
  const checked = await checkOffline(path, CHILD);
  assert(checked.kind === 'checked', JSON.stringify(checked));
  return checked.report.mismatches;
}

describe('a stopped store', () => {
  test('that is whole has all its rows and no mismatch', async (t) => {
    const checked = await checkOffline(await stopped(t), CHILD);
    assert(checked.kind === 'checked');
    const { rows, mismatches, unreadable, unchecked, partitions } = checked.report;
    assert.deepEqual([rows, mismatches, unreadable, unchecked, partitions], [ROWS, 0, 0, [], []]);
  });

  test('with a changed row, a lost leaf and a lost row has a mismatch for each', async (t) => {
    const value = new TextEncoder().encode('another');
    const path = await stopped(t, ([changed, leafless, lost]) => [
      { kind: 'put', key: diskKey('r', changed!), value },
      { kind: 'delete', key: leafOf(leafless!) },
      { kind: 'delete', key: diskKey('r', lost!) },
    ]);
    assert.equal(await mismatchesOf(path), 3);
    assert.equal(await mismatchesOf(path), 3); // nothing was changed
  });

  test('with a row under a name that no node would give has a mismatch', async (t) => {
    const path = await stopped(t, () => [
      { kind: 'put', key: diskKey('r', 'NO PREFIX'), value: new Uint8Array(1) },
    ]);
    assert.equal(await mismatchesOf(path), 1);
  });

  test('is not opened while another process has it, and not made where there is none', async (t) => {
    const path = await stopped(t);
    const opened = openDataDirectory(path);
    assert(opened.kind === 'ok');
    const busy = await checkOffline(path, CHILD);
    opened.value.lock.release();
    assert(busy.kind === 'refused' && /uses this data directory/.test(busy.reason));
    const nowhere = await checkOffline(join(path, 'none'), CHILD);
    assert(nowhere.kind === 'refused' && /There is no data directory/.test(nowhere.reason));
    const empty = await checkOffline(folderFor(t), CHILD);
    assert(empty.kind === 'refused' && /has no store yet/.test(empty.reason));
  });

  test('whose manifest is damaged is refused in words', async (t) => {
    const path = await stopped(t);
    writeFileSync(join(path, 'MANIFEST.json'), '{"format":1}');
    const checked = await checkOffline(path, CHILD);
    assert(checked.kind === 'refused' && /MANIFEST\.json/.test(checked.reason));
  });
});
