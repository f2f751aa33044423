/** Opening a session: HELLO, WELCOME, and what is refused before it (WAMP basic/sessions.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELLO, MAX_ID, WELCOME } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { BATCHED, forEachWire, MATRIX, RAWSOCKET_MSGPACK, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('HELLO is answered by WELCOME with an id and the roles of a router', async (t) => {
    const client = await node.join(t, wire);
    assert(Number.isInteger(client.session) && client.session >= 1 && client.session <= MAX_ID);
    const roles = dict(client.details.roles);
    assert.deepEqual(Object.keys(roles).sort(), ['broker', 'dealer']);
  });

  test('an anonymous session learns its identity', async (t) => {
    const { details } = await node.join(t, wire);
    assert.equal(details.realm, 'realm1');
    assert.equal(details.authrole, 'anonymous');
    assert.equal(details.authmethod, 'anonymous');
    assert.equal(typeof details.authid, 'string');
  });

  test('a realm that does not exist is refused with no_such_realm', async (t) => {
    const client = await node.connect(t, wire);
    client.send([HELLO, 'no.such.realm', { roles: { caller: {} } }]);
    await client.expectAbort('wamp.error.no_such_realm');
  });
});

forEachWire(SAMPLE, (wire) => {
  for (const role of ['publisher', 'subscriber', 'caller', 'callee']) {
    test(`a client that is only a ${role} is welcome`, async (t) => {
      await node.join(t, wire, { roles: { [role]: {} } });
    });
  }

  test('what a client announces beyond the specification is ignored', async (t) => {
    await node.join(t, wire, {
      roles: { caller: { features: { x_future: true }, x_more: 1 }, wizard: {} },
      x_attribute: [1, { deep: true }],
      agent: 'spec',
    });
  });

  test('an option that is null counts as absent', async (t) => {
    await node.join(t, wire, { roles: { caller: {} }, authid: null, authmethods: null });
  });

  const wrongDetails: readonly (readonly [string, unknown])[] = [
    ['no roles', {}],
    ['roles that are a list', { roles: [] }],
    ['roles without any role', { roles: {} }],
    ['only unknown roles', { roles: { wizard: {} } }],
    ['a role that is not a dict', { roles: { caller: true } }],
    ['features that are not a dict', { roles: { caller: { features: [1] } } }],
  ];
  for (const [what, details] of wrongDetails) {
    test(`HELLO with ${what} is a protocol violation`, async (t) => {
      const client = await node.connect(t, wire);
      client.send([HELLO, 'realm1', details]);
      await client.expectAbort('wamp.error.protocol_violation', 'wamp.error.no_such_role');
    });
  }

  for (const realm of ['', 'two words', 'a..b', 'a#b', '.a', 'a.']) {
    test(`the realm ${JSON.stringify(realm)} is refused`, async (t) => {
      const client = await node.connect(t, wire);
      client.send([HELLO, realm, { roles: { caller: {} } }]);
      await client.expectAbort(
        'wamp.error.invalid_uri',
        'wamp.error.no_such_realm',
        'wamp.error.protocol_violation',
      );
    });
  }
});

test('session ids are drawn from the whole range up to 2^53', async (t) => {
  const ids: number[] = [];
  for (let i = 0; i < 24; i++) ids.push((await node.join(t, RAWSOCKET_MSGPACK)).session);
  assert.equal(new Set(ids).size, ids.length);
  // All 24 under an eighth of the range: one chance in 2^72.
  assert(Math.max(...ids) > MAX_ID / 8, `largest of 24 ids: ${Math.max(...ids)}`);
});

test('only features that exist are announced, all of them as true', async (t) => {
  const { details } = await node.join(t, RAWSOCKET_MSGPACK);
  const known: Record<string, readonly string[]> = {
    broker: [
      'publisher_identification',
      'publisher_exclusion',
      'publication_trustlevels',
      'subscriber_blackwhite_listing',
      'pattern_based_subscription',
      'session_meta_api',
      'subscription_meta_api',
      'event_history',
      'event_retention',
      'subscription_revocation',
      'sharded_subscription',
      'payload_passthru_mode',
    ],
    dealer: [
      'caller_identification',
      'call_timeout',
      'call_canceling',
      'call_trustlevels',
      'progressive_call_results',
      'progressive_call_invocations',
      'pattern_based_registration',
      'shared_registration',
      'sharded_registration',
      'registration_revocation',
      'call_reroute',
      'registration_meta_api',
      'session_meta_api',
      'testament_meta_api',
      'payload_passthru_mode',
    ],
  };
  for (const [role, features] of Object.entries(known)) {
    const announced = dict(dict(dict(details.roles)[role]).features);
    for (const feature of features) assert.equal(announced[feature], true, `${role} ${feature}`);
  }
});

test('two sessions of one realm are different sessions', async (t) => {
  const [one, two] = [await node.join(t, RAWSOCKET_MSGPACK), await node.join(t, RAWSOCKET_MSGPACK)];
  assert.notEqual(one.session, two.session);
});

test('HELLO may come with other requests right behind it', async (t) => {
  const client = await node.connect(t, RAWSOCKET_MSGPACK);
  client.sendAll([
    [HELLO, 'realm1', { roles: { caller: {} } }],
    [48, 1, {}, 'spec.nobody.registers.this'],
  ]);
  await client.expect(WELCOME);
  await client.expectError(48, 1, 'wamp.error.no_such_procedure');
});
