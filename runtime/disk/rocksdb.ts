/**
 * RocksDB by `rocksdb` 5.2.1 (RocksDB 6.17). Its prebuilt binary aborts the whole process when it is loaded by some
 * builds of Node, so nothing may call `loadRocksdb` before the probe has passed (engine-probe.ts).
 */
import { createRequire } from 'node:module';
import { makeDirectory } from './atomic-file.ts';
import { failureOf } from './failure.ts';
import { GatedStorage } from './gated-storage.ts';
import type { Done, RawDatabase, RawScan } from './raw-database.ts';
import { asBuffer } from './raw-database.ts';
import { sealing } from './sealed.ts';
import type { Entry, Range, ScanOptions, StorageEngine, Write } from './storage.ts';
import { failed, ok, SCAN_PAGE_BYTES } from './storage.ts';

/** Throws when the package or its binary is missing; ends the process where the binary does not fit. */
export function loadRocksdb(): StorageEngine {
  const construct = createRequire(import.meta.url)('rocksdb') as (path: string) => Rocks;
  return {
    name: 'rocksdb',
    open(path, { cacheBytes, writeBufferBytes, maxOpenFiles }, answer) {
      try {
        makeDirectory(path);
      } catch (error) {
        return void setImmediate(answer, failed(failureOf(error, path)));
      }
      const rocks = construct(path);
      const options = {
        cacheSize: cacheBytes,
        writeBufferSize: writeBufferBytes,
        maxOpenFiles,
        infoLogLevel: '',
      };
      rocks.open(options, (error) => {
        if (error) answer(failed(failureOf(error, path)));
        else answer(ok(new GatedStorage('rocksdb', path, sealing(new RocksDatabase(rocks)))));
      });
    },
  };
}

class RocksDatabase implements RawDatabase {
  readonly #rocks: Rocks;

  constructor(rocks: Rocks) {
    this.#rocks = rocks;
  }

  get(key: Uint8Array, done: Done<Uint8Array | undefined>): void {
    this.#rocks.get(asBuffer(key), (error, value) => {
      if (error && /notfound/i.test(error.message)) done(null, undefined);
      else done(error, value);
    });
  }

  getMany(keys: readonly Uint8Array[], done: Done<readonly (Uint8Array | undefined)[]>): void {
    this.#rocks.getMany(keys.map(asBuffer), done);
  }

  batch(writes: readonly Write[], sync: boolean, done: Done<void>): void {
    this.#rocks.batch(writes.map(operation), { sync }, done);
  }

  scan(options: ScanOptions): RawScan {
    const iterator = this.#rocks.iterator({
      ...ends(options),
      limit: options.limit ?? -1,
      reverse: options.reverse === true,
      highWaterMark: SCAN_PAGE_BYTES,
    });
    return {
      next: (maxEntries, done) => readPage(iterator, maxEntries, done),
      end: (done) => iterator.end(done),
    };
  }

  clear(range: Range, done: Done<void>): void {
    this.#rocks.clear(ends(range), done);
  }

  approximateSize(gte: Uint8Array, lt: Uint8Array, done: Done<number>): void {
    this.#rocks.approximateSize(asBuffer(gte), asBuffer(lt), done);
  }

  close(done: Done<void>): void {
    this.#rocks.close(done);
  }
}

/** The binding reads ahead by itself; it hands out one entry at a time. */
function readPage(
  iterator: RocksIterator,
  maxEntries: number,
  done: Done<readonly Entry[]>,
  page: Entry[] = [],
  bytes = 0,
): void {
  iterator.next((error, key, value) => {
    if (error) return done(error);
    if (key === undefined || value === undefined) return done(null, page);
    page.push({ key, value });
    const size = bytes + key.length + value.length;
    if (page.length >= maxEntries || size > SCAN_PAGE_BYTES) done(null, page);
    else readPage(iterator, maxEntries, done, page, size);
  });
}

function operation(write: Write): RocksOperation {
  const key = asBuffer(write.key);
  return write.kind === 'put'
    ? { type: 'put', key, value: asBuffer(write.value) }
    : { type: 'del', key };
}

function ends({ gte, lt }: Range): RocksRange {
  return {
    ...(gte === undefined || gte.length === 0 ? {} : { gte: asBuffer(gte) }),
    ...(lt === undefined ? {} : { lt: asBuffer(lt) }),
  };
}

/** What we use of the package, which has no types (abstract-leveldown 7). */
interface Rocks {
  open(options: object, done: Done<void>): void;
  close(done: Done<void>): void;
  get(key: Buffer, done: Done<Buffer>): void;
  getMany(keys: readonly Buffer[], done: Done<readonly (Buffer | undefined)[]>): void;
  batch(
    operations: readonly RocksOperation[],
    options: { readonly sync: boolean },
    done: Done<void>,
  ): void;
  clear(range: RocksRange, done: Done<void>): void;
  approximateSize(start: Buffer, end: Buffer, done: Done<number>): void;
  iterator(options: object): RocksIterator;
}

interface RocksIterator {
  next(done: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void;
  end(done: Done<void>): void;
}

interface RocksRange {
  readonly gte?: Buffer;
  readonly lt?: Buffer;
}

type RocksOperation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer };
