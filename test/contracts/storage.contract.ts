/** What every storage engine promises. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { DEFAULT_OPEN_OPTIONS } from '../../runtime/disk/config.ts';
import { asked, outcomeOf } from '../../runtime/disk/promised.ts';
import type {
  Entry,
  Range,
  ScanOptions,
  Storage,
  StorageEngine,
  Write,
} from '../../runtime/disk/storage.ts';
import { scratch } from '../support/scratch.ts';

export function storageContract(engine: StorageEngine): void {
  describe(`the ${engine.name} engine`, { timeout: 60_000 }, () => {
    describe('keeps rows', () => rows(engine));
    describe('scans ranges', () => ranges(engine));
    describe('opens and closes', () => lifecycle(engine));
  });
}

function rows(engine: StorageEngine): void {
  it('gives back what was put, and nothing for a key that was not', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, put('a', 'first'), put('b', ''));
    assert.deepEqual(await get(storage, 'a'), 'first');
    assert.deepEqual(await get(storage, 'b'), '');
    assert.deepEqual(await get(storage, 'c'), undefined);
  });

  it('gives many in the order that was asked, with holes', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, put('a', '1'), put('b', '2'));
    const keys = ['b', 'x', 'a', 'b'].map(bytes);
    const found = await asked<readonly (Uint8Array | undefined)[]>((answer) =>
      storage.getMany(keys, answer),
    );
    assert.deepEqual(
      found.map((value) => value && text(value)),
      ['2', undefined, '1', '2'],
    );
    assert.deepEqual(await asked((answer) => storage.getMany([], answer)), []);
  });

  it('applies the writes of a batch in order, and an empty one too', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, put('a', '1'), remove('a'), put('a', '2'), put('b', '1'), remove('b'));
    assert.deepEqual(await keysOf(storage), ['a']);
    assert.equal(await get(storage, 'a'), '2');
    await write(storage);
  });

  it('keeps any bytes as keys and values', async (t) => {
    const storage = await openNew(engine, t);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const keys = [
      Uint8Array.of(0),
      Uint8Array.of(0, 0),
      Uint8Array.of(255),
      all,
      new Uint8Array(60_000),
    ];
    await write(storage, ...keys.map((key): Write => ({ kind: 'put', key, value: all })));
    const found = await asked<readonly (Uint8Array | undefined)[]>((answer) =>
      storage.getMany(keys, answer),
    );
    for (const value of found) assert.deepEqual(new Uint8Array(value!), all);
  });

  it('keeps a value of 32 MiB', async (t) => {
    const storage = await openNew(engine, t);
    const value = new Uint8Array(32 * 1024 * 1024).fill(7);
    value[value.length - 1] = 8;
    await write(storage, { kind: 'put', key: bytes('large'), value });
    const found = await asked<Uint8Array | undefined>((answer) =>
      storage.get(bytes('large'), answer),
    );
    assert.equal(Buffer.compare(found!, value), 0);
  });

  it('takes the bytes of a batch over before it returns', async (t) => {
    const storage = await openNew(engine, t);
    const key = Buffer.from('key');
    const value = Buffer.from('value');
    const written = asked<void>((answer) =>
      storage.batch([{ kind: 'put', key, value }], { sync: false }, answer),
    );
    key.fill(0);
    value.fill(0);
    await written;
    assert.equal(await get(storage, 'key'), 'value');
  });

  it('is not asked for impossible keys', async (t) => {
    const storage = await openNew(engine, t);
    const key = new Uint8Array(0);
    assert.throws(() => storage.get(key, unasked), /a key of 0 bytes/);
    assert.throws(() => storage.batch([{ kind: 'delete', key }], { sync: false }, unasked));
    assert.throws(() => storage.get(new Uint8Array(65_536), unasked), /65536 bytes/);
  });

  it('answers later, never within the call', async (t) => {
    const storage = await openNew(engine, t);
    let isCalling = true;
    const answers: Promise<unknown>[] = [
      outcomeOf((answer) => storage.get(bytes('a'), later(answer))),
      outcomeOf((answer) => storage.batch([], { sync: true }, later(answer))),
      outcomeOf((answer) => storage.scan({}).next(1, later(answer))),
      outcomeOf((answer) => storage.clear({ lt: bytes('') }, later(answer))),
    ];
    isCalling = false;
    await Promise.all(answers);

    function later<T>(answer: (value: T) => void): (value: T) => void {
      return (value) => {
        assert(!isCalling);
        answer(value);
      };
    }
  });
}

function ranges(engine: StorageEngine): void {
  it('orders by bytes, the shorter first', async (t) => {
    const storage = await openNew(engine, t);
    const keys = ['ff', '00', '7f80', '7f', '0000', '80', 'ff00'].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    await write(storage, ...keys.map((key): Write => ({ kind: 'put', key, value: key })));
    const found = (await scan(storage)).map(({ key }) => Buffer.from(key).toString('hex'));
    assert.deepEqual(found, ['00', '0000', '7f', '7f80', '80', 'ff', 'ff00']);
  });

  it('includes the lower end and excludes the upper one, in both directions', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, ...[...'abcdef'].map((key) => put(key, key)));
    const range = { gte: bytes('b'), lt: bytes('e') };
    assert.deepEqual(await keysOf(storage, range), ['b', 'c', 'd']);
    assert.deepEqual(await keysOf(storage, { ...range, reverse: true }), ['d', 'c', 'b']);
    assert.deepEqual(await keysOf(storage, { gte: bytes('bb'), lt: bytes('dd') }), ['c', 'd']);
    assert.deepEqual(await keysOf(storage, { reverse: true, lt: bytes('c') }), ['b', 'a']);
    assert.deepEqual(await keysOf(storage, { gte: bytes('e') }), ['e', 'f']);
    assert.deepEqual(await keysOf(storage, { gte: bytes('x') }), []);
  });

  it('finds nothing in an empty or inverted range', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, put('a', ''), put('b', ''));
    assert.deepEqual(await keysOf(storage, { gte: bytes('a'), lt: bytes('a') }), []);
    assert.deepEqual(await keysOf(storage, { gte: bytes('b'), lt: bytes('a') }), []);
    assert.deepEqual(await keysOf(storage, { lt: bytes('') }), []);
    assert.deepEqual(await keysOf(storage, { gte: bytes('') }), ['a', 'b']);
    assert.deepEqual(await keysOf(storage, { limit: 0 }), []);
  });

  it('stops at the limit, across pages', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, ...numbered(1000).map((key) => put(key, 'x')));
    assert.deepEqual(await keysOf(storage, { limit: 3 }, 2), numbered(3));
    assert.deepEqual(await keysOf(storage, { limit: 1, reverse: true }), ['00999']);
    assert.equal((await keysOf(storage, {}, 7)).length, 1000);
  });

  it('ends a page that grows too large', async (t) => {
    const storage = await openNew(engine, t);
    for (const key of numbered(8)) await write(storage, put(key, 'x'.repeat(200_000)));
    const first = storage.scan({});
    const page = await asked<readonly Entry[]>((answer) => first.next(100, answer));
    assert(page.length < 8, `${page.length} entries`);
    first.close();
    assert.equal((await keysOf(storage)).length, 8);
  });

  it('does not see what is written after a scan began', async (t) => {
    const storage = await openNew(engine, t);
    const keys = numbered(2000);
    await write(storage, ...keys.map((key) => put(key, 'old')));
    const open = storage.scan({});
    const before = await asked<readonly Entry[]>((answer) => open.next(10, answer));
    await write(storage, ...keys.slice(5, 1500).map(remove), put('00000a', 'new'));
    await write(storage, ...keys.slice(1500).map((key) => put(key, 'new')));
    await asked<void>((answer) => storage.clear({}, answer));
    const rest = await drain(open, 100);
    assert.deepEqual(
      [...before, ...rest].map(({ key, value }) => `${text(key)}=${text(value)}`),
      keys.map((key) => `${key}=old`),
    );
    assert.deepEqual(await keysOf(storage), []);
  });

  it('clears a range and nothing else', async (t) => {
    const storage = await openNew(engine, t);
    await write(storage, ...numbered(3000).map((key) => put(key, 'x')));
    await clear(storage, { gte: bytes('00010'), lt: bytes('02990') });
    assert.deepEqual(await keysOf(storage), [...numbered(10), ...numbered(3000).slice(2990)]);
    await clear(storage, { gte: bytes('02995') });
    await clear(storage, { lt: bytes('00005') });
    assert.equal((await keysOf(storage)).length, 10);
  });

  it('estimates the size of a range', async (t) => {
    const storage = await openNew(engine, t);
    const size = await asked<number>((answer) =>
      storage.approximateSize({ gte: bytes('a'), lt: bytes('z') }, answer),
    );
    assert.equal(size, 0);
  });
}

function lifecycle(engine: StorageEngine): void {
  it('has everything that was acknowledged when it is opened again', async (t) => {
    const path = join(scratch(t), 'db');
    const first = await open(engine, path);
    await write(first, put('synced', '1'));
    await asked<void>((answer) => first.batch([put('not', '2')], { sync: false }, answer));
    await close(first);
    const second = await open(engine, path);
    assert.deepEqual(await keysOf(second), ['not', 'synced']);
    await close(second);
  });

  it('refuses a second opening until the first is closed', async (t) => {
    const path = join(scratch(t), 'db');
    const first = await open(engine, path);
    const refused = await outcomeOf<Storage>((answer) =>
      engine.open(path, DEFAULT_OPEN_OPTIONS, answer),
    );
    assert.equal(refused.kind === 'failed' && refused.failure.kind, 'locked');
    await write(first, put('a', '1'));
    await close(first);
    const second = await open(engine, path);
    assert.equal(await get(second, 'a'), '1');
    await close(second);
  });

  it('answers everything that was asked before it was closed, and nothing is lost', async (t) => {
    const path = join(scratch(t), 'db');
    const storage = await open(engine, path);
    await write(storage, ...numbered(500).map((key) => put(key, 'x')));
    const scanning = storage.scan({});
    const page = outcomeOf<readonly Entry[]>((answer) => scanning.next(10, answer));
    const idle = storage.scan({});
    const busy = numbered(50).map((key) =>
      outcomeOf<void>((answer) => storage.batch([put(`n${key}`, '')], { sync: true }, answer)),
    );
    const read = outcomeOf<Uint8Array | undefined>((answer) => storage.get(bytes('00001'), answer));
    const closed = [close(storage), close(storage)];
    const late = await Promise.all([
      outcomeOf<Uint8Array | undefined>((answer) => storage.get(bytes('00001'), answer)),
      outcomeOf<readonly Entry[]>((answer) => idle.next(10, answer)),
      outcomeOf<readonly Entry[]>((answer) => storage.scan({}).next(10, answer)),
    ]);
    assert.deepEqual(
      late.map((outcome) => outcome.kind === 'failed' && outcome.failure.kind),
      ['closed', 'closed', 'closed'],
    );
    assert((await Promise.all(busy)).every(({ kind }) => kind === 'ok'));
    assert.equal((await read).kind, 'ok');
    assert.equal((await page).kind, 'ok');
    await Promise.all(closed);
    await close(storage);
    const again = await open(engine, path);
    assert.equal((await keysOf(again)).length, 550);
    await close(again);
  });
}

async function openNew(engine: StorageEngine, t: TestContext): Promise<Storage> {
  const storage = await open(engine, join(scratch(t), 'deep', 'db'));
  t.after(() => close(storage));
  return storage;
}

function open(engine: StorageEngine, path: string): Promise<Storage> {
  return asked((answer) => engine.open(path, DEFAULT_OPEN_OPTIONS, answer));
}

function close(storage: Storage): Promise<void> {
  return asked((answer) => storage.close(answer));
}

function clear(storage: Storage, range: Range): Promise<void> {
  return asked((answer) => storage.clear(range, answer));
}

function write(storage: Storage, ...writes: readonly Write[]): Promise<void> {
  return asked((answer) => storage.batch(writes, { sync: true }, answer));
}

async function get(storage: Storage, key: string): Promise<string | undefined> {
  const value = await asked<Uint8Array | undefined>((answer) => storage.get(bytes(key), answer));
  return value && text(value);
}

async function scan(
  storage: Storage,
  options: ScanOptions = {},
  pageSize = 300,
): Promise<readonly Entry[]> {
  return drain(storage.scan(options), pageSize);
}

async function drain(
  scan: ReturnType<Storage['scan']>,
  pageSize: number,
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (;;) {
    const page = await asked<readonly Entry[]>((answer) => scan.next(pageSize, answer));
    if (page.length === 0) return found;
    assert(page.length <= pageSize);
    found.push(...page);
  }
}

async function keysOf(
  storage: Storage,
  options: ScanOptions = {},
  pageSize?: number,
): Promise<readonly string[]> {
  return (await scan(storage, options, pageSize)).map(({ key }) => text(key));
}

function unasked(): void {
  assert.fail('an answer to an impossible question');
}

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => String(i).padStart(5, '0'));
}

function put(key: string, value: string): Write {
  return { kind: 'put', key: bytes(key), value: bytes(value) };
}

function remove(key: string): Write {
  return { kind: 'delete', key: bytes(key) };
}

function bytes(string: string): Uint8Array {
  return new TextEncoder().encode(string);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
