/** What operators see of the trees: for each root the neighbours that are sent payloads, and those that are told ids. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Probe, REMOTE, TREE } from './support.ts';

test('a tree shows who is sent payloads and who is told ids', () => {
  const probe = new Probe(TREE);
  probe.connect('a', 'b', 'c');
  probe.gossip('a', 1);
  probe.hear('b', { kind: 'prune', root: REMOTE });
  assert.deepEqual(probe.machine.trees(10), [
    { root: { name: 'remote', incarnation: 1 }, eager: ['a', 'c'], lazy: ['b'] },
  ]);
});

test('the trees used last come first, and no more than are wanted', () => {
  const probe = new Probe(TREE);
  probe.connect('a');
  const roots = ['x', 'y', 'z'];
  for (const root of roots) {
    probe.now += 10;
    probe.gossip('a', 1, `${root}#1/1`);
  }
  probe.now += 10;
  probe.gossip('a', 2, 'x#1/1');
  const names = (limit: number) => probe.machine.trees(limit).map(({ root }) => root.name);
  assert.deepEqual(names(10), ['x', 'z', 'y']);
  assert.deepEqual(names(2), ['x', 'z']);
});
