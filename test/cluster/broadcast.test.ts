/**
 * Broadcast among few nodes (scenario 6): one payload to each other node and none beside, in one hop, heard once. How fast:
 * bench/mesh.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BroadcastNode } from './broadcast-nodes.ts';
import { startMesh, until } from './broadcast-nodes.ts';

const SIZE = 5;
const EACH = 200;

test('five processes send exactly four payloads for a broadcast, and each is heard once', async (t) => {
  const nodes = await startMesh(t, SIZE);
  const counts = () => Promise.all(nodes.map(countsOf));
  const before = await counts();
  await Promise.all(nodes.map((node) => node.publish(EACH, 10, 0)));
  const heard = nodes.map(() => ({ count: 0, again: 0 }));
  await until('heard by all', async () => {
    for (const [i, node] of nodes.entries()) {
      const more = await node.heard();
      heard[i]!.count += more.count;
      heard[i]!.again += more.again;
    }
    return heard.every(({ count }) => count >= (SIZE - 1) * EACH);
  });
  assert.deepEqual(
    heard,
    nodes.map(() => ({ count: (SIZE - 1) * EACH, again: 0 })),
  );
  for (const [i, after] of (await counts()).entries()) {
    const moved = (name: CounterName): number => after[name] - before[i]![name];
    // Nodes broadcast things of their own, too: what they sent is held against all they published.
    assert(moved('published') >= EACH);
    // Two that have just met compare, and one may be given what is on its way to it.
    const pushed = moved('payloads_sent') - moved('exchange_supplied');
    assert.equal(pushed, (SIZE - 1) * moved('published'));
    t.diagnostic(`pushed ${pushed}, supplied ${moved('exchange_supplied')}`);
  }
});

type CounterName = 'published' | 'payloads_sent' | 'exchange_supplied';

async function countsOf(node: BroadcastNode): Promise<Record<CounterName, number>> {
  const [published, sent, supplied] = [
    await node.counter('broadcast_published'),
    await node.counter('broadcast_payloads_sent'),
    await node.counter('broadcast_exchange_supplied'),
  ];
  return { published, payloads_sent: sent, exchange_supplied: supplied };
}
