/** Long lists in pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageOf } from '../../../actors/management/paging.ts';

test('pages are the list, in order, without gaps or repetitions, while rows come and go between them', () => {
  const rows = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 60 });
  fc.assert(
    fc.property(rows, rows, fc.integer({ min: 1, max: 20 }), (stable, others, limit) => {
      const moving = others.filter((each) => !stable.includes(each)).map((name) => ({ name }));
      const seen: string[] = [];
      let after: string | undefined;
      for (let page = 0; page < 1_000; page++) {
        const list = [...stable.map((name) => ({ name })), ...(page % 2 === 0 ? moving : [])];
        const { rows: shown, next, total } = pageOf(list, ['name'], { limit, after });
        assert.equal(total, list.length);
        assert(shown.length <= limit);
        seen.push(...shown.map((row) => (row as { name: string }).name));
        if (next === undefined) break;
        after = next;
      }
      assert.equal(new Set(seen).size, seen.length);
      assert.deepEqual(seen.filter((name) => stable.includes(name)).length, stable.length);
    }),
  );
});

test('ids are ordered as numbers', () => {
  const { rows, next } = pageOf([10, 9, 100, 2 ** 53], [], { limit: 2, after: '9' });
  assert.deepEqual([rows, Number(next)], [[10, 100], 100]);
});
