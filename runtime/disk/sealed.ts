/**
 * A checksum around each value: crc32c of key and value, four bytes little-endian, then the value. Both bindings read
 * without verifying the blocks' own checksums (iterators of rocksdb, everything of classic-level), so a flipped bit on
 * the disk would be a row that replicates.
 */
import { crc32c } from './crc32c.ts';
import type { Done, RawDatabase, RawScan } from './raw-database.ts';
import type { Entry, Write } from './storage.ts';

const SEAL_BYTES = 4;

export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(SEAL_BYTES + value.length);
  sealed.writeUInt32LE(crc32c(value, crc32c(key)));
  sealed.set(value, SEAL_BYTES);
  return sealed;
}

/** The value, or undefined when it is not what was sealed under this key. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < SEAL_BYTES) return undefined;
  const [a, b, c, d] = sealed as unknown as [number, number, number, number];
  const value = sealed.subarray(SEAL_BYTES);
  return crc32c(value, crc32c(key)) === (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
    ? value
    : undefined;
}

/** `raw` with sealed values. */
export function sealing(raw: RawDatabase): RawDatabase {
  return {
    get: (key, done) =>
      raw.get(key, (error, sealed) => {
        if (error || sealed === undefined) return done(error, undefined);
        const value = unseal(key, sealed);
        if (value === undefined) done(brokenSeal(key));
        else done(null, value);
      }),
    getMany: (keys, done) =>
      raw.getMany(keys, (error, sealed) => {
        if (error || sealed === undefined) return done(error);
        const values = sealed.map((bytes, i) => bytes && (unseal(keys[i]!, bytes) ?? null));
        const bad = values.indexOf(null);
        if (bad >= 0) done(brokenSeal(keys[bad]!));
        else done(null, values as readonly (Uint8Array | undefined)[]);
      }),
    batch: (writes, sync, done) => raw.batch(writes.map(sealWrite), sync, done),
    scan: (options) => sealingScan(raw.scan(options)),
    clear: (range, done) => raw.clear(range, done),
    approximateSize: (gte, lt, done) => raw.approximateSize(gte, lt, done),
    close: (done) => raw.close(done),
  };
}

function sealingScan(raw: RawScan): RawScan {
  return {
    next: (maxEntries, done) => raw.next(maxEntries, (error, page) => openPage(error, page, done)),
    end: (done) => raw.end(done),
  };
}

function openPage(
  error: Error | null | undefined,
  page: readonly Entry[] | undefined,
  done: Done<readonly Entry[]>,
): void {
  if (error || page === undefined) return done(error);
  const opened: Entry[] = [];
  for (const { key, value: sealed } of page) {
    const value = unseal(key, sealed);
    if (value === undefined) return done(brokenSeal(key));
    opened.push({ key, value });
  }
  done(null, opened);
}

function sealWrite(write: Write): Write {
  return write.kind === 'put' ? { ...write, value: seal(write.key, write.value) } : write;
}

function brokenSeal(key: Uint8Array): Error {
  const hex = Buffer.from(key.subarray(0, 32)).toString('hex');
  return new Error(`Corruption: checksum mismatch of the value under key ${hex}`);
}
