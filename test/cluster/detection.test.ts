/**
 * Failure detection with real processes at default settings (scenario 10): a killed node is missed at once, a silent one
 * in seconds, and a slow one on a bad network not at all. BONDY_STARVED_MS makes the last run longer (10 min: 600000).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { seededRandom } from '../../runtime/kernel/random.ts';
import type { ClusterNode } from './nodes.ts';
import { assertWithin, startCluster, untilLinkedTo } from './nodes.ts';
import { Wires } from './wires.ts';

const SIZE = 5;
const RESET_MS = 1_000;
const SILENT_MS = 6_000;
const STARVED_MS = Number(process.env['BONDY_STARVED_MS'] ?? 30_000);
const SEED = Number(process.env['BONDY_SEED'] ?? 1);

describe('five nodes', () => {
  it('say that one is down within a second of its death, and up when it is back', async (t) => {
    const [victim, ...others] = await startCluster(t, SIZE);
    const took = await downAfter(t, victim, others, () => void victim.kill());
    assertWithin(RESET_MS, took, others);
    const marks = others.map(({ output }) => output.length);
    await victim.start();
    await Promise.all(others.map((node, i) => node.untilSays(up(victim), marks[i])));
  });

  it('say that one is down within six seconds of its standing still', async (t) => {
    const [victim, ...others] = await startCluster(t, SIZE);
    const took = await downAfter(t, victim, others, () => victim.freeze());
    assertWithin(SILENT_MS, took, others);
    const marks = others.map(({ output }) => output.length);
    victim.thaw();
    await Promise.all(others.map((node, i) => node.untilSays(up(victim), marks[i])));
  });

  it('say that one is down within six seconds of its cable being pulled, and so does it of them', async (t) => {
    const wires = new Wires(t);
    const nodes = await startCluster(t, SIZE, { wires });
    const [victim, ...others] = nodes;
    const mark = victim.output.length;
    const took = await downAfter(t, victim, others, () => wires.silence(`bondy@${victim.name}`));
    assertWithin(SILENT_MS, took, others);
    await Promise.all(others.map((node) => victim.untilSays(down(node), mark)));
    const marks = others.map(({ output }) => output.length);
    wires.heal();
    await Promise.all(others.map((node, i) => node.untilSays(up(victim), marks[i])));
    await untilLinkedTo(victim, nodes);
  });

  it('call nobody down while one has a fifth of a core and 5 % of the packets are lost', async (t) => {
    const wires = new Wires(t);
    const nodes = await startCluster(t, SIZE, { wires });
    const marks = nodes.map(({ output }) => output.length);
    const random = seededRandom(SEED);
    // What TCP makes of a lost packet: it and what follows it are late by a retransmission timeout, or two.
    wires.delayBy(() => {
      let late = 0;
      for (let timeout = 200; random.next() < 0.05; timeout *= 2) late += timeout;
      return late;
    });
    const starving = starve(nodes[0]);
    await new Promise((resolve) => setTimeout(resolve, STARVED_MS)); // nothing may happen
    clearInterval(starving);
    nodes[0].thaw();
    const links = await Promise.all(
      nodes.map((node) => node.metric('bondy_peer_links_down_total')),
    );
    t.diagnostic(`seed ${SEED}, ${STARVED_MS} ms, links lost per node: ${links.join(' ')}`);
    for (const [i, node] of nodes.entries()) {
      assert.doesNotMatch(node.output.slice(marks[i]), /node_down/, node.name);
      assert.equal(await node.metric('bondy_members{health="alive"}'), SIZE, node.name);
    }
  });
});

/** It runs 40 of every 200 ms. */
function starve(node: ClusterNode): NodeJS.Timeout {
  return setInterval(() => {
    node.freeze();
    setTimeout(() => node.thaw(), 160);
  }, 200);
}

/** Ms until all the others have said that it is down. */
async function downAfter(
  t: TestContext,
  victim: ClusterNode,
  others: readonly ClusterNode[],
  act: () => void,
): Promise<number> {
  const marks = others.map(({ output }) => output.length);
  const started = performance.now();
  act();
  const took = await Promise.all(
    others.map(async (node, i) => {
      await node.untilSays(down(victim), marks[i]);
      return Math.round(performance.now() - started);
    }),
  );
  t.diagnostic(`down after ${took.join(' ')} ms`);
  return Math.max(...took);
}

function down({ name }: ClusterNode): string {
  return `node_down  node=bondy@${name} `;
}

function up({ name }: ClusterNode): string {
  return `node_up  node=bondy@${name} `;
}
