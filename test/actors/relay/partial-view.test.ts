/**
 * Nodes that are no neighbours in a partial view (HyParView): whoever has something to say to another gets a link, for as
 * long as it is used. The first call to a node waits for it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_RELAY_CONFIG } from '../../../actors/relay/config.ts';
import { TestCluster } from './cluster.ts';

/** They know of each other, as by a broadcast through neighbours, and have no link. */
function apart(cluster: TestCluster): void {
  cluster.settle(200);
  cluster.network.cut('a', 'b');
}

function served(reachMs: number) {
  const cluster = new TestCluster({ nodes: 2, reachMs });
  const callee = cluster.node('b').client();
  callee.serve('com.double', ([n]) => [Number(n) * 2]);
  const caller = cluster.node('a').client();
  apart(cluster);
  callee.take();
  return { cluster, callee, caller };
}

describe('a node without a link', () => {
  it('is called over one that is made for it, in order, and calls cost no more afterwards', () => {
    const { cluster, callee, caller } = served(20);
    caller.call('com.double', [1]);
    cluster.settle(5);
    caller.call('com.double', [2]);
    cluster.settle();
    caller.call('com.double', [3]);
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 [2]', 'RESULT 2 [4]', 'RESULT 3 [6]']);
    assert.deepEqual(
      callee.heard(),
      [1, 2, 3].map((n) => `INVOCATION [${n}]`),
    );
    assert(cluster.node('a').reached.length <= 2, cluster.node('a').reached.join());
  });

  it('gets events, in order', () => {
    const cluster = new TestCluster({ nodes: 2, reachMs: 20 });
    const subscriber = cluster.node('b').client();
    subscriber.subscribe('com.topic');
    const publisher = cluster.node('a').client();
    apart(cluster);
    subscriber.take();
    for (const n of [1, 2]) publisher.publish('com.topic', [n]);
    cluster.settle(5);
    publisher.publish('com.topic', [3]);
    cluster.settle();
    assert.deepEqual(
      subscriber.heard(),
      [1, 2, 3].map((n) => `EVENT [${n}]`),
    );
  });

  it('that cannot be reached leaves its calls unavailable in two seconds, and is called again later', () => {
    const { cluster, callee, caller } = served(10_000);
    caller.call('com.double', [1]);
    cluster.settle(DEFAULT_RELAY_CONFIG.reachMs - 100);
    assert.deepEqual(caller.heard(), []);
    cluster.settle(200);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.unavailable']);
    cluster.settle(10_000);
    caller.call('com.double', [2]);
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 2 [4]']);
    assert.deepEqual(callee.heard(), ['INVOCATION [2]']);
  });
});

it('links that are used are asked for again in time, on both ends, and idle ones are not', () => {
  const { cluster, caller } = served(20);
  const [a, b] = [cluster.node('a'), cluster.node('b')];
  const { keptMs } = DEFAULT_RELAY_CONFIG;
  for (let at = 0; at < 2 * keptMs; at += keptMs / 4) {
    for (const node of [a, b]) node.reached.length = 0;
    caller.call('com.double', [1]);
    cluster.settle(keptMs / 4);
    for (const node of [a, b]) assert.equal(new Set(node.reached).size, 1, node.id.name);
  }
  for (const node of [a, b]) node.reached.length = 0;
  cluster.settle(2 * keptMs);
  assert.deepEqual([a.reached, b.reached], [[], []]);
});
