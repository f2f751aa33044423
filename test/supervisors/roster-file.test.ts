import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { RosterStore } from '../../actors/membership/port.ts';
import { DataDirectory } from '../../runtime/disk/data-directory.ts';
import { rosterFile } from '../../supervisors/roster-file.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (loaded: Uint8Array | undefined): string | undefined =>
  loaded && new TextDecoder().decode(loaded);

/** Resolves at the first answer; `answers` has all of them. */
function save(store: RosterStore, text: string, answers: (Error | undefined)[] = []) {
  return new Promise<Error | undefined>((resolve) =>
    store.save(bytes(text), (failure) => {
      answers.push(failure);
      resolve(failure);
    }),
  );
}

/** Replaces a step of the write until the test ends. */
function replaceStep(step: 'rename', by: (typeof files)['rename']): ReturnType<typeof mock.method> {
  const replaced = mock.method(files, step, by);
  syncBuiltinESMExports();
  return replaced;
}

describe('the roster on disk', () => {
  let path: string;
  let directory: DataDirectory;

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'bondy-roster-'));
    directory = new DataDirectory(path);
  });
  afterEach(() => {
    mock.restoreAll();
    syncBuiltinESMExports();
    rmSync(path, { recursive: true, force: true });
  });

  test('is nothing before the first save', () => {
    assert.equal(rosterFile(directory).load(), undefined);
  });

  test('is what was saved last, closed to other users, and nothing is left beside it', async () => {
    const store = rosterFile(directory);
    assert.equal(await save(store, 'one'), undefined);
    assert.equal(await save(store, 'two'), undefined);
    assert.equal(textOf(rosterFile(directory).load()), 'two');
    assert.deepEqual(readdirSync(path), ['roster.cbor']);
    assert.equal(statSync(join(path, 'roster.cbor')).mode & 0o777, 0o600);
  });

  test('is not written by who has lost the directory to another process', async () => {
    let lost: Error | undefined;
    const store = rosterFile(directory, () => lost);
    assert.equal(await save(store, 'ours'), undefined);
    lost = new Error('taken over');
    assert.equal(await save(store, 'theirs no more'), lost);
    assert.equal(textOf(store.load()), 'ours');
    await store.idle();
  });

  test('saves that meet take turns, and each hears once how it went', async () => {
    const store = rosterFile(directory);
    const { rename } = files;
    let [running, atOnce] = [0, 0];
    const renames = replaceStep('rename', async (from, to) => {
      atOnce = Math.max(atOnce, ++running);
      await rename(from, to);
      running--;
    });
    const texts = Array.from({ length: 20 }, (_, i) => `save ${i} `.repeat(1 + (i % 7) * 1_000));
    const answers: (Error | undefined)[][] = texts.map(() => []);
    const failures = await Promise.all(texts.map((text, i) => save(store, text, answers[i])));
    assert.deepEqual(
      failures.filter((failure) => failure !== undefined),
      [],
    );
    assert.equal(textOf(store.load()), texts.at(-1));
    assert.equal(atOnce, 1);
    assert.equal(renames.mock.callCount(), 2); // the first, and the latest of those that waited
    await save(store, 'and one more');
    assert.deepEqual(new Set(answers.map(({ length }) => length)), new Set([1]));
  });

  test('after a failed write those who waited are written all the same', async () => {
    const store = rosterFile(directory);
    await save(store, 'old');
    const { rename } = files;
    let left = 1;
    replaceStep('rename', (from, to) =>
      left-- > 0 ? Promise.reject(new Error('disk full')) : rename(from, to),
    );
    const [first, second] = await Promise.all([save(store, 'lost'), save(store, 'new')]);
    assert.match(first?.message ?? '', /disk full/);
    assert.equal(second, undefined);
    assert.equal(textOf(store.load()), 'new');
  });

  test('is idle when the last of what was saved is on disk', async () => {
    const store = rosterFile(directory);
    await store.idle();
    for (const text of ['one', 'two', 'three']) void save(store, text);
    await store.idle();
    assert.equal(textOf(rosterFile(directory).load()), 'three');
    await store.idle();
  });

  test('is the old one when the process ends between the write and the rename', async () => {
    const store = rosterFile(directory);
    await save(store, 'old');
    const reached = new Promise<void>((resolve) =>
      replaceStep('rename', () => {
        resolve();
        return new Promise(() => {}); // it never comes to that
      }),
    );
    void save(store, 'new');
    await reached;
    const [left] = readdirSync(path).filter((name) => name !== 'roster.cbor');
    assert(left !== undefined && existsSync(join(path, left)));
    assert.equal(readFileSync(join(path, left), 'utf8'), 'new');

    mock.restoreAll();
    syncBuiltinESMExports();
    const next = rosterFile(directory);
    assert.equal(textOf(next.load()), 'old');
    assert.equal(await save(next, 'newer'), undefined);
    assert.equal(textOf(next.load()), 'newer');
    assert.deepEqual(readdirSync(path), ['roster.cbor']);
  });
});
