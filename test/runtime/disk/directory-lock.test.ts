/** One process per data directory, with real processes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { lockDirectory } from '../../../runtime/disk/directory-lock.ts';
import { startProgram } from '../../support/programs.ts';
import { scratch } from '../../support/scratch.ts';

const holder = (t: TestContext, ...args: string[]) =>
  startProgram(t, import.meta.url, './children/lock-holder', args);

test(
  'a living holder keeps others out, a killed one is replaced',
  { timeout: 30_000 },
  async (t) => {
    const file = join(scratch(t), 'node.lock');
    const first = holder(t, file);
    assert.equal(await first.line(), 'ready');
    assert.equal(await first.line(), 'held');
    const refused = lockDirectory(file);
    assert(refused.kind === 'failed');
    assert.equal(refused.failure.kind, 'locked');
    assert.match(refused.failure.detail, new RegExp(`process ${first.process.pid} uses`));

    await first.kill();
    const taken = lockDirectory(file);
    assert(taken.kind === 'ok');
    assert.equal(taken.value.takenFrom?.pid, first.process.pid);
    taken.value.release();
    assert(!existsSync(file));
  },
);

test('of many that find a dead holder, one takes over', { timeout: 30_000 }, async (t) => {
  const directory = scratch(t);
  const file = join(directory, 'node.lock');
  const dead = holder(t, file);
  await dead.line();
  await dead.line();
  await dead.kill();
  const gate = join(directory, 'gate');
  const racers = Array.from({ length: 4 }, () => holder(t, file, gate));
  for (const racer of racers) assert.equal(await racer.line(), 'ready');
  writeFileSync(gate, '');
  const said = await Promise.all(racers.map((racer) => racer.line()));
  assert.equal(said.filter((line) => line!.startsWith('held')).length, 1, said.join('; '));
  assert.equal(said.filter((line) => line!.startsWith('locked')).length, 3, said.join('; '));
  assert.deepEqual(readdirSync(directory).sort(), ['gate', 'node.lock']);
});

test('the same process cannot hold it twice', (t) => {
  const file = join(scratch(t), 'node.lock');
  const first = lockDirectory(file);
  assert(first.kind === 'ok');
  assert.equal(lockDirectory(file).kind, 'failed');
  first.value.release();
  assert.equal(lockDirectory(file).kind, 'ok');
});

test('a process number that is used again is not the holder', (t) => {
  const file = join(scratch(t), 'node.lock');
  assert.equal(lockDirectory(file).kind, 'ok');
  const mine = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  if (mine.startTicks === '') return t.skip('this system does not say when a process started');
  writeFileSync(file, JSON.stringify({ ...mine, startTicks: '1' }));
  assert.equal(lockDirectory(file).kind, 'ok');
});

test('an empty or foreign file is no holder', (t) => {
  for (const content of ['', 'null', '{}', '{"pid":-1,"token":"x"}', '[1']) {
    const file = join(scratch(t), 'node.lock');
    writeFileSync(file, content);
    assert.equal(lockDirectory(file).kind, 'ok', JSON.stringify(content));
  }
});

test('a holder sees that its lock was taken away, and does not release what is not its own', (t) => {
  const file = join(scratch(t), 'node.lock');
  const first = lockDirectory(file);
  assert(first.kind === 'ok');
  assert.equal(first.value.lost(), undefined);
  rmSync(file);
  assert.equal(first.value.lost()?.kind, 'locked');
  const second = lockDirectory(file);
  assert(second.kind === 'ok');
  assert.equal(first.value.lost()?.kind, 'locked');
  first.value.release();
  assert.equal(second.value.lost(), undefined);
});
