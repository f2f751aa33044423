import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_LIMIT, pageKeywords, pageOf } from '../../../actors/management/paging.ts';
import { World } from './world.ts';

describe('a list', () => {
  it('in pages of any size is the whole list once, in the order of its keys', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(100_000), { maxLength: 60 }),
        fc.integer({ min: 1, max: 70 }),
        (ids, limit) => {
          const rows = ids.map((id) => ({ id }));
          const seen: unknown[] = [];
          let after: string | undefined;
          do {
            const page = pageOf(rows, ['id'], { limit, after });
            assert.equal(page.total, rows.length);
            assert(page.rows.length <= limit);
            seen.push(...page.rows);
            after = page.next;
          } while (after !== undefined);
          const sorted = [...ids].sort((a, b) => a - b);
          assert.deepEqual(
            seen,
            sorted.map((id) => ({ id })),
          );
        },
      ),
    );
  });

  it('is not repeated or skipped where rows come and go between pages', () => {
    const first = pageOf([1, 3, 5, 7], [], { limit: 2 });
    assert.deepEqual(first.rows, [1, 3]);
    // 3 is gone and 2 is new: it is before what was seen.
    assert.deepEqual(pageOf([1, 2, 5, 7], [], { limit: 2, after: first.next }).rows, [5, 7]);
  });

  it('that nobody wants in pages is told as it is up to the bound, and says so when it is cut', () => {
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

  it('of an operation has its total and the key behind which it goes on as keywords', () => {
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
});
