/** A node is who it was, in a new life. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { DataDirectory } from '../../../runtime/disk/data-directory.ts';
import { lastIdentity, nextIdentity } from '../../../runtime/disk/identity-file.ts';
import { writeManifest } from '../../../runtime/disk/manifest.ts';
import { scratch } from '../../support/scratch.ts';

const SOURCES = { uuid: () => 'uuid-1', firstIncarnation: () => 1000 };

test('each life has the next incarnation, the name and uuid stay', (t) => {
  const directory = new DataDirectory(scratch(t));
  const lives = [1, 2, 3].map(() => nextIdentity(directory, 'n1', SOURCES));
  assert.deepEqual(
    lives.map((life) => life.kind === 'ok' && life.identity),
    [1000, 1001, 1002].map((incarnation) => ({ name: 'n1', incarnation, uuid: 'uuid-1' })),
  );
  assert.equal(lastIdentity(directory)?.incarnation, 1002);
});

test('the incarnation is in the file before it is handed out, for its owner only', (t) => {
  const directory = new DataDirectory(scratch(t));
  nextIdentity(directory, 'n1', SOURCES);
  assert.match(readFileSync(directory.identityFile, 'utf8'), /"incarnation": 1000/);
  assert.equal(statSync(directory.identityFile).mode & 0o777, 0o600);
});

test('the directory of another node is refused with advice', (t) => {
  const directory = new DataDirectory(scratch(t));
  nextIdentity(directory, 'n1', SOURCES);
  const refused = nextIdentity(directory, 'n2', SOURCES);
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /belongs to the node "n1", this one is "n2"/);
  assert.match(refused.advice, /Start it as "n1"/);
  assert.equal(lastIdentity(directory)?.incarnation, 1000);
});

test('a damaged file is refused, however it is damaged, and left as it is', (t) => {
  const directory = new DataDirectory(scratch(t));
  nextIdentity(directory, 'n1', SOURCES);
  const sound = readFileSync(directory.identityFile, 'utf8');
  const damages: Readonly<Record<string, string>> = {
    'cut off': sound.slice(0, 40),
    empty: '',
    zeroed: '\0'.repeat(sound.length),
    'one digit changed': sound.replace('1000', '1001'),
    'no checksum': sound.replace(/,\s*"checksum": "\w+"/, ''),
    'another record': JSON.stringify({ format: 1, record: { name: 'n1' }, checksum: '0' }),
    'a list': '[]',
    large: ' '.repeat(100_000) + sound,
  };
  for (const [how, text] of Object.entries(damages)) {
    writeFileSync(directory.identityFile, text);
    const refused = nextIdentity(directory, 'n1', SOURCES);
    assert(refused.kind === 'refused', how);
    assert.match(refused.reason, /identity\.json: corrupt/, how);
    assert.match(refused.advice, /Restore this file from a backup/);
    assert.equal(readFileSync(directory.identityFile, 'utf8'), text);
  }
});

test('a file of a newer version is refused with other advice than a damaged one', (t) => {
  const directory = new DataDirectory(scratch(t));
  writeFileSync(directory.identityFile, '{"format":2,"anything":true}');
  const refused = nextIdentity(directory, 'n1', SOURCES);
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /newer_format: it has format 2, this version knows 1/);
  assert.match(refused.advice, /newer version/);
});

test('data without an identity is not taken for a new node', (t) => {
  const directory = new DataDirectory(scratch(t));
  nextIdentity(directory, 'n1', SOURCES);
  writeManifest(directory, { engine: 'leveldb', partitions: 16, databases: 1 });
  rmSync(directory.identityFile);
  const refused = nextIdentity(directory, 'n1', SOURCES);
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /missing, but the directory has data/);
});

test('an identity that cannot be written is not handed out', (t) => {
  const directory = new DataDirectory(scratch(t));
  nextIdentity(directory, 'n1', SOURCES);
  truncateSync(directory.identityFile, 0);
  rmSync(directory.identityFile);
  const gone = new DataDirectory(`${directory.path}/not/there`);
  const refused = nextIdentity(gone, 'n1', SOURCES);
  assert(refused.kind === 'refused');
  assert.match(refused.reason, /ENOENT/);
});
