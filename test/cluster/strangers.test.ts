/**
 * Who does not belong (scenario 21): another cluster, another secret, a second node of one name, a member that lies, an
 * address where nobody answers. They are refused before anything is said, counted, logged, and dialled ever less often.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { CHANNELS, SERVICES } from '../../runtime/net/peer/protocol.ts';
import { linkOf } from '../actors/links/stranger.ts';
import * as wamp from '../support/codes.ts';
import type { ClusterNode } from './nodes.ts';
import { makeNodes, SECRET, startCluster } from './nodes.ts';

/** With a first wait of 0.1 s that at least doubles, in so many ms ... */
const WATCHED_MS = 10_000;
/** ... there are at most so many dials. */
const MAX_DIALS = 8;

describe('a node that does not belong to two others', () => {
  const wrong = {
    cluster: { 'cluster.name': 'another' },
    authentication: { 'cluster.secret': 'another secret than that of the test' },
    same_name: { 'node.name': 'bondy@node1' },
  };
  for (const [reason, settings] of Object.entries(wrong)) {
    it(`is refused before anything is said: ${reason}`, async (t) => {
      const nodes = await startCluster(t, 2);
      const [stranger] = await makeNodes(t, ['stranger'], { settings }, nodes);
      const from = performance.now();
      await stranger.startUnready();
      for (const node of reason === 'same_name' ? [nodes[0]] : nodes) {
        await node.untilCounted(`bondy_peer_refused_${reason}_total`, 1);
        await node.untilSays(`peer_refused  reason=${reason}`);
      }
      await stranger.untilSays(`peer_refused  reason=${reason}`);
      if (reason !== 'same_name') await dialsRarely(t, nodes[0], reason, from);
      // Alone by its configuration it may be ready; with the name of another it must not be.
      const status = reason === 'same_name' ? 503 : 204;
      await stranger.until('as ready', async () => (await stranger.ready()) === status);
      for (const node of nodes) {
        assert.equal(await node.metric('bondy_links'), 1, node.name);
        assert.equal(await node.ready(), 204, node.name);
      }
      assert.doesNotMatch(stranger.output, /node_up|link_up  peer=bondy@node1/);
      await routes(t, nodes);
    });
  }

  it('but can prove to, is cut off when it lies, and costs the others nothing', async (t) => {
    const nodes = await startCluster(t, 2);
    const address = { host: '127.0.0.1', port: nodes[0].ports.peer };
    const claim = { name: 'bondy@mallory', secret: SECRET };
    const liar = await linkOf(t, { address }, claim);
    // Whole messages whose bodies are no bodies, for every service on every channel.
    const garbage = [0xff, 0x00, 0xc1, 0x9f, 0x7f];
    let id = 0;
    for (const channel of CHANNELS) {
      for (const code of SERVICES.keys()) {
        const head = [1, 3, 0, 0, 0, ++id, code, 0, 0, 0, garbage.length];
        liar[channel].say(Uint8Array.from([...head, ...garbage]));
      }
    }
    for (const counter of ['membership_malformed', 'broadcast_malformed', 'remote_malformed']) {
      await nodes[0].untilCounted(`bondy_${counter}_total`, CHANNELS.length);
    }
    await nodes[0].untilCounted('bondy_peer_causal_malformed_total', CHANNELS.length);
    // And now words that are none: the connection is cut, and with it the link.
    liar.control.say(Uint8Array.of(99, 1, 2));
    await liar.control.closed;
    await nodes[0].untilCounted('bondy_peer_violations_total', 1);
    await routes(t, nodes);
    for (const { name, output } of nodes) {
      assert.doesNotMatch(output, /actor_crashed|node_down  node=bondy@node/, name);
    }
  });
});

describe('an address where nobody answers as a node', () => {
  it('is dialled ever less often', async (t) => {
    let dials = 0;
    const server = createServer((socket) => {
      dials++;
      socket.destroy();
    });
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const settings = { 'cluster.peer_discovery.addresses': `127.0.0.1:${port}` };
    const [node] = await makeNodes(t, ['node1'], { settings });
    await node.start();
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    t.diagnostic(`${dials} dials in ${WATCHED_MS} ms and the start`);
    assert(dials > 2 && dials <= MAX_DIALS, `${dials} dials`);
  });
});

/** `from`: when it began to dial. */
async function dialsRarely(
  t: TestContext,
  node: ClusterNode,
  reason: string,
  from: number,
): Promise<void> {
  const left = WATCHED_MS - (performance.now() - from);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
  const refused = await node.metric(`bondy_peer_refused_${reason}_total`);
  // Ours and theirs: a refusal is counted whoever has dialled.
  t.diagnostic(`${reason}: ${refused} refusals in ${Math.round(performance.now() - from)} ms`);
  assert(refused <= 2 * MAX_DIALS, `${refused} refusals`);
}

async function routes(t: TestContext, [first, second]: readonly ClusterNode[]): Promise<void> {
  const [caller, callee] = [await first.join(t), await second.join(t)];
  await callee.register('com.example.still');
  const request = caller.request(wamp.CALL, {}, 'com.example.still', [1]);
  await callee.answer(['here']);
  const result = await caller.expectReply(wamp.RESULT, request);
  assert.deepEqual(result[3], ['here']);
}
