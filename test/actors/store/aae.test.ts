/** What the `aae.*` settings say is what the agents do by themselves: nobody asks for a comparison or a check here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeRowKey, rowKeyOf, diskKey } from '../../../actors/store/keys.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

const NEVER_MS = 86_400_000;

const counted = (cluster: Replicas, counter: string): number =>
  cluster.nodes.reduce((sum, { counters }) => sum + counters.value(counter), 0);

const lose = (node: Replica, prefix: string, key: string): void => {
  let isDone = false;
  const write = { kind: 'delete', key: diskKey('r', encodeRowKey(rowKeyOf(prefix, key))) } as const;
  const storage = node.storage(node.store.partitionOf(prefix, key));
  storage.batch([write], { sync: true }, () => (isDone = true));
  node.cluster.wait(() => (isDone ? true : undefined));
};

describe('comparisons', () => {
  test('are made once per aae.exchange_timer by each node', () => {
    const cluster = new Replicas({ nodes: 3, config: { exchangeMs: 1_000 } });
    cluster.advance(5_000);
    const before = counted(cluster, 'store_exchanges');
    cluster.advance(10_000);
    const made = counted(cluster, 'store_exchanges') - before;
    assert(made >= 27 && made <= 33, `${made} comparisons`);
  });

  test('are not made with aae.enabled = off', () => {
    const cluster = new Replicas({ nodes: 3, config: { exchangeMs: 1_000, isAaeEnabled: false } });
    cluster.advance(15_000);
    assert.equal(counted(cluster, 'store_exchanges'), 0);
  });
});

for (const [hashtreeMs, isFound] of [
  [500, true],
  [NEVER_MS, false],
] as const) {
  const when = isFound ? 'within a few' : 'not before the first';
  test(`a row that is gone from a disk is found ${when} aae.hashtree_timer`, () => {
    const cluster = new Replicas({ nodes: 2, config: { hashtreeMs, exchangeMs: 1_000 } });
    const [a, b] = cluster.nodes as [Replica, Replica];
    a.put('history', 'key', 'value');
    cluster.advance(3_000);
    const whole = a.dump();
    lose(b, 'history', 'key');
    cluster.advance(10_000);
    assert.equal(b.dump() === whole, isFound);
  });
}
