/** A partition's actor ends and its successor reads the rows, while others go on telling it theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionName } from '../../../actors/store/api.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

test('what comes while it is read is left to exchange, and rows and tree stay those of each other', () => {
  let early = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const cluster = new Replicas({ seed, config: { exchangeMs: 100_000 } });
    const [a, b] = cluster.nodes as [Replica, Replica];
    cluster.advance(200);
    const put = (value: string): void => {
      for (const prefix of ['users', 'presence', 'history']) {
        for (let i = 0; i < 4; i++) a.putNow(prefix, `key ${i}`, value);
      }
    };
    put('before');
    cluster.advance(100);
    for (let round = 0; round < 4; round++) {
      cluster.loss = 1;
      const from = a.said.length;
      put(`round ${round}`);
      for (const { index } of b.state.partitions) {
        b.kernel.exit(`root/partitions/${index}/partition`, { kind: 'killed' });
      }
      for (const message of a.said.slice(from)) b.hear(message);
      cluster.loss = 0;
      cluster.advance(cluster.random.integer(0, 20));
    }
    early += b.counters.value('store_rows_too_early');
    cluster.advance(200);
    cluster.settle();
    assert.deepEqual(
      b.reports.filter((text) => !text.includes('killed')),
      [],
    );
    for (const { index } of b.state.partitions) assert.ok(b.kernel.whereis(partitionName(index)));
    for (const node of cluster.nodes) assert.equal(node.dump(), a.dump());
    assert.equal(b.get('presence', 'key 1'), 'round 3');
  }
  assert.ok(early > 0);
});

test('rows do not grow with the starts of the nodes that write them, and each start is one range of a clock', () => {
  const cluster = new Replicas({ config: { exchangeMs: 500, watermarkMs: 200 } });
  const sizes: number[] = [];
  for (let start = 0; start <= 60; start++) {
    const node = cluster.node(start % 3);
    node.putNow('history', `key ${start % 5}`, `value ${String(start).padStart(3)}`);
    cluster.advance(600);
    sizes.push(cluster.node((start + 1) % 3).dump().length);
    node.crash();
    cluster.advance(50);
    node.restart();
    cluster.advance(300);
  }
  const [early, late] = [Math.max(...sizes.slice(10, 30)), Math.max(...sizes.slice(40))];
  assert(late <= 1.1 * early, `${early} characters, then ${late}`);
  for (const { state } of cluster.nodes) {
    for (const { clock } of state.partitions) {
      for (const { ranges } of clock.dots) assert.equal(ranges.length, 2);
    }
  }
});
