import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { contextOf } from '../../../runtime/causality/dvvset.ts';
import { absorb, FWW, LWW, repair, resolve } from '../../../runtime/causality/resolver.ts';
import type { Resolver } from '../../../runtime/causality/resolver.ts';
import type { Dot, Row } from '../../../runtime/causality/row.ts';
import {
  isDeleted,
  isSameRow,
  merge,
  newestStamp,
  put,
  remove,
  settled,
  siblings,
} from '../../../runtime/causality/row.ts';
import { encodeRow } from '../../../runtime/causality/row-codec.ts';
import { compareBytes } from '../../../runtime/structures/bytes.ts';
import { bytes, replicas } from '../../support/rows.ts';

const LONGEST: Resolver = {
  kind: 'chosen',
  order: (a, b) => a.value.length - b.value.length || compareBytes(a.value, b.value),
};
const COUNT: Resolver = { kind: 'computed', combine: (values) => bytes(`${values.length}`) };

const never = () => false;
const always = () => true;
const a = (sequence: number): Dot => ({ actor: 'a#1', sequence });
const b = (sequence: number): Dot => ({ actor: 'b#1', sequence });
const value = (text: string, stamp: bigint) => ({ stamp, value: bytes(text) });
const text = (row: Row | undefined, resolver?: Resolver) => {
  const found = row && resolve(row, resolver);
  return found && new TextDecoder().decode(found);
};

describe('a row', () => {
  test('has one version after a write that saw all of it, and its dot is the given one', () => {
    const row = put(put(undefined, value('old', 1n), a(17)), value('new', 2n), a(93));
    assert.deepEqual(siblings(row), [{ ...a(93), version: value('new', 2n) }]);
  });

  test('keeps concurrent writes side by side, and knows its newest stamp', () => {
    const row = merge(put(undefined, value('x', 5n), a(1)), put(undefined, value('y', 7n), b(1)));
    assert.equal(siblings(row).length, 2);
    assert.equal(newestStamp(row), 7n);
    assert.equal(isDeleted(row), false);
  });

  test('is deleted when only tombstones are left', () => {
    const row = remove(put(undefined, value('x', 1n), a(1)), 2n, b(4));
    assert.equal(isDeleted(row), true);
    assert.equal(resolve(row), undefined);
  });

  test('merges to the same bytes in whatever order', () => {
    fc.assert(
      fc.property(replicas, ([x, y, z]) => {
        const one = merge(merge(x!, y!), z!);
        const other = merge(z!, merge(y!, x!));
        assert.deepEqual(encodeRow(one), encodeRow(other));
        assert(isSameRow(one, other));
        assert.equal(merge(one, y!), one);
      }),
    );
  });

  test('with a rotten value under its clock heals to the same bytes on both sides', () => {
    const [sound, rotten] = ['b', 'a'].map((text) => put(undefined, value(text, 3n), a(9)));
    assert.deepEqual(encodeRow(merge(sound, rotten!)), encodeRow(merge(rotten, sound!)));
  });
});

describe('a resolver', () => {
  const row = [
    put(undefined, value('first', 1n), a(3)),
    put(undefined, value('longer, later', 2n), b(3)),
    remove(undefined, 3n, { actor: 'c#1', sequence: 1 }),
  ].reduce((one, other) => merge(one, other));

  test('takes the last, the first, the greatest, or computes', () => {
    assert.equal(text(row, LWW), undefined);
    assert.equal(text(row, FWW), 'first');
    assert.equal(text(row, LONGEST), 'longer, later');
    assert.equal(text(row, COUNT), '2');
  });

  test('decides equal stamps for the deletion, then by bytes', () => {
    const x = put(undefined, value('x', 1n), a(1));
    assert.equal(text(merge(x, put(undefined, value('y', 1n), b(1)))), 'y');
    assert.equal(text(merge(x, remove(undefined, 1n, b(1)))), undefined);
  });

  test('repairs of any parts merge to the last write of the whole', () => {
    fc.assert(
      fc.property(replicas, ([x, y, z]) => {
        const whole = repair(merge(merge(x!, y!), z!));
        const fixed = [x!, y!, z!].map((row) => repair(row));
        const parts = repair(merge(merge(fixed[2]!, fixed[0]!), fixed[1]!));
        assert.deepEqual(encodeRow(parts), encodeRow(whole));
        assert.equal(siblings(whole).length, 1);
      }),
      { numRuns: 1000 },
    );
  });

  test('a repair keeps the clock and what is read, and is done once', () => {
    fc.assert(
      fc.property(replicas, ([x, y]) => {
        const row = merge(x!, y!);
        const repaired = repair(row);
        assert.deepEqual(contextOf(repaired), contextOf(row));
        assert.deepEqual(resolve(repaired), resolve(row));
        assert.equal(repair(repaired), repaired);
        assert.deepEqual(encodeRow(merge(row, repaired)), encodeRow(repaired));
      }),
    );
  });

  for (const resolver of [FWW, LONGEST, COUNT]) {
    test(`${resolver.kind}: the siblings stay until the next write has seen them`, () => {
      assert.equal(repair(row, resolver), row);
      assert.equal(siblings(put(row, value('2', 4n), a(8))).length, 1);
    });
  }

  test('a write by a clock that is behind is still after what it saw', () => {
    const row = put(put(undefined, value('x', 1000n), a(1)), value('y', 2n), b(1));
    assert.equal(newestStamp(row), 1001n);
  });
});

describe('what every member has seen', () => {
  const alive = put(undefined, value('x', 1n), a(17));
  const deleted = remove(alive, 2n, b(9));

  test('a tombstone is forgotten when it and all it covers are stable, not before', () => {
    assert.equal(settled(deleted, never), deleted);
    const onlyTombstone = ({ actor }: Dot) => actor === 'b#1';
    assert.equal(settled(deleted, onlyTombstone), deleted);
    assert.equal(settled(deleted, always), undefined);
  });

  test('of a living row only the actors without a version are forgotten', () => {
    const row = put(alive, value('y', 2n), b(9));
    assert.deepEqual(contextOf(settled(row, always)!), [['b#1', 9]]);
    assert.equal(settled(alive, always), alive);
  });

  test('a stable tombstone of a slower peer is not taken in again', () => {
    assert.equal(absorb(undefined, deleted, LWW, always), undefined);
    assert.equal(absorb(undefined, deleted, LWW, never), deleted);
  });

  for (const resolver of [LWW, FWW, LONGEST]) {
    test(`${resolver.kind}: a key written again after its reaping wins over the old tombstone`, () => {
      const again = put(undefined, value('again', 3n), a(131));
      const slower = absorb(deleted, again, resolver, never);
      assert.equal(text(slower, resolver), 'again');
      const back = absorb(again, slower!, resolver, always);
      assert.equal(back, again);
    });
  }

  test('absorbing what adds nothing returns the local row itself', () => {
    fc.assert(
      fc.property(replicas, ([x, y]) => {
        const local = absorb(x!, y!, LWW, never);
        assert.equal(absorb(local, y!, LWW, never), local);
        assert.equal(absorb(local, x!, LWW, never), local);
        const reaped = settled(local!, always);
        assert.equal(absorb(reaped, local!, LWW, always), reaped);
      }),
    );
  });
});
