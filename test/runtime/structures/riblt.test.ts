import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashWords } from '../../../runtime/structures/half-siphash.ts';
import { differenceOf } from '../../../runtime/structures/item.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { CodedSymbols, decodeSymbols, Mapping } from '../../../runtime/structures/riblt.ts';
import { RibltDecoder } from '../../../runtime/structures/riblt-decoder.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { changed, itemNumber, someItems, sorted } from '../../support/items.ts';
import { decodeStream, KEY, symbolsOf } from '../../support/reconcile.ts';

test('the hash is HalfSipHash-2-4-64 of the reference vectors', () => {
  const words = Int32Array.from([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c]);
  const out = new Uint32Array(2);
  hashWords({ low: 0x03020100, high: 0x07060504 }, words, 0, out);
  assert.deepEqual([...out], [0xd2aa3673, 0xb5f37b5f]);
});

describe('the stream', () => {
  test('decodes to the naive difference, whichever side has more', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.nat(60),
        fc.nat(200),
        fc.nat(1e6),
        (mine, theirs, shared, seed) => {
          const both = someItems(shared, seed);
          const a = [...both, ...someItems(mine, seed + 1000)];
          const b = [...both, ...someItems(theirs, seed + 2000)];
          const { difference } = decodeStream(symbolsOf(a, 1024), symbolsOf(b, 1024));
          assert.deepEqual(sorted(difference!), sorted(differenceOf(a, b)));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of changed rows gives the old and the new item of each', () => {
    for (const count of [1, 10, 300]) {
      const a = someItems(2000);
      const b = changed(a, count, count);
      const { difference } = decodeStream(symbolsOf(a), symbolsOf(b));
      assert.deepEqual(sorted(difference!), sorted(differenceOf(a, b)));
      assert.equal(difference!.mine.length, count);
    }
  });

  test('of equal sets ends with the first chunk', () => {
    const symbols = symbolsOf(someItems(100));
    assert.deepEqual(decodeStream(symbols, symbols).difference, { mine: [], theirs: [] });
    assert.equal(decodeStream(symbols, symbols).roundTrips, 1);
  });

  test('needs few symbols per difference and few round trips', () => {
    const a = someItems(5000);
    const symbols = symbolsOf(a);
    for (const seed of [1, 2, 3, 4, 5]) {
      const { bytes, roundTrips } = decodeStream(symbols, symbolsOf(changed(a, 100, seed)));
      assert(bytes <= 15 * 1024, `${bytes} bytes`);
      assert(roundTrips <= 5, `${roundTrips} round trips`);
    }
  });

  test('is the same however the set came about', () => {
    const symbols = symbolsOf(someItems(50));
    for (let n = 0; n < 50; n++) symbols.change(itemNumber(n), itemNumber(n, 1));
    for (let n = 0; n < 50; n++)
      symbols.change(itemNumber(n, 1), n < 20 ? itemNumber(n) : undefined);
    assert.deepEqual(symbols.encode(0, 4096), symbolsOf(someItems(20)).encode(0, 4096));
  });

  test('of partitions adds up to that of the whole', () => {
    const whole = new CodedSymbols(KEY, 64);
    for (const from of [0, 10, 20]) whole.addAll(symbolsOf(someItems(10, from), 64));
    assert.deepEqual(whole.encode(0, 64), symbolsOf(someItems(30), 64).encode(0, 64));
  });
});

describe('too many differences', () => {
  test('are noticed early, from the scatter of the counts', () => {
    const { difference, bytes } = decodeStream(
      symbolsOf(someItems(3000), 256),
      symbolsOf(someItems(3000, 10_000), 256),
    );
    assert.equal(difference, undefined);
    assert(bytes < 1000, `${bytes} bytes`);
  });

  test('end in giving up when the symbols are exhausted', () => {
    const left = someItems(400);
    const { difference } = decodeStream(symbolsOf(left, 256), symbolsOf(changed(left, 99, 1), 256));
    assert.equal(difference, undefined);
  });

  test('and a peer that keeps fewer symbols ends in giving up', () => {
    const decoder = new RibltDecoder(symbolsOf(someItems(10), 64));
    assert.equal(decoder.start().kind, 'ask');
    assert.equal(decoder.received(new Uint8Array(0)).kind, 'gave_up');
  });
});

describe('a hostile peer', () => {
  test('with random bytes is refused, or makes the decoder give up or ask a bounded number of times', () => {
    const own = symbolsOf(someItems(100), 256);
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, isPlausible) => {
        const random = seededRandom(seed);
        const decoder = new RibltDecoder(own);
        let step = decoder.start();
        for (let turns = 0; step.kind === 'ask'; turns++) {
          assert(turns < 20);
          const bytes = isPlausible
            ? symbolsOf(someItems(turns * 7, seed >>> 8), 256).encode(step.from, step.to)
            : Uint8Array.from({ length: 25 * (step.to - step.from) }, () => random.integer(0, 127));
          step = decoder.received(bytes);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('that repeats a symbol for ever cannot make the decoder find for ever', () => {
    const one = symbolsOf([itemNumber(1)], 16).encode(0, 1);
    const decoder = new RibltDecoder(symbolsOf([], 1024));
    let step = decoder.start();
    for (let turns = 0; step.kind === 'ask'; turns++) {
      assert(turns < 30);
      const bytes = new Uint8Array(one.length * (step.to - step.from));
      for (let at = 0; at < bytes.length; at += one.length) bytes.set(one, at);
      step = decoder.received(bytes);
    }
    assert.notEqual(step.kind, 'ask');
  });

  test('with more symbols than asked for, or a torn one, is refused', () => {
    const bytes = symbolsOf(someItems(5), 64).encode(0, 64);
    assert(decodeSymbols(bytes, 8) instanceof Malformed);
    assert(decodeSymbols(bytes.subarray(0, 30), 64) instanceof Malformed);
  });
});

test('symbol i has about 1 / (1 + i/2) of the items, the first has all', () => {
  const shares = new Float64Array(64);
  const random = seededRandom(7);
  for (let n = 0; n < 20_000; n++) {
    const mapping = new Mapping(
      random.integer(0, 2 ** 32 - 1) | 0,
      random.integer(0, 2 ** 32 - 1) | 0,
    );
    for (let i = 0; i < 64; i = mapping.next()) shares[i]! += 1 / 20_000;
  }
  assert.equal(Math.round(shares[0]!), 1);
  for (const i of [1, 2, 5, 20, 50]) {
    assert(Math.abs(shares[i]! * (1 + i / 2) - 1) < 0.15, `symbol ${i}: ${shares[i]}`);
  }
});

test('an item that is not in the set cannot be taken out', () => {
  assert.throws(() => symbolsOf([]).change(itemNumber(1), undefined), /not in the set/);
});
