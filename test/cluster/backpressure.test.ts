/**
 * A node that stands still while another sends to it as fast as it can (scenario 19): the sender's memory is bounded and
 * it is told, what has keys is replaced by what is newer, and all is well two seconds after the node goes on.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { startPeer, text } from '../actors/links/peers.ts';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { ClusterNode } from './nodes.ts';
import { assertWithin, POLL_MS, startCluster } from './nodes.ts';
import { startPeerProcess } from './peer-process.ts';

const MIB = 1024 * 1024;
const QUEUE_MIB = 16;
/** Sent and not acknowledged, beside the queue; what clients sent and was not read; garbage. */
const BESIDE_MIB = 16 + 96;
const PAYLOAD = 'x'.repeat(64 * 1024);
const RECOVERED_MS = 2_000;

describe('a node that stands still', () => {
  for (const [how, stillMs] of [
    ['shorter than its links are patient', 3_000],
    ['until it is called down', 8_000],
  ] as const) {
    it(`${how} costs the sender no more than its bound, and is back in two seconds`, async (t) => {
      const settings = { 'cluster.channels.relay.queue_size': `${QUEUE_MIB}MB` };
      const [first, second] = await startCluster(t, 2, { settings });
      const [sender, receiver] = [await first.join(t), await second.join(t)];
      const callee = await second.join(t); // of its own: a flooded client may be cut off
      await callee.register('com.example.back');
      await receiver.subscribe('com.example.flood');
      await flood(sender, 200); // buffers that stay are not the queue
      const before = await first.metric('process_resident_memory_bytes');
      second.freeze();
      const until = performance.now() + stillMs;
      let most = 0;
      let sent = 0;
      while (performance.now() < until) {
        sent += await flood(sender, 100);
        most = Math.max(most, await first.metric('process_resident_memory_bytes'));
      }
      const overloaded = await first.metric('bondy_peer_sends_overloaded_total');
      second.thaw();
      const took = await untilAnswered(first, t, callee);
      const grown = Math.round((most - before) / MIB);
      t.diagnostic(
        `${Math.round(sent / 16)} MiB sent, ${overloaded} overloaded, ${grown} MiB more`,
      );
      t.diagnostic(`a call is answered ${Math.round(took)} ms after it goes on`);
      assert(overloaded > 0);
      assert(grown <= QUEUE_MIB + BESIDE_MIB, `${grown} MiB`);
      assertWithin(RECOVERED_MS, took, [first]);
    });
  }

  it('hears the newest of each key and nothing older when it goes on', async (t) => {
    const a = await startPeer(t, { name: 'a' });
    const b = await startPeerProcess(t, 'b');
    a.connectTo(b);
    await a.until('linked', () => a.network.isConnected('b'));
    b.freeze();
    const bulk = new Uint8Array(MIB);
    for (let i = 0; i < 16; i++) a.network.send('b', 'broadcast', 'store', bulk);
    const say = (n: number): string =>
      a.network.send('b', 'broadcast', 'broadcast', text(`${n}`), { monotonicKey: `${n % 2}` });
    assert.deepEqual([say(0), say(1)], ['queued', 'queued']);
    while (a.network.send('b', 'broadcast', 'store', bulk) === 'queued');
    // A full channel takes no new key, but always what is newer of one that waits.
    for (let n = 2; n < 1_000; n++) assert.equal(say(n), 'queued');
    assert.equal(a.count('peer_messages_replaced'), 998);
    b.thaw();
    let words: readonly string[] = [];
    for (const until = performance.now() + 5_000; performance.now() < until && words.length < 3;) {
      words = await b.words('broadcast');
    }
    assert.deepEqual([...words].sort(), ['a: 998', 'a: 999', 'up a#1']);
    assert.equal(a.count('peer_links_down'), 0);
  });
});

/** Publishes so many, and waits until the node has read them. */
async function flood(sender: RawClient, count: number): Promise<number> {
  for (let i = 1; i < count; i++) {
    sender.request(wamp.PUBLISH, {}, 'com.example.flood', [PAYLOAD]);
  }
  await sender.publish('com.example.flood', {}, [PAYLOAD]);
  return count;
}

/** Ms until a call reaches the other node and comes back, asked again while it is refused. */
async function untilAnswered(
  from: ClusterNode,
  t: TestContext,
  callee: RawClient,
): Promise<number> {
  const started = performance.now();
  let isOver = false;
  const answering = (async () => {
    while (!isOver) {
      const message = await callee.next('a message', 30_000);
      if (message[0] === wamp.INVOCATION) callee.send([wamp.YIELD, message[1], {}]);
    }
  })();
  answering.catch(() => {}); // its connection ends with the test
  const caller = await from.join(t);
  for (;;) {
    const request = caller.request(wamp.CALL, {}, 'com.example.back');
    const answer = await caller.next('an answer', 30_000);
    if (answer[0] === wamp.RESULT && answer[1] === request) break;
    assert(performance.now() - started < 20_000, `still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  isOver = true;
  return performance.now() - started;
}
