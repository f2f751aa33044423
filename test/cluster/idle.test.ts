/**
 * What nodes that have nothing to do say to each other (scenario 8): with a few neighbours each it does not grow with the
 * cluster, in a full mesh at most with it, and rosters that are equal are not exchanged. As the scenario says:
 * BONDY_IDLE_NODES=20 BONDY_IDLE_MS=60000.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import { makeNodes } from './nodes.ts';
import type { ClusterNode } from './nodes.ts';

/** More than the neighbours of a node. */
const FEW = 7;
const MANY = Number(process.env['BONDY_IDLE_NODES'] ?? 9);
const IDLE_MS = Number(process.env['BONDY_IDLE_MS'] ?? 10_000);

for (const [topology, growth] of [
  ['p2p', 1.2],
  ['fullmesh', MANY / FEW],
] as const) {
  it(`${topology}: ${MANY} idle nodes say at most ${growth} times as much as ${FEW}, each`, async (t) => {
    const few = await bytesPerMinute(t, FEW, topology);
    const many = await bytesPerMinute(t, MANY, topology);
    t.diagnostic(`bytes per node and minute: ${few} of ${FEW}, ${many} of ${MANY}`);
    assert(many <= growth * few, `${many / few} times as much`);
  });
}

/** Of the control channel, per node, after all have been told of all. */
async function bytesPerMinute(t: TestContext, size: number, topology: string): Promise<number> {
  const names = Array.from({ length: size }, (_, i) => `idle${i + 1}`);
  const settings = { 'cluster.overlay.topology': topology };
  const nodes = await makeNodes(t, names, { settings });
  for (const node of nodes) await node.start();
  for (const node of nodes) {
    const isTold = async () => (await node.metric('bondy_members{health="alive"}')) === size;
    await node.until('told of all', isTold);
  }
  await untilCalm(nodes);
  const before = await sentBy(nodes);
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS)); // nothing may happen
  const after = await sentBy(nodes);
  const minutes = (performance.now() - begun) / 60_000;
  assert.equal(after.rosters, before.rosters, 'rosters were exchanged between equals');
  assert(after.equal > before.equal, 'digests were not exchanged');
  await Promise.all(nodes.map((node) => node.kill()));
  return Math.round((after.bytes - before.bytes) / size / minutes);
}

/** Every node has compared its roster ten times since rosters were exchanged last. */
async function untilCalm(nodes: readonly ClusterNode[]): Promise<void> {
  let start = await sentBy(nodes);
  await nodes[0]!.until('calm', async () => {
    const now = await sentBy(nodes);
    if (now.rosters !== start.rosters) start = now;
    return now.equal - start.equal >= 10 * nodes.length;
  });
}

interface Sent {
  readonly bytes: number;
  /** Comparisons of equal rosters, and rosters or parts of them that were sent. */
  readonly equal: number;
  readonly rosters: number;
}

async function sentBy(nodes: readonly ClusterNode[]): Promise<Sent> {
  const sum = async (name: string): Promise<number> => {
    const values = await Promise.all(nodes.map((node) => node.metric(name)));
    return values.reduce((total, value) => total + value, 0);
  };
  const [bytes, equal, delta, full] = [
    await sum('bondy_link_sent_bytes_total{channel="control"}'),
    await sum('bondy_membership_gossip_equal_total'),
    await sum('bondy_membership_gossip_delta_total'),
    await sum('bondy_membership_gossip_full_total'),
  ];
  return { bytes, equal, rosters: delta + full };
}
