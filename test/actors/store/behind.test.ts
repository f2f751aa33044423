/**
 * A disk that is behind: what can be refused is refused before it changes anything, what cannot be has room in the queue,
 * and a disk that is merely slow is never called broken.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_GROUP_COMMIT } from '../../../runtime/disk/config.ts';
import { Replicas } from './replicas.ts';
import type { Replica } from './replicas.ts';

function clusterWith(nodes: number, maxQueuedWrites: number): Replicas {
  const commit = { ...DEFAULT_GROUP_COMMIT, maxQueuedWrites };
  return new Replicas({ nodes, config: { partitions: 1, commit } });
}

test('puts beyond half of the queue are refused as such, and those that were taken are there', () => {
  const cluster = clusterWith(1, 100);
  const [node] = cluster.nodes as [Replica];
  const results = Array.from({ length: 100 }, (_, i) => node.put('users', `k${i}`, 'value'));
  cluster.advance(100);
  const refused = results.filter(({ outcome }) => outcome?.kind === 'refused');
  for (const { outcome } of refused) {
    assert(outcome?.kind === 'refused' && outcome.reason === 'overloaded');
  }
  const stored = results.filter(({ outcome }) => outcome?.kind === 'stored');
  assert(stored.length > 0 && refused.length > 0);
  assert.equal(stored.length + refused.length, 100);
  assert.equal(node.state.partitions[0]!.hashtree.count, stored.length);
  assert.equal(node.counters.value('store_disk_failures'), 0);
});

test('more tombstones than the queue holds are forgotten when they become stable all at once', () => {
  const cluster = clusterWith(2, 6_000);
  const [a, b] = cluster.nodes as [Replica, Replica];
  for (const value of ['value', undefined]) {
    for (let i = 0; i < 4_000; i++) {
      a.put('users', `k${i}`, value);
      if (i % 250 === 249) cluster.advance(50);
    }
  }
  const rows = ({ state }: Replica): number => state.partitions[0]!.hashtree.count;
  cluster.wait(() => (rows(a) + rows(b) === 0 ? true : undefined));
  for (const { counters } of [a, b]) {
    assert.equal(counters.value('store_tombstones_reaped'), 4_000);
    assert.equal(counters.value('store_disk_failures'), 0);
  }
});
