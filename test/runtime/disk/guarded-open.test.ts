/** An opening that ended the process is not repeated by the next one. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_OPEN_OPTIONS } from '../../../runtime/disk/config.ts';
import { openGuarded } from '../../../runtime/disk/guarded-open.ts';
import { leveldb } from '../../../runtime/disk/leveldb.ts';
import { failed } from '../../../runtime/disk/storage.ts';
import type { StorageEngine } from '../../../runtime/disk/storage.ts';
import { storageFailure } from '../../../runtime/disk/failure.ts';
import { scratch } from '../../support/scratch.ts';
import { close, DURABLE_ENGINES, get, open, put, write } from '../../support/storage.ts';

const CHILD = { timeoutMs: 10_000 };

for (const engine of DURABLE_ENGINES) {
  test(`${engine.name}: the mark of an unfinished opening has a child process try first`, async (t) => {
    const path = join(scratch(t), '00');
    const made = await open(engine, path);
    await write(made, put('a', '1'));
    await close(made);
    writeFileSync(`${path}.opening`, '1');
    const opened = await openGuarded(engine, path, DEFAULT_OPEN_OPTIONS, CHILD);
    assert(opened.kind === 'ok', opened.kind === 'failed' ? opened.failure.detail : '');
    assert.equal(await get(opened.value, 'a'), '1');
    assert(!existsSync(`${path}.opening`));
    await close(opened.value);
  });

  test(`${engine.name}: an opening that ended before there was a database is none`, async (t) => {
    const path = join(scratch(t), '00');
    mkdirSync(path);
    writeFileSync(`${path}.opening`, '1');
    const opened = await openGuarded(engine, path, DEFAULT_OPEN_OPTIONS, CHILD);
    assert(opened.kind === 'ok', opened.kind === 'failed' ? opened.failure.detail : '');
    await close(opened.value);
  });
}

test('a database on which the child dies is corrupt, and this process does not open it', async (t) => {
  const directory = scratch(t);
  const path = join(directory, '00');
  await close(await open(leveldb, path));
  writeFileSync(`${path}.opening`, '1');
  const execPath = join(directory, 'node');
  writeFileSync(execPath, '#!/bin/sh\nulimit -c 0; kill -SEGV $$\n');
  chmodSync(execPath, 0o755);
  const unopened: StorageEngine = { name: 'leveldb', open: () => assert.fail('opened') };
  for (let start = 0; start < 2; start++) {
    const opened = await openGuarded(unopened, path, DEFAULT_OPEN_OPTIONS, { ...CHILD, execPath });
    assert(opened.kind === 'failed');
    assert.equal(opened.failure.kind, 'corrupt');
    assert.match(opened.failure.detail, /leveldb cannot open it: it ended with SIGSEGV/);
  }
});

test('the mark is there while the engine opens, and gone when it answered, whatever it said', async (t) => {
  const path = join(scratch(t), 'deep', '00');
  let mark = '';
  const engine: StorageEngine = {
    name: 'leveldb',
    open: (at, _options, answer) => {
      mark = readFileSync(`${at}.opening`, 'utf8');
      setImmediate(answer, failed(storageFailure('io', at, 'no')));
    },
  };
  const opened = await openGuarded(engine, path, DEFAULT_OPEN_OPTIONS, CHILD);
  assert.equal(opened.kind, 'failed');
  assert.equal(mark, String(process.pid));
  assert(!existsSync(`${path}.opening`));
});
