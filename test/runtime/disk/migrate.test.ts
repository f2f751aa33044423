/** A data directory moves to another engine, whole or not at all. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { DataDirectory } from '../../../runtime/disk/data-directory.ts';
import { chooseEngine } from '../../../runtime/disk/engine-choice.ts';
import { readManifest, writeManifest } from '../../../runtime/disk/manifest.ts';
import type { MigrationOptions } from '../../../runtime/disk/migrate.ts';
import { migrate } from '../../../runtime/disk/migrate.ts';
import { StorageError } from '../../../runtime/disk/promised.ts';
import type { Answer, Storage, StorageEngine } from '../../../runtime/disk/storage.ts';
import { leveldb } from '../../../runtime/disk/leveldb.ts';
import { scratch } from '../../support/scratch.ts';
import { close, DURABLE_ENGINES, open, put, readAll, text, write } from '../../support/storage.ts';

const PARTITIONS = 3;
const ROWS = 1500;

/** Where rocksdb cannot run, LevelDB under its name shows the same steps. */
const rocksdb: StorageEngine = DURABLE_ENGINES[1] ?? {
  name: 'rocksdb',
  open: (path, options, answer) => leveldb.open(path, options, answer),
};

function options(directory: DataDirectory, to: 'rocksdb' | 'leveldb'): MigrationOptions {
  return {
    directory,
    to,
    load: (name) => Promise.resolve(name === 'rocksdb' ? rocksdb : leveldb),
    child: { timeoutMs: 10_000 },
  };
}

async function filled(path: string, engine: StorageEngine): Promise<DataDirectory> {
  const directory = new DataDirectory(path);
  writeManifest(directory, { engine: engine.name, partitions: PARTITIONS, databases: PARTITIONS });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    mkdirSync(directory.engineDirectory(engine.name), { recursive: true });
    const storage = await open(engine, directory.database(engine.name, partition));
    const rows = Array.from({ length: ROWS }, (_, i) => put(`${partition}-${i}`, `value ${i}`));
    await write(storage, ...rows);
    await close(storage);
  }
  return directory;
}

async function rowsOf(directory: DataDirectory, engine: StorageEngine, partition: number) {
  const storage = await open(engine, directory.database(engine.name, partition));
  const all = await readAll(storage);
  await close(storage);
  assert(all.kind === 'ok');
  return all.value.map(({ key, value }) => `${text(key)}=${text(value)}`);
}

function engineOf(directory: DataDirectory): string | undefined {
  const manifest = readManifest(directory);
  return manifest.kind === 'ok' ? manifest.value?.engine : undefined;
}

for (const [from, to] of [
  [leveldb, rocksdb],
  [rocksdb, leveldb],
] as const) {
  test(`from ${from.name} to ${to.name}: every row, then the switch, then the original goes`, async (t) => {
    const directory = await filled(scratch(t), from);
    const before = await rowsOf(directory, from, 2);
    const report = await migrate(options(directory, to.name as 'rocksdb' | 'leveldb'));
    assert.equal(report?.entries, PARTITIONS * ROWS);
    assert.equal(report.resumed, 0);
    assert.equal(engineOf(directory), to.name);
    assert.deepEqual(await rowsOf(directory, to, 2), before);
    assert(!existsSync(directory.engineDirectory(from.name)));
    assert(!existsSync(directory.migrationFile(to.name)));
    assert.equal(await migrate(options(directory, to.name as 'rocksdb' | 'leveldb')), undefined);
  });
}

test('interrupted, it leaves the node on the old engine and goes on where it was', async (t) => {
  const directory = await filled(scratch(t), leveldb);
  await assert.rejects(
    migrate({
      ...options(directory, 'rocksdb'),
      onDatabase: (number) => {
        if (number === 1) throw new Error('the power went');
      },
    }),
    /the power went/,
  );
  assert.equal(engineOf(directory), 'leveldb');
  assert.equal((await rowsOf(directory, leveldb, 1)).length, ROWS);
  const report = await migrate(options(directory, 'rocksdb'));
  assert.equal(report?.resumed, 2);
  assert.equal(report.entries, PARTITIONS * ROWS);
  assert.equal((await rowsOf(directory, rocksdb, 0)).length, ROWS);
});

test('a node that ran in between makes it begin again, since its rows are newer', async (t) => {
  const directory = await filled(scratch(t), leveldb);
  const interrupted = {
    ...options(directory, 'rocksdb'),
    onDatabase: () => {
      throw new Error('the power went');
    },
  };
  await assert.rejects(migrate(interrupted));
  const chosen = await chooseEngine({
    directory,
    choice: 'auto',
    partitions: PARTITIONS,
    databases: 1,
    probe: () => assert.fail('nothing to probe'),
  });
  assert(chosen.kind === 'ok');
  const storage = await open(chosen.engine, directory.database('leveldb', 0));
  await write(storage, put('later', 'row'));
  await close(storage);
  const report = await migrate(options(directory, 'rocksdb'));
  assert.equal(report?.resumed, 0);
  assert((await rowsOf(directory, rocksdb, 0)).includes('later=row'));
});

test('a damaged record of progress counts for nothing', async (t) => {
  const directory = await filled(scratch(t), leveldb);
  await assert.rejects(
    migrate({
      ...options(directory, 'rocksdb'),
      onDatabase: () => {
        throw new Error('the power went');
      },
    }),
  );
  const file = directory.migrationFile('rocksdb');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"entries": 1500', '"entries": 1501'));
  const report = await migrate(options(directory, 'rocksdb'));
  assert.equal(report?.resumed, 0);
});

test('a copy that is not equal is refused, and the original stays', async (t) => {
  const directory = await filled(scratch(t), leveldb);
  const forgetful: StorageEngine = {
    name: 'rocksdb',
    open: (path, openOptions, answer) =>
      rocksdb.open(path, openOptions, (outcome) =>
        answer(outcome.kind === 'ok' ? { ...outcome, value: losingOne(outcome.value) } : outcome),
      ),
  };
  const bad = { ...options(directory, 'rocksdb'), load: options(directory, 'rocksdb').load };
  await assert.rejects(
    migrate({
      ...bad,
      load: (name) => Promise.resolve(name === 'rocksdb' ? forgetful : leveldb),
    }),
    (error: unknown) =>
      error instanceof StorageError &&
      error.failure.kind === 'corrupt' &&
      /the copy has 1498 entries/.test(error.failure.detail),
  );
  assert.equal(engineOf(directory), 'leveldb');
  assert.equal((await rowsOf(directory, leveldb, 0)).length, ROWS);
});

/** Drops the last write of every batch. */
function losingOne(storage: Storage): Storage {
  const batch: Storage['batch'] = (writes, batchOptions, answer: Answer<void>) =>
    storage.batch(writes.slice(0, -1), batchOptions, answer);
  return new Proxy(storage, {
    get: (target, property) => {
      if (property === 'batch') return batch;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
