/**
 * A rolling restart under load (scenario 22): five nodes, each stopped in order and started again while clients of all of
 * them call and publish; one comes back on another port. Nobody notices more than an error that says why.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { EnabledCluster } from '../../actors/admin/cluster-status.ts';
import { freePorts, startCluster } from './nodes.ts';
import type { ClusterNode } from './nodes.ts';
import { Traffic, until } from './traffic.ts';

const SIZE = 5;
const MOVES = 2;

describe('five nodes that are restarted one after the other under load', () => {
  it('are five again each time, and lose, repeat and forget nothing', async (t) => {
    const nodes = await startCluster(t, SIZE);
    const urls = nodes.map(({ ports }) => `ws://127.0.0.1:${ports.websocket}/ws`);
    // To the next and to the one after it: every node calls and is called.
    const traffic = new Traffic(urls, (from, to) => [1, 2].includes((to - from + SIZE) % SIZE));
    t.after(() => traffic.stop());
    await traffic.flows(20);
    await traffic.losesNothing(50);
    const ports = nodes.map((node) => node.ports.peer);
    const [port] = await freePorts(1);
    const moved = { 'cluster.peer_port': port!, 'cluster.advertised_port': port! };
    for (const [i, node] of nodes.entries()) {
      await node.kill('SIGTERM');
      await node.start(i === MOVES ? moved : {});
      if (i === MOVES) ports[i] = port!;
      await until('all see all as they are', () => seenOtherwise(nodes, ports));
      await traffic.flows(20);
    }
    await traffic.losesNothing(50);
    await traffic.quiet();
    t.diagnostic(JSON.stringify(traffic.totals));
    traffic.check();
    await traffic.isKept();
    await traffic.isRegistered();
    traffic.stop();
    await traffic.isRegistered(urls, []);
    // They have one clock. A node that believes it wrong refuses its writes.
    for (const { name, output } of nodes) assert.doesNotMatch(output, /store_clock_off/, name);
  });
});

/** Nodes that see the members otherwise than they are: who is up and linked, in which life, at which one address. */
async function seenOtherwise(
  nodes: readonly ClusterNode[],
  ports: readonly number[],
): Promise<readonly string[]> {
  const views = await Promise.all(nodes.map(view));
  const right = views.map(({ node: { name, incarnation } }, i) => {
    return { name, incarnation, state: 'up', addresses: [`127.0.0.1:${ports[i]}`] };
  });
  return views.flatMap(({ members: { list } }, i) => {
    const seen = list.map(({ name, incarnation, state, addresses }) => {
      return { name, incarnation, state, addresses };
    });
    const isLinked = list.every((member) => member.isSelf || member.isLinked);
    if (isLinked && isDeepStrictEqual(seen, right)) return [];
    return [`${nodes[i]!.name} sees ${JSON.stringify(list)}`];
  });
}

async function view({ ports }: ClusterNode): Promise<EnabledCluster> {
  const answer = await fetch(`http://127.0.0.1:${ports.admin}/cluster`);
  return (await answer.json()) as EnabledCluster;
}
