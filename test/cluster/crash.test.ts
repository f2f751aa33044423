/**
 * Scenario 24: killed in the middle of puts, again and again, a store opens by itself, its trees are those of its rows, and
 * every put it acknowledged is there. BONDY_CRASHES=100 is what the scenario says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DURABLE_ENGINES } from '../support/storage.ts';
import { BY_HAND, storeNodes } from './store-nodes.ts';
import type { StoreNode } from './store-nodes.ts';

const LIVES = Number(process.env['BONDY_CRASHES'] ?? 10);
/** Of the 10,000 of a life, the kill comes at any. */
const PUTS = 10_000;
const SEED = Number(process.env['BONDY_SEED'] ?? Date.now() % 1_000_000);

for (const engine of DURABLE_ENGINES) {
  test(`${engine.name}: ${LIVES} times killed while it puts, it has all it acknowledged`, async (t) => {
    t.diagnostic(`BONDY_SEED=${SEED}`);
    const random = mulberry32(SEED);
    const settings = { ...BY_HAND, 'store.engine': engine.name, 'store.partitions': '4' };
    const [node] = (await storeNodes(t, { size: 1, settings })) as [StoreNode];
    let looked = 0;
    for (let life = 0; life < LIVES; life++) {
      await node.start();
      // What is new; what a later kill may have taken is looked for at the end.
      if (life > 0) await holds(node, node.acked.slice(looked));
      looked = node.acked.length;
      const enough = node.acked.length + Math.ceil(random() * PUTS) * (random() < 0.5 ? 0.02 : 1);
      // What is acknowledged before the kill, not a time, says when it comes.
      await node.ask('put_for_ever', { life });
      await node.until('far enough', async () => (node.acked.length >= enough ? true : undefined));
      await node.end('SIGKILL');
    }
    await node.start();
    await holds(node, node.acked);
    t.diagnostic(`${node.acked.length} puts acknowledged in ${LIVES} lives`);
    assert.deepEqual(await node.problems(), []);
  });
}

async function holds(node: StoreNode, keys: readonly string[]): Promise<void> {
  assert.deepEqual(await node.ask('lacks', { keys }), []);
  assert.equal(await node.ask('check', {}), 0, 'rows that are not what their leaves say');
  assert.equal(await node.ask('rebuild', {}), 0, 'trees that are not those of their leaves');
}

/** Tommy Ettinger's generator: enough to choose moments by a seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
