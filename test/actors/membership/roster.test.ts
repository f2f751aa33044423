import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { parseRoster, plainRoster } from '../../../actors/membership/durable.ts';
import type { Member } from '../../../actors/membership/member.ts';
import { memberText, mergeMember } from '../../../actors/membership/member.ts';
import { Roster } from '../../../actors/membership/roster.ts';
import { member, nodeName } from './arbitraries.ts';

const alice: Member = {
  name: 'alice',
  incarnation: 3,
  status: 'up',
  version: 1,
  addresses: [{ host: 'h', port: 1 }],
  beat: 1,
  health: 'alive',
};

const sameName = nodeName.chain((name) =>
  fc.tuple(member, member, member).map((all) => all.map((one) => ({ ...one, name }))),
);
const text = (one: Member): string => memberText(one);

describe('records of one name', () => {
  test('merge to the same in any order and any grouping', () => {
    fc.assert(
      fc.property(sameName, ([a, b, c]) => {
        assert.equal(text(mergeMember(a!, b!)), text(mergeMember(b!, a!)));
        assert.equal(
          text(mergeMember(mergeMember(a!, b!), c!)),
          text(mergeMember(a!, mergeMember(b!, c!))),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test('merge with what they already hold is the same object', () => {
    fc.assert(
      fc.property(sameName, ([a, b]) => {
        const merged = mergeMember(a!, b!);
        assert.equal(mergeMember(merged, a!), merged);
        assert.equal(mergeMember(merged, b!), merged);
        assert.equal(mergeMember(merged, structuredClone(merged)), merged);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a newer incarnation replaces all of the older one', () => {
    const younger = { ...alice, incarnation: 4, addresses: [{ host: 'elsewhere', port: 9 }] };
    const gone: Member = { ...alice, status: 'removed', beat: 99, version: 99, health: 'dead' };
    assert.equal(mergeMember(gone, younger), younger);
    assert.equal(mergeMember(younger, gone), younger);
  });

  test('having left or having been removed is final for an incarnation', () => {
    fc.assert(
      fc.property(member, (said) => {
        const left: Member = { ...alice, status: 'left' };
        const merged = mergeMember(left, { ...said, name: 'alice', incarnation: 3 });
        assert(merged.status === 'left' || merged.status === 'removed');
      }),
    );
  });

  test('a higher beat refutes, an equal one does not', () => {
    const suspect: Member = { ...alice, health: 'suspect' };
    assert.equal(mergeMember(suspect, alice).health, 'suspect');
    assert.equal(mergeMember(suspect, { ...alice, beat: 2 }).health, 'alive');
  });
});

describe('a roster', () => {
  test('ends the same whatever the order and repetition of what it hears', () => {
    const heard = fc.array(member, { maxLength: 40 });
    fc.assert(
      fc.property(heard, fc.infiniteStream(fc.nat()), (records, order) => {
        const straight = new Roster(100);
        straight.merge(records);
        const other = new Roster(100);
        const shuffled = records
          .flatMap((record) => [record, record])
          .map((record) => ({ record, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key);
        for (const { record } of shuffled) other.merge([record]);
        assert.deepEqual(plainRoster(straight.members()), plainRoster(other.members()));
        assert.equal(straight.digest, other.digest);
        assert.deepEqual(straight.differing(other.bucketDigests()), []);
      }),
    );
  });

  test('has another digest, in one bucket, when one record differs', () => {
    const [one, other] = [new Roster(100), new Roster(100)];
    for (let i = 0; i < 50; i++) {
      const record = { ...alice, name: `node-${i}` };
      one.merge([record]);
      other.merge([i === 7 ? { ...record, health: 'dead' as const } : record]);
    }
    assert.notEqual(one.digest, other.digest);
    const buckets = one.differing(other.bucketDigests());
    assert.equal(buckets.length, 1);
    assert(one.inBuckets(buckets).some(({ name }) => name === 'node-7'));
  });

  test('says what changed, and nothing when nothing did', () => {
    const roster = new Roster(10);
    assert.deepEqual(roster.merge([alice]), [{ before: undefined, after: alice }]);
    assert.deepEqual(roster.merge([structuredClone(alice)]), []);
    const [change] = roster.merge([{ ...alice, status: 'leaving' }]);
    assert.equal(change?.before, alice);
    assert.equal(change?.after.status, 'leaving');
  });

  test('refuses names beyond its limit, and still updates those it has', () => {
    const roster = new Roster(2);
    roster.merge(['a', 'b', 'c', 'd'].map((name) => ({ ...alice, name })));
    assert.equal(roster.size, 2);
    assert.equal(roster.refused, 2);
    assert.equal(roster.merge([{ ...alice, name: 'a', beat: 9 }]).length, 1);
  });
});

describe('a stored roster', () => {
  const through = (records: readonly Member[]): ReturnType<typeof parseRoster> => {
    const value = decodeBody(encodeBody(plainRoster(records)));
    assert(!(value instanceof Malformed));
    return parseRoster(value);
  };

  test('comes back with everything but health', () => {
    const back = through([alice, { ...alice, name: 'bob', status: 'left' }]);
    assert(typeof back !== 'string');
    assert.deepEqual(back[0], { ...alice, health: 'unknown', beat: 0 });
    assert.equal(back[1]?.status, 'left');
  });

  test('is the same bytes for the same members', () => {
    const bob = { ...alice, name: 'bob' };
    assert.deepEqual(
      encodeBody(plainRoster([alice, bob])),
      encodeBody(plainRoster([bob, { ...alice, health: 'dead' }])),
    );
  });

  test('is refused with a reason when it is damaged or of another format', () => {
    assert.match(String(parseRoster({ format: 2, members: [] })), /format 2/);
    assert.match(String(parseRoster({ format: 1, members: [['x']] })), /record 0/);
    assert.match(String(parseRoster('nonsense')), /not a roster/);
  });
});
