/** The engine is chosen once, recorded, and never changed by accident. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { EngineChoice } from '../../../runtime/disk/config.ts';
import { DataDirectory } from '../../../runtime/disk/data-directory.ts';
import { chooseEngine } from '../../../runtime/disk/engine-choice.ts';
import type { ProbeResult } from '../../../runtime/disk/engine-probe.ts';
import { readManifest, writeManifest } from '../../../runtime/disk/manifest.ts';
import { rocksdbHere } from '../../support/rocksdb-here.ts';
import { scratch } from '../../support/scratch.ts';

const FAILS: ProbeResult = { kind: 'fails', reason: 'it ended with SIGABRT: bad_alloc' };
const hasRocksdb = await rocksdbHere();

function choose(directory: DataDirectory, choice: EngineChoice, probed = FAILS, partitions = 16) {
  return chooseEngine({
    directory,
    choice,
    partitions,
    databases: 1,
    probe: () => Promise.resolve(probed),
  });
}

test('auto falls back to leveldb where the probe fails, says so in one line, and records it', async (t) => {
  const directory = new DataDirectory(scratch(t));
  const chosen = await choose(directory, 'auto');
  assert(chosen.kind === 'ok');
  assert.equal(chosen.engine.name, 'leveldb');
  assert.equal(
    chosen.note,
    'The store uses leveldb: rocksdb cannot be used here (it ended with SIGABRT: bad_alloc).',
  );
  const manifest = readManifest(directory);
  assert.deepEqual(manifest.kind === 'ok' && manifest.value, {
    engine: 'leveldb',
    partitions: 16,
    databases: 1,
  });
});

test('auto takes rocksdb where the probe passes', { skip: !hasRocksdb }, async (t) => {
  const directory = new DataDirectory(scratch(t));
  const chosen = await choose(directory, 'auto', { kind: 'works' });
  assert(chosen.kind === 'ok');
  assert.equal(chosen.engine.name, 'rocksdb');
  assert.equal(chosen.note, undefined);
});

test('auto keeps what was recorded, also when rocksdb could be used by now', async (t) => {
  const directory = new DataDirectory(scratch(t));
  await choose(directory, 'auto');
  const again = await choose(directory, 'auto', { kind: 'works' });
  assert(again.kind === 'ok');
  assert.equal(again.engine.name, 'leveldb');
  assert.equal(again.note, undefined);
});

test('another engine than the recorded one is refused with the command that converts', async (t) => {
  const directory = new DataDirectory(scratch(t));
  await choose(directory, 'leveldb');
  const refused = await choose(directory, 'rocksdb', { kind: 'works' });
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /store\.engine is rocksdb, but .* was made with leveldb/);
  assert.match(refused.advice, /bondy store migrate --to rocksdb/);
  const memory = await choose(directory, 'memory');
  assert(memory.kind === 'refused');
  assert.doesNotMatch(memory.advice, /migrate/);
});

test('a rocksdb directory is refused where rocksdb cannot be used, never opened as empty', async (t) => {
  const directory = new DataDirectory(scratch(t));
  writeManifest(directory, { engine: 'rocksdb', partitions: 16, databases: 1 });
  const refused = await choose(directory, 'auto');
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /bad_alloc/);
  assert.match(refused.advice, /npm rebuild rocksdb --build-from-source.*migrate --to leveldb/);
});

test('rocksdb by name is refused where it cannot be used, and nothing is recorded', async (t) => {
  const directory = new DataDirectory(scratch(t));
  const refused = await choose(directory, 'rocksdb');
  assert(refused.kind === 'refused');
  assert.match(refused.advice, /store\.engine to leveldb or auto/);
  assert(!existsSync(directory.manifestFile));
});

test('another number of partitions is refused', async (t) => {
  const directory = new DataDirectory(scratch(t));
  await choose(directory, 'leveldb');
  const refused = await choose(directory, 'leveldb', FAILS, 8);
  assert(refused.kind === 'refused');
  assert.match(refused.advice, /store\.partitions to 16/);
});

test('a damaged record is refused', async (t) => {
  const directory = new DataDirectory(scratch(t));
  await choose(directory, 'leveldb');
  const text = readFileSync(directory.manifestFile, 'utf8');
  writeFileSync(directory.manifestFile, text.replace('leveldb', 'rocksdb'));
  const refused = await choose(directory, 'auto');
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /MANIFEST\.json: corrupt/);
});

test('memory leaves no record', async (t) => {
  const directory = new DataDirectory(scratch(t));
  const chosen = await choose(directory, 'memory');
  assert.equal(chosen.kind === 'ok' && chosen.engine.name, 'memory');
  assert(!existsSync(directory.manifestFile));
});
