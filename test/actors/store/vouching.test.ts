/** Who may tell a node that has forgotten everything which puts are old: a peer that knows, or all that there are. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CatchingUp } from '../../../actors/store/catching-up.ts';
import { Watermarks } from '../../../runtime/causality/watermarks.ts';
import { StoreClock } from '../../../runtime/causality/store-clock.ts';

const GRACE = 10_000;

describe('a node that catches up', () => {
  test('has done so after one peer that has', () => {
    const catchingUp = new CatchingUp(GRACE);
    assert(catchingUp.compared('a', false, ['a', 'b', 'c'], ['a', 'b'], 0));
  });

  test('is not vouched for by another that catches up: two wiped nodes know nothing together', () => {
    const catchingUp = new CatchingUp(GRACE);
    assert(!catchingUp.compared('a', true, ['a', 'b', 'c'], ['a', 'b'], 0));
    assert.deepEqual([catchingUp.isNew('a'), catchingUp.isNew('b')], [false, true]);
    assert(catchingUp.compared('b', false, ['a', 'b', 'c'], ['a', 'b'], 1));
  });

  test('asks also those that are linked and not known as members yet', () => {
    const catchingUp = new CatchingUp(GRACE);
    assert(!catchingUp.compared('a', true, [], ['a', 'b'], 0));
  });

  test('has done so when it has compared with all, where all have just started', () => {
    const catchingUp = new CatchingUp(GRACE);
    assert(!catchingUp.compared('a', true, ['a', 'b'], ['a', 'b'], 0));
    assert(catchingUp.compared('b', true, ['a', 'b'], ['a', 'b'], 1));
  });

  test('waits for a member that is down only so long, and begins anew the next time', () => {
    const catchingUp = new CatchingUp(GRACE);
    for (const now of [5, GRACE + 4]) {
      assert(!catchingUp.compared('a', true, ['a', 'down'], ['a'], now));
    }
    assert(catchingUp.compared('a', true, ['a', 'down'], ['a'], GRACE + 5));
    assert(!catchingUp.compared('a', true, ['a', 'down'], ['a'], GRACE + 6));
  });
});

describe('a member that has reported more', () => {
  test('is ahead, until this clock has seen it too; others are not', () => {
    const watermarks = new Watermarks();
    watermarks.setMembers(['a#1', 'b#1'], true);
    watermarks.report('a#1', [['b#1', 2]]);
    const clock = new StoreClock();
    assert.deepEqual(
      ['a#1', 'b#1', 'stranger#1'].map((member) => watermarks.isAhead(member, clock)),
      [true, false, false],
    );
    clock.add({ actor: 'b#1', sequence: 1 });
    assert(watermarks.isAhead('a#1', clock));
    clock.add({ actor: 'b#1', sequence: 2 });
    assert(!watermarks.isAhead('a#1', clock));
  });
});
