import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { merge, put, remove } from '../../../runtime/causality/row.ts';
import {
  decodeRow,
  digestOf,
  encodeRow,
  ROW_LIMITS,
} from '../../../runtime/causality/row-codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { bytes, replicas } from '../../support/rows.ts';

const sha256 = (input: Uint8Array) => createHash('sha256').update(input).digest();
const faultOf = (input: Uint8Array) => {
  const row = decodeRow(input);
  assert(row instanceof Malformed, 'was accepted');
  return row.reason;
};

test('a row comes back as it was', () => {
  fc.assert(
    fc.property(replicas, ([x, y]) => {
      const row = merge(x!, y!);
      assert.deepEqual(decodeRow(encodeRow(row)), row);
    }),
  );
});

test('the bytes of a row, which must not change while nodes of two versions talk', () => {
  const alive = put(
    undefined,
    { stamp: 0x0102n, value: bytes('hi') },
    { actor: 'a#1', sequence: 5 },
  );
  const row = merge(alive, remove(undefined, 1n, { actor: 'b#2', sequence: 300 }));
  assert.equal(
    Buffer.from(encodeRow(row)).toString('hex'),
    '0102' +
      '03612331' +
      '0501' +
      '00' +
      '0000000000000102' +
      '01026869' +
      '03622332' +
      'ac0201' +
      '00' +
      '0000000000000001' +
      '00',
  );
});

test('changed, cut or random bytes are refused or are the bytes of another row, never a throw', () => {
  fc.assert(
    fc.property(replicas, fc.nat(), fc.nat(255), fc.boolean(), ([x], at, byte, isCut) => {
      const encoded = encodeRow(x!);
      const place = at % encoded.length;
      if (isCut) assert(decodeRow(encoded.subarray(0, place)) instanceof Malformed);
      encoded[place] = byte;
      const row = decodeRow(encoded);
      if (!(row instanceof Malformed)) assert.deepEqual(encodeRow(row), encoded);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (random) => {
      const row = decodeRow(random);
      if (!(row instanceof Malformed)) assert.deepEqual(encodeRow(row), random);
    }),
  );
});

test('each fault has its reason', () => {
  const hex = (text: string) => faultOf(Uint8Array.from(Buffer.from(text, 'hex')));
  const version = '00' + '0000000000000001' + '00';
  assert.equal(hex('02'), 'unknown row format');
  assert.equal(hex(''), 'unknown row format');
  assert.equal(hex('0100'), 'no version');
  assert.equal(hex(`0101016105${'01'}${version}ff`), 'trailing bytes');
  assert.equal(hex(`0102016105${'01'}${version}016105${'01'}${version}`), 'actors not ascending');
  assert.equal(hex(`0101016105${'02'}${version}${version}`), 'dots not descending');
  assert.equal(hex(`0101016100${'01'}${version}`), 'dot 0');
  assert.equal(hex(`010101618500${'01'}${version}`), 'integer not in its shortest form');
  assert.equal(hex(`010101ff05${'01'}${version}`), 'text is not UTF-8');
  assert.equal(hex('01ff1f0161'), 'count exceeds the bytes');
  assert.equal(hex(`010101610501000000000000000001${'03'}`), 'unknown kind of version');
  assert.equal(hex(`0101016105010000000000000000010180808040`), 'integer too large');
});

test('a row over the limit is not written', () => {
  const value = new Uint8Array(ROW_LIMITS.maxRowBytes + 1);
  const row = put(undefined, { stamp: 1n, value }, { actor: 'a#1', sequence: 1 });
  assert.throws(() => encodeRow(row), /bytes/);
});

test('a digest is the first 16 bytes of the hash of all of it', () => {
  const row = put(undefined, { stamp: 1n, value: bytes('v') }, { actor: 'a#1', sequence: 1 });
  const encoded = encodeRow(row);
  assert.deepEqual(digestOf(encoded, sha256), Uint8Array.from(sha256(encoded).subarray(0, 16)));
});
