/** basic/building_blocks.md, IDs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isId, MAX_ID, nextId, randomId } from '../../../runtime/wamp/ids.ts';

describe('ids', () => {
  it('are the integers from 1 to 2^53', () => {
    for (const id of [1, 2, 2 ** 32, 2 ** 53]) assert.equal(isId(id), true, String(id));
    for (const other of [0, -1, 1.5, NaN, Infinity, 2 ** 53 + 2, '1', 1n, true, null, undefined]) {
      assert.equal(isId(other), false, String(other));
    }
  });

  it('of a session count up and wrap after 2^53', () => {
    assert.deepEqual([0, 1, MAX_ID - 1, MAX_ID].map(nextId), [1, 2, MAX_ID, 1]);
  });

  it('of global scope are drawn over the full range', () => {
    const asked: number[][] = [];
    const random = {
      next: () => 0,
      integer: (low: number, high: number) => {
        asked.push([low, high]);
        return high;
      },
    };
    assert.equal(randomId(random), MAX_ID);
    assert.deepEqual(asked, [[1, MAX_ID]]);
  });
});
