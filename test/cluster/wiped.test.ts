/** Scenario 12: a node that lost its disk comes back under its name, and nothing it acknowledges then is lost. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { allLinked, BY_HAND, sameDump, startStores } from './store-nodes.ts';
import type { StoreNode } from './store-nodes.ts';

const ROWS = 1_000;

test('of what a node puts after it lost its disk nothing is lost', async (t) => {
  const nodes = await startStores(t, { size: 3, settings: BY_HAND });
  const [wiped, second, third] = nodes as [StoreNode, StoreNode, StoreNode];
  const keys = { prefix: 'warm', from: 0, to: ROWS } as const;
  assert.equal((await wiped.ask('put', { ...keys, value: 'before' })).stored, ROWS);
  await allLinked(nodes);
  await wiped.end('SIGKILL');
  rmSync(wiped.dataDirectory, { recursive: true });
  await wiped.start();
  // At once: it has heard of nothing yet, so its sequence begins again; only its incarnation is another.
  const { stored } = await wiped.ask('put', { ...keys, value: 'after' });
  assert.equal(stored, ROWS);
  // Twice: what is concurrent with what was before is merged on one side first.
  await allLinked(nodes);
  await allLinked(nodes);
  const dump = await sameDump(nodes);
  assert.equal(dump.rows, ROWS);
  for (const node of [wiped, second, third]) {
    for (let i = 0; i < ROWS; i += 1) assert.equal(await node.valueOf(`k${i}`), 'after');
  }
  assert.equal((await wiped.exchangeWith(second)).kind, 'equal');
  assert.equal((await third.exchangeWith(wiped)).kind, 'equal');
});
