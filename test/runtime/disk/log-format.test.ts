/** The log format, on logs made here: what is damage and what is the mark of a crash. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../../runtime/disk/crc32c.ts';
import { findDamage, recordStarts } from '../../../runtime/disk/log-format.ts';

/** LevelDB's writer (log_writer.cc): fragments that never cross a block of 32 KiB. */
function logOf(records: readonly Uint8Array[]): Buffer {
  const parts: Buffer[] = [];
  let used = 0;
  for (const record of records) {
    let rest = Buffer.from(record);
    for (let isFirst = true; isFirst || rest.length > 0; isFirst = false) {
      if (32_768 - used < 7) {
        parts.push(Buffer.alloc(32_768 - used));
        used = 0;
      }
      const fragment = rest.subarray(0, 32_768 - used - 7);
      rest = rest.subarray(fragment.length);
      const type = isFirst ? (rest.length === 0 ? 1 : 2) : rest.length === 0 ? 4 : 3;
      parts.push(header(type, fragment), fragment);
      used = (used + 7 + fragment.length) % 32_768;
      if (rest.length === 0) break;
    }
  }
  return Buffer.concat(parts);
}

function header(type: number, fragment: Buffer): Buffer {
  const crc = crc32c(fragment, crc32c(Uint8Array.of(type)));
  const bytes = Buffer.alloc(7);
  bytes.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  bytes.writeUInt16LE(fragment.length, 4);
  bytes[6] = type;
  return bytes;
}

const record = (size: number) => Buffer.alloc(size, 7 + (size % 100));
const sizes = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 90_000 })),
  {
    minLength: 2,
    maxLength: 12,
  },
);

test('crc32c is that of RFC 3720', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  const text = new TextEncoder().encode('123456789');
  assert.equal(crc32c(text.subarray(4), crc32c(text.subarray(0, 4))), 0xe3069283);
});

test('a sound log is no damage, cut off anywhere or followed by zeros', () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (lengths, where) => {
      const log = logOf(lengths.map(record));
      assert.equal(findDamage(log), undefined);
      assert.equal(findDamage(log.subarray(0, Math.floor(log.length * where))), undefined);
      assert.equal(findDamage(Buffer.concat([log, Buffer.alloc(50_000)])), undefined);
      const starts = [...recordStarts(log)].map((start) => start.length);
      assert.equal(starts.length, lengths.length);
    }),
    { numRuns: 50 },
  );
});

test('a changed byte before the last record is damage', () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 0.999, noNaN: true }), (lengths, where) => {
      const sound = logOf(lengths.map(record));
      const log = Buffer.concat([sound, logOf([record(50)]).subarray(0, 57)]);
      // The appended record may cross a block, where it is none; then there is nothing sound behind.
      fc.pre(32_768 - (sound.length % 32_768) > 57);
      const at = Math.floor(sound.length * where);
      const isPadding = 32_768 - (at % 32_768) < 7;
      fc.pre(!isPadding);
      log[at]! ^= 0x55;
      assert.notEqual(findDamage(log), undefined);
    }),
    { numRuns: 50 },
  );
});
