/** Real nodes with one event history: asked for anywhere, kept as configured. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';

const LIMIT = 25;

function recording(storage: string): Record<string, string> {
  return {
    'wamp.event_history.storage_type': storage,
    'wamp.event_history.topics.log.uri': 'com.log',
    'wamp.event_history.topics.log.match': 'prefix',
    'wamp.event_history.topics.log.limit': String(LIMIT),
  };
}

async function publishOn(t: TestContext, node: ClusterNode, from: number, to: number) {
  const client = await node.join(t);
  for (let i = from; i <= to; i++) await client.publish('com.log.a', { acknowledge: true }, [i]);
  client.destroy();
}

/** What was said, oldest first. */
async function historyOn(t: TestContext, node: ClusterNode): Promise<readonly unknown[]> {
  const client = await node.join(t);
  const [id] = (
    await client.call('wamp.subscription.lookup', ['com.log', { match: 'prefix' }])
  )[3] as [number];
  // A RESULT without arguments is an empty history: a node that has just started may still be fetching it.
  const events = ((await client.call('wamp.subscription.get_events', [id]))[3] ?? []) as {
    args: unknown[];
  }[];
  client.destroy();
  return events.map(({ args }) => args[0]);
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

async function untilHas(t: TestContext, node: ClusterNode, expected: readonly number[]) {
  let last: readonly unknown[] = [];
  await node
    .until('the keeper of the history', async () => {
      last = await historyOn(t, node);
      return JSON.stringify(last) === JSON.stringify(expected);
    })
    .catch((error: unknown) => assert.deepEqual(last, expected, String(error)));
}

describe('the event history of real nodes', () => {
  it('in memory outlives every single node, and keeps its last events', async (t) => {
    const nodes = await startCluster(t, 3, { settings: recording('ram') });
    const [first, second, third] = nodes as [ClusterNode, ClusterNode, ClusterNode];
    await publishOn(t, first, 1, 10);
    await publishOn(t, second, 11, 20);
    for (const node of nodes) await untilHas(t, node, numbers(1, 20));
    await first.kill();
    await publishOn(t, third, 21, 40);
    await untilHas(t, second, numbers(40 - LIMIT + 1, 40));
    await first.start();
    await untilHas(t, first, numbers(40 - LIMIT + 1, 40));
  });

  it('on disk outlives all nodes', async (t) => {
    const nodes = await startCluster(t, 2, { settings: recording('ram_disk') });
    await publishOn(t, nodes[0]!, 1, 20);
    for (const node of nodes) await untilHas(t, node, numbers(1, 20));
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(nodes.map((node) => node.start()));
    for (const node of nodes) await untilHas(t, node, numbers(1, 20));
    await publishOn(t, nodes[1]!, 21, 30);
    for (const node of nodes) await untilHas(t, node, numbers(30 - LIMIT + 1, 30));
  });
});
