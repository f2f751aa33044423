import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Ranges } from '../../../runtime/structures/interval-set.ts';
import { IntervalSet } from '../../../runtime/structures/interval-set.ts';

const numbersOf = (ranges: Ranges): readonly number[] => {
  const numbers: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    for (let n = ranges[i]!; n <= ranges[i + 1]!; n++) numbers.push(n);
  }
  return numbers;
};
const ranges = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(4)).map(([from, more]) => [from, from + more]),
);
const assertCanonical = (set: IntervalSet) => {
  set.ranges.forEach((bound, i) => {
    if (i === 0) return;
    assert(i % 2 === 1 ? bound >= set.ranges[i - 1]! : bound > set.ranges[i - 1]! + 1);
  });
};

test('is the naive set, canonical after every step', () => {
  fc.assert(
    fc.property(ranges, (added) => {
      const [set, naive] = [new IntervalSet(), new Set<number>()];
      for (const [from, to] of added) {
        const before = naive.size;
        for (let n = from!; n <= to!; n++) naive.add(n);
        assert.equal(set.addRange(from!, to!), naive.size > before);
        assertCanonical(set);
        assert.deepEqual(
          numbersOf(set.ranges),
          [...naive].sort((a, b) => a - b),
        );
      }
      for (let n = 0; n < 50; n++) assert.equal(set.has(n), naive.has(n));
      assert.equal(set.highest, Math.max(0, ...naive));
      let contiguous = 0;
      while (naive.has(contiguous + 1)) contiguous++;
      assert.equal(set.contiguous, contiguous);
    }),
    { numRuns: 500 },
  );
});

test('lacks what the naive difference says, and has it after taking it in', () => {
  fc.assert(
    fc.property(ranges, ranges, (mine, theirs) => {
      const [a, b] = [new IntervalSet(), new IntervalSet()];
      a.addAll(mine.flat());
      b.addAll(theirs.flat());
      const lacking = a.lacks(b.ranges);
      assert.deepEqual(
        numbersOf(lacking),
        numbersOf(b.ranges).filter((n) => !a.has(n)),
      );
      assert.equal(a.addAll(lacking), lacking.length > 0);
      assert.deepEqual(a.lacks(b.ranges), []);
    }),
  );
});

test('with too many holes forgets the highest range, counts it, and never claims what it forgot', () => {
  const set = new IntervalSet([], 3);
  for (const n of [1, 3, 5]) assert.equal(set.add(n), true);
  assert.equal(set.add(7), false);
  assert.equal(set.has(7), false);
  assert.equal(set.forgotten, 1);
  assert.equal(set.add(2), true);
  assert.equal(set.add(7), true);
  assert.deepEqual(set.ranges, [1, 3, 5, 5, 7, 7]);
});
