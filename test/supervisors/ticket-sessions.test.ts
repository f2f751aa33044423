/** Sessions that tickets have opened, on a real node: they end with the ticket when it is revoked, and only they. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import type { Details } from '../support/raw-client.ts';
import {
  commit,
  grantRecord,
  passwordOf,
  realmRecord,
  sourceRecord,
  userRecord,
} from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import { killed } from './support.ts';

const SHOP = 'com.example.shop';
const REVOKED = 'bondy.session.ticket_revoked';

async function startShop(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<NodeHandle> {
  const node = await startTestNode({ 'shutdown.grace_period': '100ms', ...settings });
  t.after(() => node.stop());
  const outcome = await commit(node.kernel, [
    realmRecord(SHOP, { authmethods: ['password', 'ticket'] }),
    userRecord(SHOP, 'ann', { password: await passwordOf('secret1'), passwordAt: 1 }),
    ...['password', 'ticket'].map((method) => sourceRecord(SHOP, 'all', method)),
    ...['wamp.call', 'wamp.subscribe', 'bondy.issue'].map((permission) =>
      grantRecord(SHOP, 'user/ann', permission, '', 'any'),
    ),
  ]);
  assert.deepEqual(outcome, { kind: 'stored' });
  return node;
}

async function enter(
  t: TestContext,
  node: NodeHandle,
  method: 'password' | 'ticket',
  secret: string,
): Promise<RawClient> {
  const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
  t.after(() => client.destroy());
  client.send([
    wamp.HELLO,
    SHOP,
    { roles: wamp.BASIC_ROLES, authmethods: [method], authid: 'ann' },
  ]);
  await client.expect(wamp.CHALLENGE);
  client.send([wamp.AUTHENTICATE, secret, {}]);
  await client.expect(wamp.WELCOME);
  return client;
}

async function issue(client: RawClient, kwargs: Details = {}): Promise<string> {
  const result = await client.call('bondy.ticket.issue', [], kwargs);
  return ((result[3] as unknown[])[0] as { ticket: string }).ticket;
}

async function goodbye(client: RawClient, reason: string): Promise<void> {
  const [, , said] = await client.expect(wamp.GOODBYE);
  assert.equal(said, reason);
}

async function subscribers(client: RawClient, topic: string): Promise<unknown> {
  const found = (await client.call('wamp.subscription.lookup', [topic]))[3] as unknown[];
  if (found[0] === null) return 0;
  const counted = await client.call('wamp.subscription.count_subscribers', [found[0]]);
  return (counted[3] as unknown[])[0];
}

describe('a session that a ticket has opened', () => {
  it('ends with its subscriptions when the ticket is revoked; those of others of the user stay', async (t) => {
    const node = await startShop(t);
    const ann = await enter(t, node, 'password', 'secret1');
    const [phone, tablet] = [
      await issue(ann, { device_id: 'phone' }),
      await issue(ann, { device_id: 'tablet' }),
    ];
    const [lost, kept] = [
      await enter(t, node, 'ticket', phone),
      await enter(t, node, 'ticket', tablet),
    ];
    for (const client of [lost, kept]) await client.subscribe('com.example.t');
    assert.equal(await subscribers(ann, 'com.example.t'), 2);
    await ann.call('bondy.ticket.revoke', [phone]);
    await goodbye(lost, REVOKED);
    assert.equal(await subscribers(kept, 'com.example.t'), 1);
    assert.equal(node.counter('sessions_expelled'), 1);
    assert.deepEqual(node.crashes(), []);
  });

  it('ends when all tickets of the user are revoked; one that entered by password stays', async (t) => {
    const node = await startShop(t);
    const ann = await enter(t, node, 'password', 'secret1');
    const sessions = [
      await enter(t, node, 'ticket', await issue(ann)),
      await enter(t, node, 'ticket', await issue(ann, { client_id: 'kiosk' })),
    ];
    await ann.call('bondy.ticket.revoke_all', ['ann']);
    for (const client of sessions) await goodbye(client, REVOKED);
    await enter(t, node, 'ticket', await issue(ann));
  });

  it('that revokes its own is sent home, and gets no answer', async (t) => {
    const node = await startShop(t);
    const ann = await enter(t, node, 'password', 'secret1');
    const ticket = await issue(ann);
    const device = await enter(t, node, 'ticket', ticket);
    device.request(wamp.CALL, {}, 'bondy.ticket.revoke', [ticket]);
    await goodbye(device, REVOKED);
  });

  it('renews its ticket and stays, until the one it has got is revoked', async (t) => {
    const node = await startShop(t);
    const ann = await enter(t, node, 'password', 'secret1');
    const device = await enter(t, node, 'ticket', await issue(ann));
    const renewed = await issue(device);
    assert.equal(await subscribers(device, 'com.example.t'), 0);
    await ann.call('bondy.ticket.revoke', [renewed]);
    await goodbye(device, REVOKED);
  });

  it('ends although the actor was killed with the revocation in its mailbox', async (t) => {
    const node = await startShop(t);
    const ann = await enter(t, node, 'password', 'secret1');
    const ticket = await issue(ann);
    const device = await enter(t, node, 'ticket', ticket);
    const revoked = ann.call('bondy.ticket.revoke', [ticket]);
    await killed(node.kernel, 'bondy/security/policy');
    await revoked;
    await goodbye(device, REVOKED);
  });
});

describe('a ticket that expires', () => {
  it('leaves the session that it has opened, which can still be ended by it', async (t) => {
    const node = await startShop(t);
    const ann = await enter(t, node, 'password', 'secret1');
    const ticket = await issue(ann, { expiry_time_secs: 1 });
    const device = await enter(t, node, 'ticket', ticket);
    const expired = 'the ticket has expired';
    for (let said = ''; said !== expired;) {
      const request = ann.request(wamp.CALL, {}, 'bondy.ticket.verify', [ticket]);
      const answer = await ann.next();
      assert.equal(answer[answer[0] === wamp.ERROR ? 2 : 1], request);
      if (answer[0] === wamp.ERROR) said = (answer[6] as Details)['message'] as string;
    }
    assert.equal(await subscribers(device, 'com.example.t'), 0);
    await ann.call('bondy.ticket.revoke', [ticket]);
    await goodbye(device, REVOKED);
  });

  it('ends the session where the configuration says so', async (t) => {
    const node = await startShop(t, { 'security.ticket.expiry_ends_sessions': 'on' });
    const ann = await enter(t, node, 'password', 'secret1');
    const device = await enter(t, node, 'ticket', await issue(ann, { expiry_time_secs: 1 }));
    await goodbye(device, 'bondy.session.ticket_expired');
    await ann.callFails('wamp.error.no_such_procedure', 'com.example.p');
  });
});
