/** Three real nodes: what ends is told everywhere, also when its node is killed or stopped, and sessions are ended from afar. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';

const LEAVES = 10;
/** Until a node is missed, and given up. */
const PATIENCE_MS = 30_000;

/** Who is told of ends, in order. */
async function watcherOn(t: TestContext, node: ClusterNode): Promise<RawClient> {
  const client = await node.join(t);
  await client.subscribe('wamp.session.on_leave');
  return client;
}

async function ends(watcher: RawClient, count: number): Promise<number[]> {
  const sessions: number[] = [];
  while (sessions.length < count) {
    const event = await watcher.next('the end of a session', PATIENCE_MS);
    assert.equal(event[0], wamp.EVENT);
    sessions.push((event[4] as number[])[0]!);
  }
  return sessions.sort();
}

describe('sessions of three nodes', () => {
  it('that end with their node are told once to every subscriber, killed or stopped', async (t) => {
    const nodes = await startCluster(t, 3);
    const [first, second, third] = nodes as [ClusterNode, ClusterNode, ClusterNode];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const watchers = await Promise.all([first, third].map((node) => watcherOn(t, node)));
      const lost = await Promise.all(Array.from({ length: LEAVES }, () => second.join(t)));
      const ids = lost.map(({ session }) => session).sort();
      // All of them are known elsewhere.
      await first.until('told of all sessions', async () => {
        const counts = await Promise.all(
          watchers.map(async (each) => (await each.call('wamp.session.count'))[3]),
        );
        return counts.every((count) => JSON.stringify(count) === `[${LEAVES + 2}]`);
      });
      await second.kill(signal);
      for (const watcher of watchers) {
        assert.deepEqual(await ends(watcher, LEAVES), ids, signal);
      }
      await second.start();
      await first.until('three again', async () => (await second.links()) >= 2);
      for (const watcher of watchers) {
        assert.deepEqual(await watcher.received(), [], `${signal}: nothing is told twice`);
        watcher.destroy();
      }
      await first.until('rid of the watchers', async () => {
        const asker = await first.join(t);
        const count = (await asker.call('wamp.session.count'))[3];
        asker.destroy();
        return JSON.stringify(count) === '[1]';
      });
    }
  });

  it('are ended by whoever asks on another node', async (t) => {
    const [first, second] = (await startCluster(t, 2)) as [ClusterNode, ClusterNode];
    const victim = await second.join(t);
    const asker = await first.join(t);
    await asker.call('wamp.session.kill', [victim.session], { reason: 'com.example.enough' });
    const goodbye = await victim.expect(wamp.GOODBYE);
    assert.equal(goodbye[2], 'com.example.enough');
  });
});
