/** Tickets on a real node: `bondy.ticket.*` over WAMP, and sessions of autobahn-js that enter with one. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import autobahn from 'autobahn';
import * as wamp from '../support/codes.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import { administrator, ask, enter, login, newRealm, refusal, useManagedNode } from './support.ts';

const node = useManagedNode({
  'admin_api.http.enabled': 'on',
  'admin_api.http.port': '0',
  'security.lockout.max_failures_per_user': '1000',
});

const TICKETS = {
  authmethods: ['password', 'ticket', 'anonymous'],
  sources: [
    { usernames: 'all', authmethod: 'password' },
    { usernames: 'all', authmethod: 'ticket' },
    { usernames: ['anonymous'], authmethod: 'anonymous' },
  ],
  grants: [
    { permissions: ['wamp.call'], roles: 'all', uri: 'bondy.', match: 'prefix' },
    { permissions: ['bondy.issue'], roles: 'all', uri: 'bondy.ticket.scope.', match: 'prefix' },
  ],
};

interface Issued {
  readonly ticket: string;
  readonly id: string;
  readonly issued_at: number;
  readonly expires_at: number;
  readonly scope: Details;
}

async function issue(client: RawClient, kwargs: Details = {}): Promise<Issued> {
  const result = await client.call('bondy.ticket.issue', [], kwargs);
  return (result[3] as unknown[])[0] as Issued;
}

function withTicket(
  t: TestContext,
  realm: string,
  authid: string,
  ticket: string,
): Promise<RawClient> {
  const hello = { authmethods: ['ticket'], authid };
  return login(t, node.urls, realm, hello, () => ({ signature: ticket }));
}

/** autobahn-js; resolves with the reason when it is not let in. */
function autobahnEnters(
  t: TestContext,
  realm: string,
  authid: string,
  ticket: string,
): Promise<string> {
  return new Promise((resolve) => {
    const connection = new autobahn.Connection({
      realm,
      transports: [{ type: 'websocket', url: node.urls.websocket }],
      max_retries: 0,
      authmethods: ['ticket'],
      authid,
      onchallenge: () => ticket,
    });
    connection.onclose = (_reason, details) => {
      resolve(String((details as Details)['reason']));
      return true;
    };
    connection.onopen = (session) => {
      // One whose user was thrown out is closed already.
      t.after(() => session.isOpen && connection.close());
      resolve('in');
    };
    connection.open();
  });
}

const FAILED = 'wamp.error.authentication_failed';

describe('a ticket', () => {
  test('opens sessions of autobahn-js until it is revoked', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, TICKETS);
    const user = await enter(t, node.urls, realm, 'user1');
    const { ticket, expires_at, issued_at, scope } = await issue(user, { expiry_time_secs: 60 });
    assert.equal(expires_at - issued_at, 60);
    assert.deepEqual(scope, { realm, client_id: null, device_id: null });
    assert.equal(await autobahnEnters(t, realm, 'user1', ticket), 'in');
    const claims = (await ask(user, 'bondy.ticket.verify', ticket)) as Details;
    assert.deepEqual([claims['authid'], claims['authmethod']], ['user1', 'password']);
    await ask(user, 'bondy.ticket.revoke', ticket);
    assert.equal(await autobahnEnters(t, realm, 'user1', ticket), FAILED);
    const why = await refusal(user, 'wamp.error.invalid_argument', 'bondy.ticket.verify', ticket);
    assert.deepEqual([why['path'], why['message']], ['ticket', 'the ticket was revoked']);
  });

  test('tells its session in WELCOME by which it has entered, and who listens when there is one', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, {
      ...TICKETS,
      grants: [
        ...TICKETS.grants,
        { permissions: ['wamp.subscribe'], roles: 'all', uri: 'bondy.', match: 'prefix' },
      ],
    });
    const user = await enter(t, node.urls, realm, 'user1');
    const listener = await enter(t, node.urls, realm, 'user1');
    await listener.subscribe('bondy.ticket.issued');
    await listener.subscribe('bondy.ticket.revoked');
    const { ticket, id, scope } = await issue(user);
    const told = await listener.expect(wamp.EVENT);
    assert.deepEqual((told[4] as unknown[]).slice(0, 2), [realm, 'user1']);
    assert(!JSON.stringify(told).includes(ticket));
    const client = await node.connect(t, {
      transport: 'rawsocket',
      serializer: 'json',
      batched: false,
    });
    client.send([
      wamp.HELLO,
      realm,
      { roles: wamp.BASIC_ROLES, authmethods: ['ticket'], authid: 'user1' },
    ]);
    await client.expect(wamp.CHALLENGE);
    client.send([wamp.AUTHENTICATE, ticket, {}]);
    const welcome = (await client.expect(wamp.WELCOME))[2] as Details;
    assert.deepEqual(welcome['authextra'], {
      authmethod_details: { id, authrealm: realm, scope },
    });
    await ask(user, 'bondy.ticket.revoke_all', 'user1');
    assert.deepEqual((await listener.expect(wamp.EVENT))[4], [realm, 'user1']);
    assert.equal(await autobahnEnters(t, realm, 'user1', ticket), FAILED);
  });

  test('is refused in the words for a wrong password: to another user, in another realm, forged, unknown', async (t) => {
    const admin = await administrator(t, node.urls);
    const [here, there] = [await newRealm(admin, TICKETS), await newRealm(admin, TICKETS)];
    const { ticket } = await issue(await enter(t, node.urls, here, 'user1'));
    const [header, payload, signature] = ticket.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","typ":"ticket+jwt","kid":"x"}').toString('base64url');
    for (const [realm, authid, said] of [
      [here, 'user2', ticket],
      [there, 'user1', ticket],
      [here, 'user1', `${header}.${payload}.${'A'.repeat(86)}`],
      [here, 'user1', `${none}.${payload}.`],
      [here, 'user1', `${none}.${payload}.${signature}`],
      [here, 'user1', ''],
    ] as const) {
      assert.equal(await autobahnEnters(t, realm, authid, said), FAILED);
    }
  });

  test('is not issued to anybody, nor without the grant, and a session of a client passes none on', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { ...TICKETS, grants: [TICKETS.grants[0]!] });
    const denied = 'wamp.error.not_authorized';
    await refusal(await enter(t, node.urls, realm), denied, 'bondy.ticket.issue');
    await refusal(await enter(t, node.urls, realm, 'user1'), denied, 'bondy.ticket.issue');
    const other = await newRealm(admin, TICKETS);
    const user = await enter(t, node.urls, other, 'user1');
    const { ticket } = await issue(user, { client_id: 'kiosk' });
    const kiosk = await withTicket(t, other, 'user1', ticket);
    await refusal(kiosk, 'bondy.error.invalid_request', 'bondy.ticket.issue');
  });

  test('is listed without itself, and revoked by its id; its session ends', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, TICKETS);
    const user = await enter(t, node.urls, realm, 'user1');
    const [tablet, phone] = [
      await issue(user, { device_id: 'tablet' }),
      await issue(user, { device_id: 'phone' }),
    ];
    const ids = async (): Promise<unknown[]> => {
      const rows = (await ask(admin, 'bondy.ticket.list', realm)) as Details[];
      assert(!JSON.stringify(rows).includes(tablet.ticket.slice(-40)));
      return rows.map(({ id }) => id).sort();
    };
    assert.deepEqual(await ids(), [tablet.id, phone.id].sort());
    const [first] = (await ask(admin, 'bondy.ticket.list', realm)) as Details[];
    const issued = [tablet, phone].find(({ id }) => id === first!['id'])!;
    const { ticket: _, ...summary } = issued;
    assert.deepEqual(first, { ...summary, authid: 'user1', kind: 'local' });

    const entered = await withTicket(t, realm, 'user1', tablet.ticket);
    await ask(admin, 'bondy.ticket.revoke_listed', realm, 'user1', tablet.id);
    assert.equal((await entered.expect(wamp.GOODBYE))[2], 'bondy.session.ticket_revoked');
    assert.deepEqual(await ids(), [phone.id]);
    const again = ['bondy.ticket.revoke_listed', realm, 'user1', tablet.id] as const;
    await refusal(admin, 'bondy.error.not_found', ...again);
    await ask(admin, 'bondy.user.change_password', realm, 'user1', 'secret-2');
    assert.deepEqual(await ids(), []);
  });

  test('is gone with the password of its user, and stays when something else changes', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, TICKETS);
    const { ticket } = await issue(await enter(t, node.urls, realm, 'user1'));
    await ask(admin, 'bondy.user.update', realm, 'user1', { meta: { shoe: 43 } });
    assert.equal(await autobahnEnters(t, realm, 'user1', ticket), 'in');
    await ask(admin, 'bondy.user.change_password', realm, 'user1', 'secret-2');
    assert.equal(await autobahnEnters(t, realm, 'user1', ticket), FAILED);
  });

  test('of the master realm lets an administrator in over HTTP', async (t) => {
    const admin = await administrator(t, node.urls);
    const { ticket } = await issue(admin);
    const url = new URL('/realms', node.handle.adminUrl);
    const status = async (token: string): Promise<number> => {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await status(ticket), 200);
    const [header, payload] = ticket.split('.');
    assert.equal(await status(`${header}.${payload}.${'A'.repeat(86)}`), 401);
    await ask(admin, 'bondy.ticket.revoke', ticket);
    assert.equal(await status(ticket), 401);
  });
});

test('who signs on once enters all realms of the user with one ticket', async (t) => {
  const admin = await administrator(t, node.urls);
  const sso = await newRealm(admin, { is_sso_realm: true, users: [] });
  const document = { ...TICKETS, sso_realm_uri: sso };
  const realms = [
    await newRealm(admin, document),
    await newRealm(admin, document),
    await newRealm(admin, document),
  ];
  const sue = { username: 'sue', password: 'secret-3', sso_realm_uri: sso };
  for (const realm of realms.slice(0, 2)) await ask(admin, 'bondy.user.add', realm, sue);
  const [first, second, third] = realms as [string, string, string];
  // Same sign-on: her password is known in both.
  await enter(t, node.urls, second, 'sue', 'secret-3');
  const { ticket, scope } = await issue(await enter(t, node.urls, first, 'sue', 'secret-3'));
  assert.equal(scope['realm'], null);
  assert.equal(await autobahnEnters(t, first, 'sue', ticket), 'in');
  assert.equal(await autobahnEnters(t, second, 'sue', ticket), 'in');
  assert.equal(await autobahnEnters(t, third, 'sue', ticket), FAILED, 'she is no user there');
});
