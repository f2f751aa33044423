import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Members } from '../../../actors/broadcast/members.ts';
import { config, peer, SELF } from './support.ts';

/** A full mesh as one of its nodes sees it. */
function seenBy(name: string, names: readonly string[]): Members {
  const members = new Members(peer(name), config());
  for (const other of names) if (other !== name) members.onLinkUp(peer(other));
  return members;
}

describe('the overlay on a full mesh', () => {
  for (const size of [10, 50, 300]) {
    const names = Array.from({ length: size }, (_, i) => `node-${i}`);
    const neighbours = new Map(names.map((name) => [name, seenBy(name, names).neighbours()]));

    test(`is the same from both ends at ${size} nodes, and small`, () => {
      for (const [name, chosen] of neighbours) {
        assert(chosen.size >= 2 && chosen.size <= 8, `${chosen.size} neighbours`);
        for (const other of chosen) assert(neighbours.get(other)!.has(name));
      }
    });

    test(`reaches all ${size} nodes in a few hops`, () => {
      const hops = new Map([[names[0]!, 0]]);
      for (const [name, hop] of hops) {
        for (const other of neighbours.get(name)!) if (!hops.has(other)) hops.set(other, hop + 1);
      }
      assert.equal(hops.size, size);
      assert(Math.max(...hops.values()) <= 7);
    });
  }

  test('changes for a few nodes when one comes', () => {
    const names = Array.from({ length: 100 }, (_, i) => `node-${i}`);
    const changed = names.filter((name) => {
      const before = seenBy(name, names).neighbours();
      const after = seenBy(name, [...names, 'newcomer']).neighbours();
      return [...before].some((other) => !after.has(other)) || after.has('newcomer');
    });
    assert(changed.length >= 2 && changed.length <= 6, `${changed.length} nodes`);
  });

  test('leaves the choice to membership when it has one', () => {
    const members = seenBy('a', ['a', 'b', 'c', 'd']);
    assert.deepEqual([...members.neighbours(['b', 'd', 'unlinked'])], ['b', 'd']);
  });
});

describe('members', () => {
  test('a node that is down is not sent to, although its link has not noticed', () => {
    const members = seenBy('self', ['a', 'b']);
    members.onDown(peer('a'));
    assert.deepEqual(members.connected(), ['b']);
    members.onUp(peer('a'));
    assert.deepEqual(members.connected(), ['a', 'b']);
  });

  test('news of an earlier life change nothing', () => {
    const members = new Members(SELF, config());
    members.onLinkUp(peer('a', 3));
    members.onDown(peer('a', 2));
    members.onLinkDown(peer('a', 2));
    members.onUp(peer('a', 1));
    assert.deepEqual(members.connected(), ['a']);
    assert(members.isMember(peer('a', 3)) && !members.isMember(peer('a', 2)));
  });

  test('leaving is final for an incarnation, however late the word of it comes', () => {
    const members = new Members(SELF, config());
    members.onLinkUp(peer('a', 2));
    members.onLeft(peer('a', 2));
    members.onUp(peer('a', 2));
    members.onLinkUp(peer('a', 1));
    assert.equal(members.size, 0);
    members.onLeft(peer('a', 1));
    assert(members.hasLeft(peer('a', 2)));
    members.onLinkUp(peer('a', 3));
    assert.deepEqual(members.connected(), ['a']);
  });

  test('who was never a member is forgotten with its link', () => {
    const members = new Members(SELF, config());
    for (let i = 0; i < 1_000; i++) {
      members.onLinkUp(peer(`stranger-${i}`));
      members.onLinkDown(peer(`stranger-${i}`));
    }
    assert.equal(members.size, 0);
  });
});
