/** Large messages beside small ones: what is urgent does not wait. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LINKS } from '../../../actors/links/config.ts';
import { pair, text } from './peers.ts';
import type { Peer } from './peers.ts';

const MIB = 1024 * 1024;

function bodies(peer: Peer): readonly Uint8Array[] {
  return peer.heard.flatMap(({ input }) => (input.kind === 'peer_message' ? [input.body] : []));
}

describe('bulk', () => {
  test('of 64 MiB arrives as it was sent', async (t) => {
    const [a, b] = await pair(t);
    const body = new Uint8Array(64 * MIB);
    for (let i = 0; i < body.length; i += 997) body[i] = i;
    assert.equal(a.network.send('b', 'store', 'store', body), 'queued');
    await b.until('complete', () => b.hearings('store') === 2);
    assert.equal(Buffer.compare(bodies(b)[0], body), 0);
    assert.throws(() => a.network.send('b', 'store', 'store', new Uint8Array(64 * MIB + 1)), {
      name: 'RangeError',
    });
  });

  test('of 10 MiB delays neither control nor another key of its own channel', async (t) => {
    const [a, b] = await pair(t);
    const order: string[] = [];
    b.network.interpose(({ direction, body, channel }) => {
      if (direction === 'in') order.push(body.length > 100 ? 'bulk' : `${channel} note`);
      return { kind: 'pass' };
    });
    a.network.send('b', 'relay', 'relay', new Uint8Array(10 * MIB), { partitionKey: 1 });
    a.network.send('b', 'relay', 'relay', text('note'), { partitionKey: 2 });
    a.network.send('b', 'control', 'membership', text('note'));
    await b.until('complete', () => order.length === 3);
    assert.deepEqual(order.slice(0, 2).sort(), ['control note', 'relay note']);
  });

  test('is deflated when its channel says so', async (t) => {
    const { channels } = DEFAULT_LINKS;
    const config = {
      channels: { ...channels, store: { ...channels.store, compressFromBytes: 500 } },
    };
    const [a, b] = await pair(t, { config });
    const body = text('the same again '.repeat(20_000));
    a.network.send('b', 'store', 'store', body);
    await b.until('complete', () => b.hearings('store') === 2);
    assert.equal(Buffer.compare(bodies(b)[0], body), 0);
    const store = (await a.info())[0].channels.find(({ channel }) => channel === 'store')!;
    assert(store.sentBytes < 20_000, `${store.sentBytes} bytes`);
  });

  test('saturates a link while heartbeats pass: round trips stay short', async (t) => {
    const config = { pingIntervalMs: 40 };
    const [a, b] = await pair(t, { config }, { config });
    const body = new Uint8Array(MIB);
    let sent = 0;
    const trips: number[] = [];
    let last: number | undefined;
    await b.until('complete', () => {
      while (sent < 100 && a.network.send('b', 'store', 'store', body) === 'queued') sent++;
      const { rttMs } = a.network.linkTo('b')!;
      if (rttMs !== undefined && rttMs !== last) trips.push(rttMs);
      last = rttMs;
      return b.hearings('store') === 101;
    });
    trips.sort((x, y) => x - y);
    const median = trips[trips.length >> 1] ?? 0;
    t.diagnostic(`${trips.length} round trips under load, median ${median.toFixed(1)} ms`);
    assert(median < 100, `median ${median} ms`);
    assert.equal(a.count('peer_links_down'), 0);
  });
});
