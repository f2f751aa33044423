import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { BroadcasterInput } from '../../../actors/broadcast/broadcaster.ts';
import { Announcements } from '../../../actors/broadcast/announcements.ts';
import { parsePeerMessage, toWire } from '../../../actors/broadcast/message.ts';
import { PayloadCache } from '../../../actors/broadcast/payload-cache.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import type { SeenRow } from '../../../actors/broadcast/seen.ts';
import { Seen } from '../../../actors/broadcast/seen.ts';
import { makeLazy, Trees } from '../../../actors/broadcast/trees.ts';
import { config, ids, newRows, payload, peer, Probe, REMOTE } from './support.ts';

const AGE = { cacheAgeMs: 180_000 };

describe('the cache', () => {
  test('holds bytes, numbers and ages within bounds, the oldest go first', () => {
    const cache = new PayloadCache(
      config({ ...AGE, maxCacheBytes: 3 * 356, maxCachedPayloads: 10 }),
    );
    for (let sequence = 1; sequence <= 5; sequence++) {
      cache.add(payload(sequence, REMOTE, 100), 1, sequence);
    }
    assert.deepEqual([cache.size, cache.bytes], [3, 3 * 356]);
    assert.equal(cache.get(REMOTE, 2), undefined);
    cache.expire(4 + 180_001);
    assert.deepEqual([...cache.values()].map(({ at }) => at), [5]); // prettier-ignore
    assert.equal(cache.bytes, 356);
  });
});

describe('the ids that were seen', () => {
  const seenWith = (changes: Parameters<typeof config>[0], isMember = (_: string) => false) => {
    const rows = new Map<string, SeenRow>();
    return { rows, seen: new Seen(rows, config({ ...AGE, ...changes }), isMember) };
  };

  test('holes beyond the limit count as seen, the oldest first', () => {
    const { seen } = seenWith({ maxHoles: 2 });
    const givenUp = [1, 3, 5, 7, 9].map((n) => seen.add(REMOTE, n, 0).givenUp);
    assert.deepEqual(givenUp, [0, 0, 0, 1, 1]);
    assert.deepEqual(seen.of(REMOTE), [1, 5, 7, 7, 9, 9]);
    assert.equal(seen.add(REMOTE, 2, 0).isNew, false);
  });

  test('a hole is closed when nobody can have the payload any more, and not before', () => {
    const { seen } = seenWith({});
    seen.add(REMOTE, 1, 0);
    seen.add(REMOTE, 3, 0);
    assert.equal(seen.settle(180_000), 0);
    assert.equal(seen.settle(360_000), 0);
    assert.equal(seen.settle(540_000), 1);
    assert.deepEqual(seen.of(REMOTE), [1, 3]);
  });

  test('strangers make room before members, and long silent strangers go by themselves', () => {
    const { seen, rows } = seenWith({ maxOrigins: 3 }, (origin) => origin.startsWith('member'));
    seen.add('member#1/1', 1, 0);
    for (let i = 1; i <= 50; i++) seen.add(`fake#${i}/1`, 1, i);
    assert.deepEqual([...rows.keys()], ['member#1/1', 'fake#49/1', 'fake#50/1']);
    seen.settle(10_000_000);
    assert.deepEqual([...rows.keys()], ['member#1/1']);
  });

  test('as many members as a roster holds make no room for each other, and fit one comparison', () => {
    const { seen } = seenWith({}, () => true);
    const { maxMembers } = MEMBERSHIP_DEFAULTS;
    for (let i = 0; i < maxMembers; i++) seen.add(`member${i}#1/1`, 1, i);
    assert.equal(seen.add('member0#1/1', 1, maxMembers).isNew, false);
    const message = toWire({ kind: 'digest', ids: seen.digest(maxMembers) });
    assert.equal(parsePeerMessage(message, 0).kind, 'digest');
  });

  test('a digest leaves out origins whose payloads are gone everywhere', () => {
    const { seen } = seenWith({});
    seen.add('old#1/1', 1, 0);
    seen.add(REMOTE, 4, 300_000);
    assert.deepEqual(seen.digest(400_000), [ids(REMOTE, 4, 4)]);
  });
});

describe('trees', () => {
  test('roots beyond the limit share one, until a place has been idle', () => {
    const trees = new Trees(config({ maxTrees: 2 }));
    const [a, b, shared] = ['a', 'b', 'c'].map((root) => trees.of(root, 0));
    assert.notEqual(a, b);
    assert.equal(trees.of('d', 10), shared);
    trees.of('b', 29_000);
    assert.notEqual(trees.of('e', 31_000), shared, 'took the place of a');
    assert.equal(trees.of('a', 31_001), shared);
    assert.equal(trees.size, 2);
  });

  test('a peer that is gone is in none', () => {
    const trees = new Trees(config({ maxTrees: 1 }));
    const all = ['a', 'b'].map((root) => trees.of(root, 0));
    for (const tree of all) makeLazy(tree, 'x');
    trees.forgetPeer('x');
    assert(all.every(({ lazy }) => lazy.size === 0));
  });
});

test('announcements to one peer are bounded', () => {
  const announcements = new Announcements(config({ maxAnnouncedIds: 3 }));
  const kept = [1, 2, 3, 4].map((sequence) => announcements.add('p', { origin: REMOTE, sequence }));
  assert.deepEqual(kept, [true, true, true, false]);
  assert.deepEqual(announcements.take(), [['p', [ids(REMOTE, 1, 3)]]]);
});

test('whatever peers say, and however often, memory stays within the limits', () => {
  const limits = {
    ...{ maxOrigins: 8, maxHoles: 4, maxMissing: 20, maxTrees: 4, maxAnnouncedIds: 10 },
    ...{ maxCachedPayloads: 30, maxCacheBytes: 12_000, directMembers: 0 },
  };
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const number = fc.integer({ min: 1, max: 2_000 });
  const origin = fc.integer({ min: 1, max: 30 }).map((life) => `far#${life}/1`);
  const idsOfOne = fc.tuple(origin, number).map(([from, n]) => [ids(from, n, n + 300)]);
  const message = fc.oneof(
    fc.tuple(origin, number).map(([from, n]) => ({
      ...{ kind: 'gossip' as const, payload: payload(n, from), round: 2 },
    })),
    fc.tuple(fc.constantFrom('i_have', 'graft', 'want', 'digest'), idsOfOne).map(([kind, all]) => ({
      ...{ kind, ids: all },
    })),
    origin.map((root) => ({ kind: 'prune' as const, root })),
  );
  const input: fc.Arbitrary<BroadcasterInput> = fc.oneof(
    { weight: 10, arbitrary: fc.tuple(name, message).map(([from, m]) => ({ kind: 'received' as const, from: peer(from), message: m })) }, // prettier-ignore
    { weight: 1, arbitrary: name.map((n) => ({ kind: 'link_up' as const, peer: peer(n) })) },
    { weight: 1, arbitrary: name.map((n) => ({ kind: 'link_down' as const, peer: peer(n) })) },
    { weight: 1, arbitrary: fc.constantFrom('graft', 'settle', 'exchange').map((timer) => ({ kind: 'timer' as const, timer })) }, // prettier-ignore
  );
  fc.assert(
    fc.property(fc.array(input, { minLength: 200, maxLength: 400 }), (inputs) => {
      const rows = newRows();
      const probe = new Probe(limits, rows);
      probe.connect('a', 'b');
      for (const each of inputs) {
        probe.now += 5;
        probe.tell(each);
        const info = probe.machine.info();
        assert(info.missing <= 20 && info.trees <= 4 && info.cachedPayloads <= 30);
        assert(info.cachedBytes <= 12_000 && info.origins <= 8 && info.waiting <= 4 * 10);
      }
      for (const { ids: seen } of rows.seen.values()) assert(seen.rangeCount <= 5);
    }),
    { numRuns: 50 },
  );
});
