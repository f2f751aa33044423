/** The disk of a node from start to start. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_DISK_CONFIG } from '../../../runtime/disk/config.ts';
import type { DiskConfig } from '../../../runtime/disk/config.ts';
import { openDisk } from '../../../runtime/disk/open-disk.ts';
import { outcomeOf } from '../../../runtime/disk/promised.ts';
import { scratch } from '../../support/scratch.ts';
import { bytes, close, get, put, write } from '../../support/storage.ts';

function start(path: string, name = 'n1', config: Partial<DiskConfig> = {}) {
  return openDisk({
    path,
    name,
    config: { ...DEFAULT_DISK_CONFIG, engine: 'leveldb', minFreeBytes: 1, ...config },
    partitions: 4,
    sources: { uuid: () => 'u', firstIncarnation: () => 1 },
  });
}

test('a second life has the next incarnation, the same engine and the rows of the first', async (t) => {
  const path = join(scratch(t), 'data');
  const first = await start(path);
  assert(first.kind === 'ok');
  assert.equal(first.disk.databases, 1);
  const storage = await first.disk.open(0);
  assert(storage.kind === 'ok');
  await write(storage.value, put('a', '1'));
  assert.equal(first.disk.health().kind, 'ok');
  const meanwhile = await start(path);
  assert(meanwhile.kind === 'refused');
  assert.match(meanwhile.reason, /uses this data directory/);
  await close(storage.value);
  first.disk.release();

  const second = await start(path, 'n1', { engine: 'auto', databasePerPartition: true });
  assert(second.kind === 'ok');
  assert.equal(second.disk.identity.incarnation, 2);
  assert.equal(second.disk.engine, 'leveldb');
  assert.equal(second.disk.databases, 1, 'as it was made');
  const again = await second.disk.open(0);
  assert(again.kind === 'ok');
  assert.equal(await get(again.value, 'a'), '1');
  await close(again.value);
  second.disk.release();
});

test('a start that is refused leaves the directory to the next', async (t) => {
  const path = join(scratch(t), 'data');
  const first = await start(path);
  assert(first.kind === 'ok');
  first.disk.release();
  assert.equal((await start(path, 'n2')).kind, 'refused');
  assert.equal((await start(path, 'n1', { engine: 'memory' })).kind, 'refused');
  const next = await start(path);
  assert(next.kind === 'ok');
  // A refused start of the right name is a life too.
  assert.equal(next.disk.identity.incarnation, 3);
  next.disk.release();
});

test('a lost lock shows in the health and ends the writes, also after another opening', async (t) => {
  const path = join(scratch(t), 'data');
  const started = await start(path);
  assert(started.kind === 'ok');
  const { disk } = started;
  const opened = await disk.open(0);
  assert(opened.kind === 'ok');
  const storage = opened.value;
  await write(storage, put('a', '1'));
  rmSync(disk.directory.lockFile);
  const health = disk.health();
  assert(health.kind === 'degraded');
  assert.equal(health.failure.kind, 'locked');
  await assert.rejects(write(storage, put('a', '2')), /locked/);
  const range = { gte: bytes('a'), lt: bytes('b') };
  const cleared = await outcomeOf<void>((answer) => storage.clear(range, answer));
  assert(cleared.kind === 'failed');
  assert.equal(cleared.failure.kind, 'locked');
  assert.equal(await get(storage, 'a'), '1');
  await close(storage);
  const again = await disk.open(0);
  assert(again.kind === 'failed');
  assert.equal(again.failure.kind, 'locked');
  disk.release();
  assert(!existsSync(disk.directory.lockFile));
});
