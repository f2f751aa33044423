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
