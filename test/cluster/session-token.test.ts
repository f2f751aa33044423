/** Session tokens between real nodes. What they wait for is proved by test/actors/sessions/continuity.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';

const KEY = '_bondy_session_token';

async function come(t: TestContext, { ports }: ClusterNode): Promise<RawClient> {
  const urls = {
    websocket: `ws://127.0.0.1:${ports.websocket}/ws`,
    rawsocket: `rs://127.0.0.1:${ports.rawsocket}`,
  };
  const client = await RawClient.connect(urls, RAWSOCKET_MSGPACK);
  t.after(() => client.destroy());
  return client;
}

async function tokenOf(client: RawClient): Promise<string> {
  const request = client.request(wamp.CALL, {}, 'bondy.session.token');
  const result = await client.expectReply(wamp.RESULT, request);
  const [token] = result[3] as readonly unknown[];
  assert(typeof token === 'string');
  return token;
}

describe('a session token', () => {
  it('of one node is honoured by another, and a forged one is not', async (t) => {
    const [first, second] = await startCluster(t, 2);
    const here = await first!.join(t);
    await here.publish('com.example.state', { retain: true, acknowledge: true }, ['mine']);
    const token = await tokenOf(here);
    const there = await (await come(t, second!)).join({ [KEY]: token });
    assert.equal(there.details[KEY], true);
    assert.equal(here.details[KEY], undefined);
    const back = await (await come(t, first!)).join({ [KEY]: await tokenOf(there) });
    assert.equal(back.details[KEY], true);

    const forger = await come(t, second!);
    const forged = token.slice(0, -4) + 'AAAA';
    forger.send([wamp.HELLO, 'realm1', { roles: wamp.ALL_ROLES, [KEY]: forged }]);
    const abort = await forger.expect(wamp.ABORT);
    assert.equal(abort[2], 'wamp.error.invalid_argument');
    assert.equal(await second!.metric('bondy_session_tokens_refused_total'), 1);
  });
});
