/** LevelDB by `classic-level`: its prebuilt binaries run as installed on every Node that we support. */
import { ClassicLevel } from 'classic-level';
import { makeDirectory } from './atomic-file.ts';
import { failureOf } from './failure.ts';
import { GatedStorage } from './gated-storage.ts';
import type { Done, RawDatabase, RawScan } from './raw-database.ts';
import { asBuffer } from './raw-database.ts';
import { sealing } from './sealed.ts';
import type { Range, ScanOptions, StorageEngine, Write } from './storage.ts';
import { failed, ok, SCAN_PAGE_BYTES } from './storage.ts';

type Level = ClassicLevel<Buffer, Buffer>;

export const leveldb: StorageEngine = {
  name: 'leveldb',
  open(path, { cacheBytes, writeBufferBytes, maxOpenFiles }, answer) {
    const level: Level = new ClassicLevel<Buffer, Buffer>(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    const options = {
      cacheSize: cacheBytes,
      writeBufferSize: writeBufferBytes,
      maxOpenFiles,
      passive: false,
    };
    settle(openPrivately(level, path, options), (error) => {
      if (error) answer(failed(failureOf(error, path)));
      else answer(ok(new GatedStorage('leveldb', path, sealing(new LevelDatabase(level)))));
    });
  },
};

async function openPrivately(
  level: Level,
  path: string,
  options: Parameters<Level['open']>[0],
): Promise<void> {
  makeDirectory(path);
  await level.open(options);
}

class LevelDatabase implements RawDatabase {
  readonly #level: Level;

  constructor(level: Level) {
    this.#level = level;
  }

  get(key: Uint8Array, done: Done<Uint8Array | undefined>): void {
    settle(this.#level.get(asBuffer(key)), done);
  }

  getMany(keys: readonly Uint8Array[], done: Done<readonly (Uint8Array | undefined)[]>): void {
    settle(this.#level.getMany(keys.map(asBuffer)), done);
  }

  batch(writes: readonly Write[], sync: boolean, done: Done<void>): void {
    settle(this.#level.batch(writes.map(operation), { sync }), done);
  }

  scan(options: ScanOptions): RawScan {
    const iterator = this.#level.iterator({
      ...ends(options),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      reverse: options.reverse === true,
      highWaterMarkBytes: SCAN_PAGE_BYTES,
    });
    return {
      next: (maxEntries, done) =>
        settle(
          iterator.nextv(maxEntries).then((page) => page.map(([key, value]) => ({ key, value }))),
          done,
        ),
      end: (done) => settle(iterator.close(), done),
    };
  }

  clear(range: Range, done: Done<void>): void {
    settle(this.#level.clear(ends(range)), done);
  }

  approximateSize(gte: Uint8Array, lt: Uint8Array, done: Done<number>): void {
    settle(this.#level.approximateSize(asBuffer(gte), asBuffer(lt)), done);
  }

  close(done: Done<void>): void {
    settle(this.#level.close(), done);
  }
}

/** A throw of `done` is an unhandled rejection and ends the process, as any throw of ours in a callback does. */
function settle<T>(promise: Promise<T>, done: Done<T>): void {
  promise.then(
    (value) => done(null, value),
    (error: unknown) => done(error as Error),
  );
}

function operation(write: Write) {
  const key = asBuffer(write.key);
  return write.kind === 'put'
    ? { type: 'put' as const, key, value: asBuffer(write.value) }
    : { type: 'del' as const, key };
}

function ends({ gte, lt }: Range): { gte?: Buffer; lt?: Buffer } {
  return {
    ...(gte === undefined || gte.length === 0 ? {} : { gte: asBuffer(gte) }),
    ...(lt === undefined ? {} : { lt: asBuffer(lt) }),
  };
}
