/** Links between real nodes on loopback sockets: how they come, what they carry, how they end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SERVICES } from '../../../runtime/net/peer/protocol.ts';
import { pair, text } from './peers.ts';

describe('a link', () => {
  test('is announced to every service on both sides, before its first message', async (t) => {
    const [a, b] = await pair(t);
    assert.equal(a.network.send('b', 'relay', 'relay', text('hello')), 'queued');
    await b.until('greeted', () => b.hearings('relay') === 2);
    for (const service of SERVICES) assert.equal(a.words(service)[0], 'up b#1');
    assert.deepEqual(b.words('relay'), ['up a#1', 'a: hello']);
    assert.deepEqual(a.network.connected(), [{ name: 'b', incarnation: 1 }]);
  });

  test('keeps the order of a service and of each partition key', async (t) => {
    const parallel = {
      parallelism: 3,
      isMonotonic: true,
      compressFromBytes: undefined,
      queueBytes: 1e8,
    };
    const { channels } = (await import('../../../actors/links/config.ts')).DEFAULT_LINKS;
    const config = { channels: { ...channels, relay: parallel } };
    const [a, b] = await pair(t, { config });
    for (let i = 0; i < 3000; i++) {
      const size = i % 100 === 0 ? 200_000 : 10;
      const body = text(`${i % 7}:${i}`.padEnd(size));
      assert.equal(a.network.send('b', 'relay', 'relay', body, { partitionKey: i % 7 }), 'queued');
    }
    await b.until('complete', () => b.hearings('relay') === 3001);
    const last = new Map<string, number>();
    for (const word of b.words('relay').slice(1)) {
      const [key, number] = word.slice(3).trim().split(':');
      assert(Number(number) > (last.get(key) ?? -1), word);
      last.set(key, Number(number));
    }
  });

  test('says on both sides when it has ended, after its last message', async (t) => {
    const [a, b] = await pair(t);
    a.network.send('b', 'control', 'membership', text('farewell'));
    await b.until('told', () => b.hearings('membership') === 2);
    await a.kernel.stop();
    await b.untilUnlinked(a);
    assert.deepEqual(b.words('membership'), ['up a#1', 'a: farewell', 'down a#1']);
    assert.equal(b.network.send('a', 'control', 'membership', text('?')), 'disconnected');
  });

  test('is counted by channel, also after its end', async (t) => {
    const [a, b] = await pair(t);
    a.network.send('b', 'relay', 'relay', new Uint8Array(1_000_000).fill(7));
    await b.until('told', () => b.hearings('relay') === 2);
    const { sentBytes } = a.network.traffic().get('relay')!;
    assert(sentBytes >= 1_000_000 && sentBytes < 1_100_000, `${sentBytes} bytes`);
    assert.equal(a.network.traffic().get('relay')!.sentMessages, 1);
    assert.equal(b.network.traffic().get('relay')!.receivedMessages, 1);
    const { sentBytes: ofOthers } = a.network.traffic().get('store')!;
    assert(ofOthers < 1_000, `${ofOthers} bytes of another channel`);
    a.network.linkTo('b')!.close('disconnected', 'a test');
    assert.deepEqual(a.network.links(), []);
    const after = a.network.traffic().get('relay')!;
    assert(after.sentBytes >= sentBytes && after.queuedBytes === 0);
    await b.untilUnlinked(a);
    assert(b.network.traffic().get('relay')!.receivedBytes >= 1_000_000);
  });
});
