/** Bodies between nodes: what is sent comes back, what is hostile is a value. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PlainValue } from '../../../../runtime/net/peer/codec.ts';
import { BODY_LIMITS, decodeBody, encodeBody } from '../../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../../runtime/structures/malformed.ts';

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 128n - 1n }),
  fc.bigInt({ min: -(2n ** 128n), max: -(2n ** 53n) - 1n }),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array(),
);
const { value: plain } = fc.letrec<{ value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    scalar,
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value'), { noNullPrototype: false }).map(nullPrototype),
  ),
}));

function nullPrototype(dict: Record<string, PlainValue>): PlainValue {
  return Object.assign(Object.create(null) as Record<string, PlainValue>, dict);
}

function refusal(hex: string): string {
  const result = decodeBody(Buffer.from(hex, 'hex'));
  assert(result instanceof Malformed, hex);
  return result.reason;
}

describe('a body', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(plain, (value) => {
        assert.deepEqual(decodeBody(encodeBody(value)), value);
      }),
      { numRuns: 200 },
    );
  });

  test('is the same bytes when it is passed on', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = encodeBody(value);
        const again = decodeBody(bytes);
        assert(!(again instanceof Malformed));
        assert.deepEqual(encodeBody(again), bytes);
      }),
    );
  });

  test('keeps integers exact around every power of two', () => {
    for (let bits = 1n; bits < 127n; bits++) {
      for (const value of [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n, -(2n ** bits) - 1n]) {
        const decoded = decodeBody(encodeBody(value));
        assert.equal(BigInt(decoded as number | bigint), value);
      }
    }
    assert.equal(decodeBody(encodeBody(1_700_000_000_123)), 1_700_000_000_123);
    assert.throws(() => encodeBody(2n ** 130n), /128 bits/);
  });

  test('keeps a key called __proto__ and gives no prototype', () => {
    const sent = JSON.parse('{"__proto__": 1, "constructor": 2}') as PlainValue;
    const decoded = decodeBody(encodeBody(sent)) as Record<string, PlainValue>;
    assert.deepEqual(Object.entries(decoded), [
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    assert.equal(decoded['toString'], undefined);
  });

  test('shares no memory with the bytes it was read from', () => {
    const bytes = encodeBody([new Uint8Array([1, 2, 3])]);
    const decoded = decodeBody(bytes);
    bytes.fill(0);
    assert.deepEqual(decoded, [new Uint8Array([1, 2, 3])]);
  });
});

describe('hostile bytes', () => {
  test('are refused: each kind with its reason', () => {
    assert.equal(refusal(''), 'ends too early');
    assert.equal(refusal('01ff'), 'bytes after the value');
    assert.equal(refusal('9affffffff'), 'ends too early');
    assert.equal(refusal('bb7fffffffffffffff'), 'ends too early');
    assert.equal(refusal('5b7fffffffffffffff'), 'ends too early');
    assert.equal(refusal('a10102'), 'a key is not a string');
    assert.equal(refusal('61ff'), 'a string is not UTF-8');
    for (const hex of [
      '9fff',
      'bfff',
      '5f40ff',
      '7f60ff',
      'ff',
      'f7',
      'f820',
      'f8ff',
      'fc',
      '1c',
    ]) {
      assert.match(refusal(hex), /malformed|early/, hex);
    }
    for (const tag of ['c0', 'c1', 'd864', 'd818', 'd9d9f7', 'd869']) {
      assert.equal(refusal(`${tag}01`), 'malformed', `tag ${tag}`);
    }
    assert.equal(refusal(`c251${'ff'.repeat(17)}`), 'a bignum is too long');
  });

  test('cost nothing: bombs of depth, of empty lists, of long bignums', () => {
    const started = performance.now();
    assert.equal(refusal('81'.repeat(1_000_000)), 'nested too deep');
    const lists = Buffer.alloc(2_000_005, 0x80);
    lists.set([0x9a, 0x00, 0x1e, 0x84, 0x80]);
    assert.deepEqual(decodeBody(lists), new Malformed('too many values'));
    assert.equal(refusal(`c25a00020000${'ff'.repeat(131_072)}`), 'a bignum is too long');
    assert(performance.now() - started < 1000);
  });

  test('are judged by the limits of the caller', () => {
    const body = encodeBody([[1], [2]]);
    assert.deepEqual(
      decodeBody(body, { ...BODY_LIMITS, maxDepth: 1 }),
      new Malformed('nested too deep'),
    );
    assert.deepEqual(
      decodeBody(body, { ...BODY_LIMITS, maxItems: 4 }),
      new Malformed('too many values'),
    );
    assert.deepEqual(decodeBody(body, { ...BODY_LIMITS, maxBytes: 4 }), new Malformed('too long'));
  });

  test('never throw, random or mutated', () => {
    fc.assert(
      fc.property(
        plain,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        (value, edits) => {
          const bytes = encodeBody(value);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          decodeBody(bytes);
        },
      ),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => void decodeBody(bytes)),
      { numRuns: 200 },
    );
  });
});
