/** Real nodes with one store: what is retained on one is on all, survives their ends, and finds who comes later. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import { WEBSOCKET_JSON } from '../support/wire.ts';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';

/** The same in every node's store. */
const TOPICS = 20;

describe('the store of three nodes', () => {
  it('has on all what was retained on one, also for a node that was killed or lost its disk', async (t) => {
    const nodes = await startCluster(t, 3);
    const [first, second, third] = nodes as [ClusterNode, ClusterNode, ClusterNode];
    await retainOn(t, first, 'before');
    for (const node of nodes) await hasAll(t, node, 'before');
    await second.kill();
    await retainOn(t, third, 'without the second');
    await second.start();
    await hasAll(t, second, 'without the second');
    await third.kill();
    rmSync(third.dataDirectory, { recursive: true, force: true });
    await third.start();
    await hasAll(t, third, 'without the second');
    for (const node of nodes)
      assert.equal(await node.metric('bondy_retained_not_replicated_total'), 0);
  });

  it('has it still when all nodes were stopped or killed at once', async (t) => {
    const nodes = await startCluster(t, 3);
    await retainOn(t, nodes[0]!, 'kept');
    for (const node of nodes) await hasAll(t, node, 'kept');
    await Promise.all(nodes.map((node, i) => node.kill(i === 0 ? 'SIGTERM' : 'SIGKILL')));
    await Promise.all(nodes.map((node) => node.start()));
    // At once: whoever is let in finds what is on disk.
    for (const node of nodes)
      assert.deepEqual(await retainedOn(t, node, 'com.kept.7'), [['kept', 7]]);
    for (const node of nodes) await hasAll(t, node, 'kept');
  });

  it('agrees on the last of what two nodes retain at once', async (t) => {
    const nodes = await startCluster(t, 2);
    const clients = await Promise.all(nodes.map((node) => node.join(t)));
    for (let round = 0; round < 50; round++) {
      for (const [i, client] of clients.entries()) {
        client.request(wamp.PUBLISH, { retain: true }, 'com.contended', [i, round]);
      }
    }
    for (const client of clients) await client.publish('com.after', { retain: true }, []);
    await nodes[0]!.until('agreed', async () => {
      const [a, b] = await Promise.all(nodes.map((node) => retainedOn(t, node, 'com.contended')));
      // Whoever was last, it was its last; before that one may still have heard an earlier one.
      return a?.[0]?.[1] === 49 && JSON.stringify(a) === JSON.stringify(b);
    });
  });
});

async function retainOn(t: TestContext, node: ClusterNode, text: string): Promise<void> {
  const client = await node.join(t);
  for (let i = 0; i < TOPICS; i++) {
    await client.publish(`com.kept.${i}`, { retain: true, acknowledge: true }, [text, i]);
  }
  client.destroy();
}

async function hasAll(t: TestContext, node: ClusterNode, text: string): Promise<void> {
  await node.until(`the keeper of ${TOPICS} events "${text}"`, async () => {
    const events = await retainedOn(t, node, 'com.kept.', 'prefix');
    return events.length === TOPICS && events.every(([said]) => said === text);
  });
}

/** What a new subscriber gets at once. */
async function retainedOn(
  t: TestContext,
  node: ClusterNode,
  topic: string,
  match = 'exact',
): Promise<readonly (readonly unknown[])[]> {
  const client = await node.join(t, WEBSOCKET_JSON);
  await client.subscribe(topic, { match, get_retained: true });
  // Answered behind what the first subscription brings.
  client.request(wamp.SUBSCRIBE, {}, 'com.behind');
  const events: (readonly unknown[])[] = [];
  for (;;) {
    const message = await client.next();
    if (message[0] === wamp.SUBSCRIBED) break;
    events.push(message[4] as readonly unknown[]);
  }
  client.destroy();
  return events;
}
