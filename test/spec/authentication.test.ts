/** Authentication: anonymous and ticket (WAMP advanced/authentication.md, authentication_ticket.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { BATCHED, forEachWire, MATRIX, SAMPLE } from '../support/wire.ts';

const node = useTestNode({
  'realms.closed.authmethods': 'ticket',
  'realms.closed.users.joe.ticket': 'magic-secret',
  'realms.closed.users.joe.authrole': 'admin',
  'realms.both.authmethods': 'anonymous, ticket',
  'realms.both.users.joe.ticket': 'other-secret',
  'realms.open.authmethods': 'anonymous',
  'realms.open.anonymous_role': 'guest',
  'wamp.authenticate_timeout': '300ms',
  // So many tests fail to get in.
  'security.lockout.enabled': 'off',
});

function hello(client: RawClient, realm: string, details: Details): void {
  client.send([wamp.HELLO, realm, { roles: wamp.BASIC_ROLES, ...details }]);
}

const TICKET = { authmethods: ['ticket'], authid: 'joe' };

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('a ticket opens a session with the identity it belongs to', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'closed', TICKET);
    assert.equal((await client.expect(wamp.CHALLENGE))[1], 'ticket');
    client.send([wamp.AUTHENTICATE, 'magic-secret', {}]);
    const details = dict((await client.expect(wamp.WELCOME))[2]);
    assert.equal(details.authid, 'joe');
    assert.equal(details.authrole, 'admin');
    assert.equal(details.authmethod, 'ticket');
    assert.equal(typeof details.authprovider, 'string');
  });

  test('a wrong ticket is refused', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'closed', TICKET);
    await client.expect(wamp.CHALLENGE);
    client.send([wamp.AUTHENTICATE, 'other-secret', {}]);
    await client.expectAbort('wamp.error.authentication_failed');
  });
});

forEachWire(SAMPLE, (wire) => {
  test('an unknown user learns no more than one with a wrong ticket', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'closed', { ...TICKET, authid: 'nobody' });
    const answer = await client.next();
    if (answer[0] === wamp.CHALLENGE) {
      client.send([wamp.AUTHENTICATE, 'magic-secret', {}]);
      await client.expectAbort('wamp.error.authentication_failed');
    } else
      assert.deepEqual([answer[0], answer[2]], [wamp.ABORT, 'wamp.error.authentication_failed']);
  });

  for (const authmethods of [undefined, [], ['anonymous'], ['wampcra', 'scram'], ['x']]) {
    test(`a closed realm refuses the methods ${JSON.stringify(authmethods)}`, async (t) => {
      const client = await node.connect(t, wire);
      hello(client, 'closed', authmethods ? { authmethods, authid: 'joe' } : {});
      await client.expectAbort(
        'wamp.error.no_matching_auth_method',
        'wamp.error.authentication_required',
      );
    });
  }

  test('methods that the router does not know are skipped', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'closed', { authmethods: ['x_mine', 'kerberos', 'ticket'], authid: 'joe' });
    assert.equal((await client.expect(wamp.CHALLENGE))[1], 'ticket');
  });

  test('the first method of the client that the realm offers is taken', async (t) => {
    const one = await node.join(t, wire, { authmethods: ['anonymous', 'ticket'] }, 'both');
    assert.equal(one.details.authmethod, 'anonymous');
    const two = await node.connect(t, wire);
    hello(two, 'both', { authmethods: ['ticket', 'anonymous'], authid: 'joe' });
    await two.expect(wamp.CHALLENGE);
  });

  test('without methods a realm that is open takes the session as anonymous', async (t) => {
    const client = await node.join(t, wire, {}, 'open');
    assert.deepEqual([client.details.authmethod, client.details.authrole], ['anonymous', 'guest']);
  });

  test('an anonymous session does not get the authid it asks for as if it had proved it', async (t) => {
    const client = await node.join(t, wire, { authmethods: ['anonymous'], authid: 'joe' }, 'both');
    assert.notEqual(client.details.authid, 'joe');
  });

  test('the ticket of one realm does not open another', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'both', TICKET);
    await client.expect(wamp.CHALLENGE);
    client.send([wamp.AUTHENTICATE, 'magic-secret', {}]);
    await client.expectAbort('wamp.error.authentication_failed');
  });

  for (const [name, message] of Object.entries({
    HELLO: [wamp.HELLO, 'open', { roles: wamp.BASIC_ROLES }],
    CALL: [wamp.CALL, 1, {}, 'spec.procedure'],
    SUBSCRIBE: [wamp.SUBSCRIBE, 1, {}, 'spec.topic'],
    GOODBYE: [wamp.GOODBYE, {}, 'wamp.close.close_realm'],
    'AUTHENTICATE of a wrong shape': [wamp.AUTHENTICATE, 7, {}],
    'AUTHENTICATE without extra': [wamp.AUTHENTICATE, 'magic-secret'],
  })) {
    test(`${name} instead of the answer to a challenge is a protocol violation`, async (t) => {
      const client = await node.connect(t, wire);
      hello(client, 'closed', TICKET);
      await client.expect(wamp.CHALLENGE);
      client.send(message);
      await client.expectAbort();
    });
  }

  test('a client may give up while it is challenged', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'closed', TICKET);
    await client.expect(wamp.CHALLENGE);
    client.send([wamp.ABORT, {}, 'spec.error.forgot_it']);
    await client.closed();
  });

  test('a challenge that is never answered ends the connection', async (t) => {
    const client = await node.connect(t, wire);
    hello(client, 'closed', TICKET);
    await client.expect(wamp.CHALLENGE);
    const abort = await client.expect(wamp.ABORT);
    assert.match(String(abort[2]), /^wamp\.(error|close)\./);
    await client.closed();
  });
});
