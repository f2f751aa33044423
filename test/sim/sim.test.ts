/**
 * The simulator itself, small: one seed is one run, byte for byte; a mechanism that is switched off is found; and each
 * scenario passes at a size that takes a moment. The sizes and seeds of the proof: npm run sim -- --full.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault } from './mixed.ts';
import { Mixed } from './mixed.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { play } from './verdict.ts';

test('one seed is one run, byte for byte, and another seed another', () => {
  const [first, again, other] = [1, 1, 2].map((seed) => play(new Mixed({ seed, steps: 30 })));
  assert.deepEqual(again, first);
  assert.notEqual(other!.trace, first!.trace);
});

describe('a mixed run fails', () => {
  const faults: readonly (readonly [Fault, string])[] = [
    ['no_exchange', 'when replicas are not compared'],
    ['no_gap_filling', 'when registries do not ask for what they missed'],
    ['no_incarnation_bump', 'when a node that was restarted says it is the same life'],
    ['no_merge', 'when a node does not merge'],
  ];
  for (const [fault, when] of faults) {
    test(when, () => {
      const seeds = [1, 2, 3, 4, 5, 6];
      const isFound = seeds.some((seed) => {
        try {
          play(new Mixed({ seed, fault }));
          return false;
        } catch (error) {
          assert.match(String(error), /differ|lost|is back|not whole|other bytes|answers|lists/);
          return true;
        }
      });
      assert(isFound, `${fault} was not found in ${seeds.length} seeds`);
    });
  }
});

/** Nodes that take about a second. Absent: as the scenario says. */
const SMALL: Readonly<Record<number, number>> = { 1: 60, 2: 9, 3: 60, 4: 60, 7: 12, 8: 30, 20: 6 };

describe('scenarios, small', () => {
  for (const { number, title, cells } of SCENARIOS) {
    test(`${number}: ${title}`, () => {
      const [cell] = cells('tour', SMALL[number]);
      for (const seed of number === 25 ? [1, 2, 3, 345] : [1]) cell!.run(seed);
    });
  }
});
