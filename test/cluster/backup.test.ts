/** Backups of real nodes: given back to a cluster that works, and to one whose disks are all lost. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratch } from '../support/scratch.ts';
import type { StoreNode } from './store-nodes.ts';
import { allLinked, BY_HAND, sameDump, startStores } from './store-nodes.ts';

const ROWS = 300;
const MERGE = { name: 'one', as_new: false };

function fileOf(node: StoreNode, name = 'one'): string {
  return join(node.dataDirectory, 'backups', `${name}.bak`);
}

/** Warm and cold rows, some of them deleted. */
async function fill(nodes: readonly StoreNode[], value: string): Promise<void> {
  for (const prefix of ['warm', 'cold'] as const) {
    await nodes[0]!.ask('put', { prefix, from: 0, to: ROWS, value });
    await nodes[0]!.ask('delete', { prefix, from: 0, to: 10 });
  }
  await allLinked(nodes);
}

/** Of all keys; contexts are left out, because what is stable is forgotten meanwhile. */
async function valuesOf(nodes: readonly StoreNode[]) {
  await sameDump(nodes);
  const prefixes = ['warm', 'cold'] as const;
  const keys = Array.from({ length: ROWS }, (_, i) => `k${i}`);
  const rows = prefixes.flatMap((prefix) => keys.map((key) => ({ prefix, key })));
  return Promise.all(rows.map(async (row) => (await nodes[0]!.ask('get', row)).value));
}

test('a backup given back to a running cluster undoes nothing; as new it does, on every node', async (t) => {
  const nodes = await startStores(t, { size: 2, settings: BY_HAND });
  const [first, second] = nodes as [StoreNode, StoreNode];
  await fill(nodes, 'before');
  const made = await first.operate('backup/create', { name: 'one' });
  assert.equal(made.status, 200, JSON.stringify(made.report));
  assert.equal(made.report['rows'], 2 * ROWS);
  assert.equal(statSync(fileOf(first)).mode & 0o777, 0o600);
  const verified = await first.operate('backup/verify', { name: 'one' });
  assert.deepEqual(verified.report['prefixes'], { cold: ROWS, warm: ROWS });
  assert.equal(verified.report['tombstones'], 20);
  const again = await first.operate('backup/create', { name: 'one' });
  assert.deepEqual([again.status, again.report['code']], [409, 'exists']);

  await second.ask('put', { prefix: 'warm', from: 20, to: 30, value: 'after' });
  await second.ask('delete', { prefix: 'cold', from: 30, to: 40 });
  await allLinked(nodes);
  const before = await valuesOf(nodes);
  const merged = await first.operate('backup/restore', MERGE);
  assert.equal(merged.status, 200, JSON.stringify(merged.report));
  assert.equal(merged.report['changed'], 0);
  assert.equal(merged.report['refused'], 0);
  assert.deepEqual(await valuesOf(nodes), before);

  const anew = await first.operate('backup/restore', { name: 'one', as_new: true });
  assert.equal(anew.report['changed'], 2 * (ROWS - 10), JSON.stringify(anew.report));
  await allLinked(nodes);
  await sameDump(nodes);
  assert.equal(await second.valueOf('k25'), 'before');
  assert.equal((await second.ask('get', { prefix: 'cold', key: 'k35' })).value, 'before');
  assert.equal(await second.valueOf('k5'), undefined, 'deleted before the backup');
});

test('a cluster whose disks are all lost is as it was after a restore on one node, and goes on', async (t) => {
  const nodes = await startStores(t, { size: 2, settings: BY_HAND });
  const [first, second] = nodes as [StoreNode, StoreNode];
  await fill(nodes, 'before');
  const before = await valuesOf(nodes);
  assert.equal((await first.operate('backup/create', { name: 'one' })).status, 200);
  const kept = join(scratch(t), 'kept.bak');
  copyFileSync(fileOf(first), kept);
  for (const node of nodes) {
    await node.end('SIGKILL');
    rmSync(node.dataDirectory, { recursive: true });
  }
  for (const node of nodes) await node.start();
  await allLinked(nodes);
  mkdirSync(join(first.dataDirectory, 'backups'));
  copyFileSync(kept, fileOf(first));
  const restored = await first.operate('backup/restore', MERGE);
  assert.equal(restored.status, 200, JSON.stringify(restored.report));

  const { changed, refused } = restored.report;
  assert.deepEqual({ changed, refused }, { changed: 2 * (ROWS - 10), refused: 0 });
  assert.deepEqual(await valuesOf(nodes), before, 'the other node has it, too');
  const second_ = await first.operate('backup/restore', MERGE);
  assert.equal(second_.report['changed'], 0, 'once is enough');
  // It goes on: what was restored can be written and deleted, and nothing deleted comes back.
  await second.ask('put', { prefix: 'warm', from: 0, to: 20, value: 'after' });
  await first.ask('delete', { prefix: 'warm', from: 20, to: 40 });
  await allLinked(nodes);
  assert.equal(await first.valueOf('k5'), 'after');
  assert.equal(await second.valueOf('k25'), undefined);
  assert.equal(await second.valueOf('k45'), 'before');
  await sameDump(nodes);
});

test('what is damaged, sealed with another key or of another cluster is refused, and nothing is changed', async (t) => {
  const directory = scratch(t);
  const [key, otherKey] = [join(directory, 'a.key'), join(directory, 'b.key')];
  writeFileSync(key, Buffer.alloc(32, 1));
  writeFileSync(otherKey, Buffer.alloc(32, 2));
  const [sealing] = await startStores(t, {
    size: 1,
    settings: { ...BY_HAND, 'backup.key_file': key },
  });
  await sealing!.ask('put', { prefix: 'warm', from: 0, to: 50, value: 'a secret value' });
  assert.equal((await sealing!.operate('backup/create', { name: 'one' })).status, 200);
  const bytes = readFileSync(fileOf(sealing!));
  assert.equal(bytes.includes('a secret value'), false);

  const [other] = await startStores(t, {
    size: 1,
    settings: { ...BY_HAND, 'backup.key_file': otherKey, 'cluster.name': 'another' },
  });
  const before = await other!.ask('dump', {});
  mkdirSync(join(other!.dataDirectory, 'backups'));
  const tryWith = async (file: Buffer, body: object = MERGE) => {
    writeFileSync(fileOf(other!), file);
    const { status, report } = await other!.operate('backup/restore', body);
    return `${status} ${String(report['message'])}`;
  };
  assert.match(await tryWith(bytes), /^422 .*encrypted with another key/);
  assert.match(await tryWith(Buffer.from('not a backup at all')), /^422 .*no backup of bondy/);
  const newer = Buffer.from(bytes);
  newer[8] = 2;
  assert.match(await tryWith(newer), /^422 .*has format 2, this version knows 1/);

  const same = await sealing!.ask('dump', {});
  const damaged = async (file: Buffer): Promise<void> => {
    writeFileSync(fileOf(sealing!), file);
    const { status, report } = await sealing!.operate('backup/restore', {
      name: 'one',
      as_new: true,
    });
    assert.equal(status, 422, JSON.stringify(report));
  };
  await damaged(bytes.subarray(0, bytes.length - 1));
  await damaged(Buffer.concat([bytes, Buffer.from([0])]));
  for (let at = 0; at < bytes.length; at += 97) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 0x10;
    await damaged(flipped);
  }
  assert.deepEqual(await sealing!.ask('dump', {}), same);
  assert.deepEqual(await other!.ask('dump', {}), before);

  writeFileSync(otherKey, readFileSync(key));
  assert.match(await tryWith(bytes), /^409 .*Restore it as new/);
  assert.deepEqual(await other!.ask('dump', {}), before);
  const anew = await tryWith(bytes, { name: 'one', as_new: true });
  assert.match(anew, /^200 /);
  assert.equal(await other!.valueOf('k7'), 'a secret value');
  for (const name of ['../one', '/etc/passwd', '', 'a/b', '.hidden', 'a\0b']) {
    const { status } = await other!.operate('backup/restore', { name, as_new: true });
    assert.equal(status, 400, JSON.stringify(name));
  }
  const missing = await other!.operate('backup/restore', { name: 'none', as_new: true });
  assert.deepEqual([missing.status, missing.report['code']], [404, 'no_such_backup']);
});

test('a backup with writes of a later life of this node makes its next start a later one still', async (t) => {
  const [node] = await startStores(t, { size: 1, settings: BY_HAND });
  const identityFile = join(node!.dataDirectory, 'identity.json');
  const old = readFileSync(identityFile);
  const incarnation = (): number =>
    (JSON.parse(readFileSync(identityFile, 'utf8')) as { record: { incarnation: number } }).record
      .incarnation;
  // The disk as it was before two more starts.
  await node!.end('SIGTERM');
  await node!.start();
  await node!.end('SIGTERM');
  await node!.start();
  await node!.ask('put', { prefix: 'warm', from: 0, to: 10, value: 'later' });
  const { status, report } = await node!.operate('backup/create', { name: 'one' });
  assert.equal(status, 200, JSON.stringify(report));
  const lived = incarnation();
  const bytes = readFileSync(fileOf(node!));
  await node!.end('SIGTERM');
  rmSync(node!.dataDirectory, { recursive: true });
  mkdirSync(join(node!.dataDirectory, 'backups'), { recursive: true, mode: 0o700 });
  writeFileSync(identityFile, old);
  writeFileSync(fileOf(node!), bytes);
  await node!.start();
  const refused = await node!.operate('backup/restore', MERGE);
  assert.deepEqual([refused.status, refused.report['code']], [409, 'not_mergeable']);
  assert.match(String(refused.report['message']), /start it again/);
  assert(incarnation() >= lived, 'raised on disk, for the next start');
  assert.equal(await node!.valueOf('k1'), undefined);
  await node!.end('SIGTERM');
  await node!.start();
  assert(incarnation() > lived, `${incarnation()} comes after ${lived}`);
  const restored = await node!.operate('backup/restore', MERGE);
  assert.equal(restored.status, 200, JSON.stringify(restored.report));
  assert.equal(await node!.valueOf('k1'), 'later');
  assert.deepEqual(await node!.ask('put', { prefix: 'warm', from: 0, to: 10, value: 'last' }), {
    stored: 10,
    refused: {},
  });
  assert.equal(await node!.valueOf('k1'), 'last');
});
