/** Links that are given up: the peer is told, and the dialling ends soon after, whatever the link does meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Roster } from '../../../actors/membership/roster.ts';
import { WantedLinks } from '../../../actors/membership/wanted-links.ts';

test('a link that comes up again and again is given up all the same', () => {
  const asked: string[] = [];
  const links = new WantedLinks(3_000, new Roster(10), {
    connect: () => true,
    sayClosing: (name) => asked.push(`closing to ${name}`),
    disconnect: (name) => asked.push(`disconnect ${name}`),
    isLinked: () => true,
  });
  for (let now = 0; now <= 200; now += 50) {
    links.release('left', now);
    links.reconcile([], now);
  }
  assert.equal(asked.at(-1), 'disconnect left');
});
