import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter, compareBytes } from '../../../runtime/structures/bytes.ts';
import { itemOf, keyPartOf, leafKeyOf } from '../../../runtime/structures/item.ts';

test('what was written is read back', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ maxLength: 300 }),
      (integer, word, text, bytes) => {
        const writer = new ByteWriter().integer(integer).uint64(word).text(text).bytes(bytes);
        const reader = new ByteReader(writer.byte(7).uint32(0xfffffffe).finish());
        assert.equal(reader.integer(), integer);
        assert.equal(reader.uint64(), word);
        assert.equal(reader.text(4096), text);
        assert.deepEqual(reader.bytes(300), bytes);
        assert.equal(reader.byte(), 7);
        assert.equal(reader.uint32(), 0xfffffffe);
        assert.equal(reader.fault, undefined);
      },
    ),
  );
});

test('an integer has one form: longer ones and those beyond 2^53 are faults', () => {
  const read = (...bytes: readonly number[]) => {
    const reader = new ByteReader(Uint8Array.from(bytes));
    const value = reader.integer();
    return reader.fault?.reason ?? value;
  };
  assert.equal(read(0xff, 0x01), 255);
  assert.equal(read(0x80, 0x00), 'integer not in its shortest form');
  assert.equal(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), Number.MAX_SAFE_INTEGER);
  assert.equal(read(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10), 'integer too large');
  assert.equal(read(...Array<number>(9).fill(0xff)), 'integer not in its shortest form');
  assert.equal(read(0x80), 'truncated');
});

test('after a fault a reader reads nothing more, and keeps the first reason', () => {
  const reader = new ByteReader(Uint8Array.of(5, 1, 2));
  assert.deepEqual(reader.bytes(4), new Uint8Array(0));
  assert.equal(reader.byte(), 0);
  assert.equal(reader.fault?.reason, 'integer too large');
});

test('bytes read are copies, and bytes left over are a fault', () => {
  const source = Uint8Array.of(1, 9, 9);
  const reader = new ByteReader(source);
  const read = reader.bytes(1);
  source[1] = 0;
  assert.deepEqual(read, Uint8Array.of(9));
  assert.equal(reader.fault?.reason, 'trailing bytes');
});

test('bytes are ordered as the disk engines have them', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Math.sign(Buffer.compare(a, b)));
    }),
  );
});

test('items of two versions of a row share the part of the key, and lead to its leaf', () => {
  const keyed = (bytes: Uint8Array) => createHmac('sha256', 'cluster').update(bytes).digest();
  const key = Uint8Array.of(1, 2, 3);
  const [old, recent] = [1, 2].map((n) => itemOf(key, new Uint8Array(16).fill(n), keyed));
  const other = itemOf(Uint8Array.of(1, 2), new Uint8Array(16).fill(1), keyed);
  assert.deepEqual(old!.slice(0, 8), recent!.slice(0, 8));
  assert.notDeepEqual(old, recent);
  assert.notDeepEqual(old!.slice(0, 8), other.slice(0, 8));
  assert.deepEqual(keyPartOf(key, keyed), old!.slice(0, 8));
  assert.deepEqual(leafKeyOf(old!, key), Uint8Array.of(...old!.slice(0, 8), 1, 2, 3));
});
