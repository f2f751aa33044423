/** Damaged files are reported as such, with the partition, and never end the process. */
import assert from 'node:assert/strict';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { DEFAULT_OPEN_OPTIONS } from '../../../runtime/disk/config.ts';
import { setAside } from '../../../runtime/disk/data-directory.ts';
import { openGuarded } from '../../../runtime/disk/guarded-open.ts';
import { asked } from '../../../runtime/disk/promised.ts';
import type { Storage, StorageEngine } from '../../../runtime/disk/storage.ts';
import { tmpdir } from 'node:os';
import { close, DURABLE_ENGINES, put, readAll, write } from '../../support/storage.ts';

const ROWS = 2500;

type Damage = (path: string) => void;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'a changed byte in a table': (path) => flip(first(path, TABLE), 1500),
  'a table cut in half': (path) => halve(first(path, TABLE)),
  'an empty table': (path) => truncateSync(first(path, TABLE)),
  'a missing table': (path) => rmSync(first(path, TABLE)),
  'a changed byte in the log': (path) => flip(first(path, LOG), 200),
  'a changed length in the log': (path) => flip(first(path, LOG), 5),
  'a missing CURRENT': (path) => rmSync(join(path, 'CURRENT')),
  'an empty CURRENT': (path) => truncateSync(join(path, 'CURRENT')),
  'a missing manifest': (path) => rmSync(first(path, MANIFEST)),
  'a changed byte in the manifest': (path) => flip(first(path, MANIFEST), 20),
  'a manifest cut in half': (path) => halve(first(path, MANIFEST)),
};

/** What a power loss may do to the end of the log is no damage. */
const MARKS_OF_A_CRASH: Readonly<Record<string, Damage>> = {
  'a torn last record': (path) => {
    const log = first(path, LOG);
    truncateSync(log, readFileSync(log).length - 10);
  },
  'zeros behind the last record': (path) => {
    const log = first(path, LOG);
    writeFileSync(log, Buffer.concat([readFileSync(log), Buffer.alloc(70_000)]));
  },
};

const TABLE = /\.(ldb|sst)$/;
const LOG = /^\d+\.log$/;
const MANIFEST = /^MANIFEST/;

for (const engine of DURABLE_ENGINES) {
  describe(`${engine.name} with damaged files`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'bondy-test-'));
    after(() => rmSync(directory, { recursive: true, force: true }));
    const sound = join(directory, 'sound');
    const made = makeDatabase(engine, directory, sound);

    for (const [what, damage] of Object.entries(DAMAGES)) {
      it(`reports ${what}`, async () => {
        await made;
        const path = join(directory, '07');
        cpSync(sound, path, { recursive: true });
        damage(path);
        const failure = await firstFailure(engine, path);
        assert.equal(failure?.kind, 'corrupt', failure?.detail ?? 'no failure');
        assert.equal(failure.path, path);
        assert.match(failure.advice, /bondy store repair/);
        rmSync(path, { recursive: true });
      });
    }

    for (const [what, damage] of Object.entries(MARKS_OF_A_CRASH)) {
      it(`opens by itself with ${what}`, async () => {
        await made;
        const path = join(directory, 'crashed');
        cpSync(sound, path, { recursive: true });
        damage(path);
        assert.equal(await firstFailure(engine, path), undefined);
        rmSync(path, { recursive: true });
      });
    }

    it('can be set aside, so that the partition starts empty', async () => {
      await made;
      const path = join(directory, '08');
      cpSync(sound, path, { recursive: true });
      rmSync(join(path, 'CURRENT'));
      assert.equal(setAside(path), `${path}.corrupt-1`);
      const opened = await openGuarded(engine, path, DEFAULT_OPEN_OPTIONS, { timeoutMs: 10_000 });
      assert(opened.kind === 'ok');
      await close(opened.value);
      assert.equal(setAside(path), `${path}.corrupt-2`);
    });
  });
}

function first(path: string, pattern: RegExp): string {
  const name = readdirSync(path)
    .sort()
    .find((file) => pattern.test(file));
  assert(name, `no ${pattern} in ${readdirSync(path).join(' ')}`);
  return join(path, name);
}

function flip(file: string, at: number): void {
  const content = readFileSync(file);
  content[at]! ^= 0xff;
  writeFileSync(file, content);
}

function halve(file: string): void {
  truncateSync(file, readFileSync(file).length >> 1);
}

/** As a killed process leaves it: tables, and a log with rows that are in none. */
async function makeDatabase(engine: StorageEngine, directory: string, to: string): Promise<void> {
  const live = join(directory, 'live');
  const options = { ...DEFAULT_OPEN_OPTIONS, writeBufferBytes: 128 * 1024 };
  const storage = await asked<Storage>((answer) => engine.open(live, options, answer));
  for (let row = 0; row < ROWS; row += 50) {
    await write(
      storage,
      ...Array.from({ length: 50 }, (_, i) => put(`row-${row + i}`, noise(row + i))),
    );
  }
  cpSync(live, to, { recursive: true });
  await close(storage);
}

/** Hardly compressible text, the same for the same seed. */
function noise(seed: number): string {
  let state = seed + 1;
  return Array.from({ length: 25 }, () =>
    ((state = Math.imul(state ^ (state >>> 13), 0x5bd1e995) + 1) >>> 0).toString(36),
  ).join('');
}

async function firstFailure(engine: StorageEngine, path: string) {
  const opened = await openGuarded(engine, path, DEFAULT_OPEN_OPTIONS, { timeoutMs: 10_000 });
  if (opened.kind === 'failed') return opened.failure;
  const all = await readAll(opened.value);
  await close(opened.value);
  return all.kind === 'failed' ? all.failure : undefined;
}
