/** Long lists in pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_LIMIT, pageKeywords, pageOf } from '../../../actors/management/paging.ts';
import { World } from './world.ts';

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

test('a list that nobody wants in pages is told as it is up to the bound, and says so when it is cut', () => {
  const whole = Array.from({ length: MAX_LIMIT }, (_, i) => MAX_LIMIT - i);
  const page = pageOf(whole, [], {});
  assert.equal(page.rows, whole);
  assert.deepEqual(pageKeywords(page), { total: MAX_LIMIT });
  const cut = pageOf([...whole, 0], [], {});
  assert.equal(cut.rows.length, MAX_LIMIT);
  const { total, next } = pageKeywords(cut) as { total: number; next: string };
  assert.equal(total, MAX_LIMIT + 1);
  assert.deepEqual(pageOf([...whole, 0], [], { after: next }).rows, [MAX_LIMIT]);
});

test('a list of an operation has its total and the key behind which it goes on as keywords', () => {
  const world = new World();
  const users = ['carol', 'alice', 'bobby'].map((username) => ({ username }));
  world.ok('bondy.realm.create', [{ uri: 'com.example.one', users }]);
  const list = (kwargs: Readonly<Record<string, string | number>>) =>
    world.ask({ uri: 'bondy.user.list', args: ['com.example.one'], kwargs });
  const first = list({ limit: 2 });
  assert(first.kind === 'result');
  assert.deepEqual(first.kwargs, { total: 3, next: 'bobby' });
  const last = list({ limit: 2, after: 'bobby' });
  assert(last.kind === 'result');
  assert.deepEqual(last.kwargs, { total: 3 });
  const [rows] = last.args as [{ username: string }[]];
  assert.deepEqual(
    rows.map(({ username }) => username),
    ['carol'],
  );
});
