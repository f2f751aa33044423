/**
 * A rolling restart under load (scenario 22): five nodes, each stopped in order and started again while clients of all of
 * them call and publish; one comes back on another port. Nobody notices more than an error that says why.
 */
import { describe, it } from 'node:test';
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
    const [port] = await freePorts(1);
    const moved = { 'cluster.peer_port': port!, 'cluster.advertised_port': port! };
    for (const [i, node] of nodes.entries()) {
      await node.kill('SIGTERM');
      await node.start(i === MOVES ? moved : {});
      await until(`${SIZE} members on every node`, () => notAll(nodes));
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
  });
});

/** Nodes that do not see all as alive and linked, and nobody else. */
async function notAll(nodes: readonly ClusterNode[]): Promise<readonly string[]> {
  const seen = await Promise.all(nodes.map(members));
  const right = JSON.stringify({ alive: SIZE, links: SIZE - 1 });
  return seen.flatMap((one, i) => (one === right ? [] : [`${nodes[i]!.name}: ${one}`]));
}

async function members({ ports }: ClusterNode): Promise<string> {
  const page = await (await fetch(`http://127.0.0.1:${ports.admin}/metrics`)).text();
  const found: Record<string, number> = {};
  for (const [, health, count] of page.matchAll(/^bondy_members\{health="(\w+)"\} (\d+)$/gm)) {
    if (count !== '0') found[health!] = Number(count);
  }
  const links = /^bondy_links (\d+)$/m.exec(page);
  return JSON.stringify({ ...found, links: Number(links?.[1]) });
}
