/** The data directory: closed to others, owned by one process, honest about its disk. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  DataDirectory,
  diskHealth,
  openDataDirectory,
} from '../../../runtime/disk/data-directory.ts';
import { failureOf } from '../../../runtime/disk/failure.ts';
import { scratch } from '../../support/scratch.ts';

test('a new one is made with its parents, for its owner only', (t) => {
  const path = join(scratch(t), 'var', 'lib', 'bondy');
  const opened = openDataDirectory(path);
  assert(opened.kind === 'ok');
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.deepEqual(opened.value.warnings, []);
  assert.deepEqual(readdirSync(path), ['node.lock']);
  opened.value.lock.release();
  assert.deepEqual(readdirSync(path), []);
});

test('one that others could read is closed to them, and the operator hears it', (t) => {
  const path = join(scratch(t), 'data');
  mkdirSync(path);
  chmodSync(path, 0o755);
  const opened = openDataDirectory(path);
  assert(opened.kind === 'ok');
  assert.match(opened.value.warnings.join(), /could be read by other users; it is now closed/);
  assert.equal(statSync(path).mode & 0o777, 0o700);
});

test('it is refused while it is used, without touching it', (t) => {
  const path = join(scratch(t), 'data');
  const first = openDataDirectory(path);
  assert(first.kind === 'ok');
  const second = openDataDirectory(path);
  assert(second.kind === 'failed');
  assert.equal(second.failure.kind, 'locked');
  assert.equal(first.value.lock.lost(), undefined);
});

test('a path that is a file, or below one, is a failure', (t) => {
  const file = join(scratch(t), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'data')]) {
    const opened = openDataDirectory(path);
    assert(opened.kind === 'failed');
    assert.equal(opened.failure.kind, 'io');
    assert.match(opened.failure.detail, /EEXIST|ENOTDIR/);
  }
});

test(
  'a directory that cannot be written to is read_only',
  { skip: process.getuid?.() === 0 },
  (t) => {
    const path = join(scratch(t), 'data');
    mkdirSync(path, { mode: 0o500 });
    const opened = openDataDirectory(path);
    assert.equal(opened.kind === 'failed' && opened.failure.kind, 'read_only');
  },
);

test('health: enough space is ok, too little is full, gone is a failure', (t) => {
  const path = scratch(t);
  const healthy = diskHealth(path, 1);
  assert(healthy.kind === 'ok' && healthy.freeBytes > 1);
  const full = diskHealth(path, 2 ** 60);
  assert(full.kind === 'degraded');
  assert.equal(full.failure.kind, 'full');
  assert.match(full.failure.detail, /bytes are free, fewer than/);
  const gone = diskHealth(join(path, 'gone'), 1);
  assert(gone.kind === 'degraded');
  assert.equal(gone.failure.kind, 'io');
  assert(!existsSync(join(path, '.write-test')));
});

test('databases have two digits and a folder for each engine', () => {
  const directory = new DataDirectory('/data');
  assert.equal(directory.database('leveldb', 7), join('/data', 'store', 'leveldb', '07'));
});

test('what engines and the system say is read as what it means', () => {
  const said: readonly (readonly [string, string])[] = [
    ['IO error: /d/000003.log: No space left on device', 'full'],
    [
      'IO error: No space left on deviceWhile appending to file: /d/000008.log: No space left on device',
      'full',
    ],
    ['ENOSPC: no space left on device, write', 'full'],
    ['EDQUOT: disk quota exceeded, write', 'full'],
    ['EROFS: read-only file system, open', 'read_only'],
    ['IO error: While open a file for appending: /d/1.log: Permission denied', 'read_only'],
    ['IO error: lock /d/LOCK: already held by process', 'locked'],
    ['IO error: While lock file: /d/LOCK: Resource temporarily unavailable', 'locked'],
    [
      'IO error: lock hold by current process, acquire time 1 acquiring thread 2: /d/LOCK: No locks available',
      'locked',
    ],
    ['Corruption: checksum mismatch', 'corrupt'],
    [
      'IO error: No such file or directoryWhile open a file for random read: /d/8.sst: No such file or directory',
      'corrupt',
    ],
    ['IO error: /d/LOCK: Input/output error', 'io'],
    ['something new', 'io'],
  ];
  for (const [text, kind] of said) assert.equal(failureOf(new Error(text), '/d').kind, kind, text);
  const wrapped = new Error('Database failed to open', {
    cause: Object.assign(new Error('IO error: lock /d/LOCK: already held by process'), {
      code: 'LEVEL_LOCKED',
    }),
  });
  assert.equal(failureOf(wrapped, '/d').kind, 'locked');
});
