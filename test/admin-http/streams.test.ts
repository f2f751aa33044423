/** Whoever follows the live tree by a login follows it no longer than the login is good for: on a real node. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { ADMIN, as, basic } from './client.ts';

const MASTER = '/realms/com.leapsight.bondy';
const VIEWER = { username: 'viewer', password: 'another horse battery' };
const grant = (uri: string, permission = 'wamp.call', match = 'exact') => {
  return { permissions: [permission], roles: ['user/viewer'], uri, match };
};

let node: NodeHandle;
before(async () => {
  node = await startTestNode({
    'admin_api.http.enabled': 'on',
    'admin_api.http.port': '0',
    'admin_api.http.open': 'off',
    'security.admin.password': ADMIN.password,
  });
  const { post } = as(node.adminUrl);
  assert.equal((await post(`${MASTER}/users`, VIEWER)).status, 201);
  for (const authmethod of ['password', 'ticket']) {
    const source = { usernames: ['viewer'], authmethod };
    assert.equal((await post(`${MASTER}/sources`, source)).status, 201);
  }
  for (const each of [
    grant('bondy.cluster.info'),
    grant('bondy.ticket.issue'),
    grant('bondy.ticket.scope.', 'bondy.issue', 'prefix'),
  ]) {
    assert.equal((await post(`${MASTER}/grants`, each)).status, 201);
  }
});
after(() => node.stop());

async function issue(): Promise<string> {
  const { json } = await as(node.adminUrl, basic(VIEWER)).post('/tickets', {});
  return (json as { ticket: string }).ticket;
}

/** Resolves when its first event is there; `ended`, when there are no more. */
async function follow(
  t: TestContext,
  authorization: string,
): Promise<{ readonly ended: Promise<unknown> }> {
  const asked = get(new URL('/tree/events', node.adminUrl), { headers: { authorization } });
  t.after(() => asked.destroy());
  const [stream] = (await once(asked, 'response')) as [IncomingMessage];
  assert.equal(stream.statusCode, 200);
  const ended = new Promise((resolve) => stream.on('close', resolve).on('error', resolve));
  await once(stream, 'data');
  return { ended };
}

describe('a stream of the live tree ends when', () => {
  it('the ticket that opened it is revoked; that of another ticket goes on', async (t) => {
    const { post } = as(node.adminUrl);
    const other = await follow(t, basic());
    let hasOtherEnded = false;
    void other.ended.then(() => (hasOtherEnded = true));
    const ticket = await issue();
    const { ended } = await follow(t, `Bearer ${ticket}`);
    assert.equal((await post(`${MASTER}/tickets/revoke`, { ticket })).status, 204);
    await ended;
    assert.equal(hasOtherEnded, false);
    assert.equal(node.counter('admin_streams_ended'), 1);
  });

  it('its user is granted it no more, or has another password', async (t) => {
    const { put, post } = as(node.adminUrl);
    const byGrant = await follow(t, basic(VIEWER));
    const path = `${MASTER}/grants`;
    assert.equal((await put(path, grant('bondy.cluster.info'))).status, 204);
    await byGrant.ended;
    assert.equal((await post(path, grant('bondy.cluster.info'))).status, 201);
    const byPassword = await follow(t, basic(VIEWER));
    const change = { password: 'a horse of its own' };
    const { status, text } = await put(`${MASTER}/users/viewer`, change);
    assert(status < 300, text);
    await byPassword.ended;
  });
});
