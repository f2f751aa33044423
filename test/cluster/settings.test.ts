/** Settings of the links and of leaving, on real nodes: what is off by default works when it is turned on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { CHANNELS } from '../../runtime/net/peer/protocol.ts';
import type { Certificate } from '../support/certificates.ts';
import { certificateFiles, FIRST, SECOND } from '../support/certificates.ts';
import * as wamp from '../support/codes.ts';
import type { ClusterNode } from './nodes.ts';
import { makeNodes, startCluster } from './nodes.ts';

/** Its own certificate, and whom it believes. */
function tls(t: TestContext, own: Certificate, authority: Certificate) {
  const { cert, key } = certificateFiles(t, own);
  return {
    'cluster.tls.enabled': 'on',
    'cluster.tls.certfile': cert,
    'cluster.tls.keyfile': key,
    'cluster.tls.cacertfile': certificateFiles(t, authority).cert,
  };
}

describe('nodes with certificates', () => {
  it('route with everything compressed, and let in nobody without one of theirs', async (t) => {
    const compressed = CHANNELS.map((name) => [`cluster.channels.${name}.compress_from`, '128B']);
    const settings = { ...tls(t, FIRST, FIRST), ...Object.fromEntries(compressed) };
    const nodes = await startCluster(t, 2, { settings });
    await routes(t, nodes);
    const foreign = { settings: tls(t, SECOND, FIRST) };
    const [stranger] = await makeNodes(t, ['stranger'], foreign, nodes);
    const [plain] = await makeNodes(t, ['plain'], {}, nodes);
    await stranger.start();
    await nodes[0].untilCounted('bondy_peer_refused_authentication_total', 1);
    await plain.start();
    await plain.untilCounted('bondy_peer_handshakes_failed_total', 1);
    for (const node of nodes) assert.equal(await node.metric('bondy_links'), 1, node.name);
    for (const { name, output } of [stranger, plain]) assert.doesNotMatch(output, /node_up/, name);
    await routes(t, nodes);
  });
});

describe('cluster.automatic_leave', () => {
  it('has a node that is stopped forgotten, with an end to its procedures, and one that is killed expected back', async (t) => {
    const settings = { 'cluster.automatic_leave': 'on' };
    const [first, second] = await startCluster(t, 2, { settings });
    await second.kill();
    await first.untilSays('node_down  node=bondy@node2');
    assert.doesNotMatch(first.output, /node_left/);
    await second.start();
    const callee = await second.join(t);
    await callee.register('com.example.there');
    const caller = await first.join(t);
    await second.kill('SIGTERM');
    await first.untilSays('node_left  node=bondy@node2');
    await first.until('rid of its procedure', async () => {
      const request = caller.request(wamp.CALL, {}, 'com.example.there', []);
      const [type, , id, , uri] = await caller.next('an answer');
      return type === wamp.ERROR && id === request && uri === 'wamp.error.no_such_procedure';
    });
  });
});

async function routes(t: TestContext, [first, second]: readonly ClusterNode[]): Promise<void> {
  const [caller, callee] = [await first.join(t), await second.join(t)];
  await callee.register('com.example.echo');
  const long = 'as long as it gets '.repeat(20_000);
  const request = caller.request(wamp.CALL, {}, 'com.example.echo', [long]);
  const invocation = await callee.answer([long]);
  assert.deepEqual(invocation[4], [long]);
  assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], [long]);
  callee.destroy();
}
