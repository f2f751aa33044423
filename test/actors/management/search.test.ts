/** Searching lists, and pages of what is asked for one by one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Get } from '../../../actors/management/details.ts';
import { MAX_LOOKED, pageOfDetails } from '../../../actors/management/details.ts';
import type { Page, PageQuestion } from '../../../actors/management/paging.ts';
import { pageOf } from '../../../actors/management/paging.ts';
import { matcher } from '../../../actors/management/search.ts';

test('a row is found by any text in it, however deep and in whatever case, and not by names of fields', () => {
  const row = {
    username: 'Ann',
    groups: ['Devs'],
    meta: { room: { number: 4711 } },
    enabled: true,
  };
  for (const text of ['ann', 'NN', 'dev', '471']) assert.ok(matcher(text)(row), text);
  for (const text of ['username', 'room', 'true', 'bob']) assert.ok(!matcher(text)(row), text);
  assert.ok(matcher(undefined)(row));
});

test('what a search leaves out is on no page and in no total', () => {
  const rows = ['a1', 'b1', 'a2', 'b2', 'a3'].map((name) => ({ name }));
  const first = pageOf(rows, ['name'], { search: 'A', limit: 2 });
  assert.deepEqual(first, { rows: [{ name: 'a1' }, { name: 'a2' }], total: 3, next: 'a2' });
  const { rows: last, next } = pageOf(rows, ['name'], { search: 'A', limit: 2, after: 'a2' });
  assert.deepEqual([last, next], [[{ name: 'a3' }], undefined]);
});

const row: Get = (id, done) => done({ id, uri: id % 10 === 0 ? `com.round.${id}` : 'com.other' });

function page(ids: readonly number[], question: PageQuestion, get: Get = row): Page {
  const pages: Page[] = [];
  pageOfDetails(ids, question, get, (made) => pages.push(made));
  assert.equal(pages.length, 1, 'it answers once');
  return pages[0]!;
}

test('pages of details are all that is there, in the order of ids, with a search and without', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { maxLength: 300 });
  const searches = fc.constantFrom(undefined, 'round', 'nowhere');
  fc.assert(
    fc.property(ids, searches, fc.integer({ min: 1, max: 80 }), (all, search, limit) => {
      const seen: number[] = [];
      let after: string | undefined;
      do {
        const { rows, next, total } = page(all, { limit, after, search });
        assert.equal(total, all.length);
        assert.ok(rows.length <= limit);
        seen.push(...rows.map((each) => (each as { id: number }).id));
        after = next;
      } while (after !== undefined);
      const wanted = all.filter(
        (id) => search === undefined || (search === 'round' && id % 10 === 0),
      );
      assert.deepEqual(
        seen,
        wanted.sort((a, b) => a - b),
      );
    }),
  );
});

test('a search for what is nowhere looks at so many for one page, and says where to go on', () => {
  const ids = Array.from({ length: MAX_LOOKED + 500 }, (_, i) => i + 1);
  let looked = 0;
  const { rows, next } = page(ids, { limit: 10, search: 'nowhere' }, (id, done) => {
    looked += 1;
    row(id, done);
  });
  assert.deepEqual([rows, next, looked], [[], String(MAX_LOOKED), MAX_LOOKED]);
  const last = page(ids, { limit: 10, search: 'nowhere', after: next });
  assert.deepEqual([last.rows, last.next], [[], undefined]);
});

test('who is gone meanwhile is left out', () => {
  const get: Get = (id, done) => done(id === 2 ? undefined : { id });
  assert.deepEqual(page([3, 2, 1], { limit: 3 }, get).rows, [{ id: 1 }, { id: 3 }]);
});
