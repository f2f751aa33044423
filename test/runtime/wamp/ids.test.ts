/** basic/building_blocks.md, IDs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  IdWatermark,
  isId,
  MAX_ID,
  nextId,
  randomId,
  SequentialIds,
} from '../../../runtime/wamp/ids.ts';

describe('ids', () => {
  it('are the integers from 1 to 2^53', () => {
    for (const id of [1, 2, 2 ** 32, 2 ** 53]) assert.equal(isId(id), true, String(id));
    for (const other of [0, -1, 1.5, NaN, Infinity, 2 ** 53 + 2, '1', 1n, true, null, undefined]) {
      assert.equal(isId(other), false, String(other));
    }
  });

  it('of a session count from 1 and wrap after 2^53', () => {
    const ids = new SequentialIds();
    assert.deepEqual([ids.next(), ids.next(), ids.next()], [1, 2, 3]);
    const late = new SequentialIds(MAX_ID - 1);
    assert.deepEqual([late.next(), late.next()], [MAX_ID, 1]);
    assert.equal(nextId(MAX_ID), 1);
  });

  it('of a peer are accepted only one by one', () => {
    const watermark = new IdWatermark();
    assert.equal(watermark.accept(2), false);
    assert.equal(watermark.accept(1), true);
    assert.equal(watermark.accept(1), false);
    assert.equal(watermark.isNext(2), true);
    assert.equal(watermark.last, 1);
    assert.equal(new IdWatermark(MAX_ID).accept(1), true);
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
