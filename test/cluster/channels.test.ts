/**
 * What the loss of one socket costs (scenario 9): two nodes, four channels with two connections each, any one of them cut
 * while clients work. The node is not called down, other channels go on, the socket is back, and order is kept.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHANNELS } from '../../runtime/net/peer/protocol.ts';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { assertWithin, startCluster } from './nodes.ts';
import { Wires } from './wires.ts';

const A = 'bondy@node1';
const B = 'bondy@node2';
const ALL = 2 * CHANNELS.length;
const BACK_MS = 2_000;

const settings = Object.fromEntries(
  CHANNELS.map((channel) => [`cluster.channels.${channel}.parallelism`, 2]),
);

describe('a socket between two nodes that is cut', () => {
  for (const channel of CHANNELS) {
    it(`of ${channel} costs no node, no call and no event, and is back in two seconds`, async (t) => {
      const wires = new Wires(t);
      const [first, second] = await startCluster(t, 2, { settings, wires });
      const isWhole = async (): Promise<boolean> => wires.between(A, B).length === ALL;
      await first.until('linked by all sockets', isWhole);
      const [sender, receiver] = [await first.join(t), await second.join(t)];
      await receiver.register('com.example.echo');
      await receiver.subscribe('com.example.numbers');
      const marks = [first, second].map(({ output }) => output.length);
      const work = exchange(sender, receiver);
      for (const slot of [0, 1]) {
        await first.until('at work', async () => work.answered > 50 * (slot + 1));
        const started = performance.now();
        wires
          .between(A, B)
          .filter((wire) => wire.channel === channel)
          [slot].cut();
        assert.equal(wires.between(A, B).length, ALL - 1);
        await first.until('linked by all sockets', isWhole);
        const took = performance.now() - started;
        assertWithin(BACK_MS, took, [first, second]);
        t.diagnostic(`${channel} ${slot}: back after ${Math.round(took)} ms`);
      }
      const { sent, events, errors } = await work.stop();
      assert.deepEqual(errors, []);
      assert.deepEqual(
        events,
        Array.from({ length: sent }, (_, i) => i),
      );
      for (const [i, { name, output }] of [first, second].entries()) {
        assert.doesNotMatch(output.slice(marks[i]), /node_down|link_down/, name);
      }
    });
  }
});

/** Calls one after the other, with an event before each; all that comes is kept. */
function exchange(sender: RawClient, receiver: RawClient) {
  const events: unknown[] = [];
  const errors: unknown[] = [];
  let sent = 0;
  let last = -1;
  let isStopping = false;
  const work = { answered: 0, stop };
  const calling = (async () => {
    while (!isStopping) {
      const n = sent++;
      sender.request(wamp.PUBLISH, {}, 'com.example.numbers', [n]);
      sender.request(wamp.CALL, {}, 'com.example.echo', [n]);
      const answer = await sender.next('an answer', 10_000);
      if (answer[0] === wamp.RESULT && (answer[3] as unknown[])[0] === n) work.answered++;
      else errors.push(answer);
    }
  })();
  const answering = (async () => {
    while (events.at(-1) !== last) {
      const message = await receiver.next('a message', 10_000);
      if (message[0] === wamp.EVENT) events.push((message[4] as unknown[])[0]);
      else receiver.send([wamp.YIELD, message[1], {}, message[4]]);
    }
  })();
  Promise.all([calling, answering]).catch(() => {}); // `stop` says so
  async function stop() {
    isStopping = true;
    await calling;
    last = sent++;
    sender.request(wamp.PUBLISH, {}, 'com.example.numbers', [last]);
    await answering;
    return { sent, events, errors };
  }
  return work;
}
