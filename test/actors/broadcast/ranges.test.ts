import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  countOf,
  includes,
  numbersOf,
  RangeSet,
  rangesOf,
  subtract,
} from '../../../actors/broadcast/ranges.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
const ascending = (items: Iterable<number>) => [...new Set(items)].sort((a, b) => a - b);
const setOf = (items: readonly number[]) => rangesOf(ascending(items));

describe('ranges are a set of numbers', () => {
  test('whatever the order of adding', () => {
    fc.assert(
      fc.property(numbers, (items) => {
        const model = new Set<number>();
        const set = new RangeSet();
        for (const item of items) {
          assert.equal(set.add(item), !model.has(item));
          model.add(item);
        }
        assert.deepEqual(set.ranges, setOf(items));
        assert.equal(countOf(set.ranges), model.size);
        for (let n = 0; n <= 41; n++) assert.equal(set.has(n), model.has(n));
      }),
    );
  });

  test('subtraction leaves what only the first has', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const left = ascending(a).filter((n) => !b.includes(n));
        assert.deepEqual(subtract(setOf(a), setOf(b)), setOf(left));
      }),
    );
  });

  test('numbers are walked up to a limit, however many a peer names', () => {
    assert.deepEqual([...numbersOf([2, 3, 10, 2 ** 53 - 1], 4)], [2, 3, 10, 11]);
    assert.equal(includes([2, 3, 10, 2 ** 53 - 1], 2 ** 52), true);
  });

  test('the lowest holes are filled first, and what was filled is counted', () => {
    const set = new RangeSet();
    for (const n of [1, 5, 6, 9, 20]) set.add(n);
    assert.equal(set.fillDownTo(3), 3);
    assert.deepEqual(set.ranges, [1, 6, 9, 9, 20, 20]);
    assert.equal(set.fillBelow(19), 2);
    assert.deepEqual(set.ranges, [1, 9, 20, 20]);
    assert.equal(set.top, 20);
  });
});
