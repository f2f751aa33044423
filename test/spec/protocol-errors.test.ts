/**
 * Protocol errors (WAMP basic/building_blocks.md, "Protocol Errors"): ABORT protocol_violation, everything of the
 * session disposed, nothing further processed, the transport dropped.
 */
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { WampMessage } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { BATCHED, forEachWire, MATRIX, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

const BEFORE: Readonly<Record<string, WampMessage>> = {
  WELCOME: [wamp.WELCOME, 1, { roles: {} }],
  CHALLENGE: [wamp.CHALLENGE, 'ticket', {}],
  AUTHENTICATE: [wamp.AUTHENTICATE, 'secret', {}],
  GOODBYE: [wamp.GOODBYE, {}, 'wamp.close.close_realm'],
  ERROR: [wamp.ERROR, wamp.INVOCATION, 1, {}, 'spec.error.x'],
  PUBLISH: [wamp.PUBLISH, 1, {}, 'spec.topic'],
  PUBLISHED: [wamp.PUBLISHED, 1, 1],
  SUBSCRIBE: [wamp.SUBSCRIBE, 1, {}, 'spec.topic'],
  SUBSCRIBED: [wamp.SUBSCRIBED, 1, 1],
  UNSUBSCRIBE: [wamp.UNSUBSCRIBE, 1, 1],
  UNSUBSCRIBED: [wamp.UNSUBSCRIBED, 1],
  EVENT: [wamp.EVENT, 1, 1, {}],
  CALL: [wamp.CALL, 1, {}, 'spec.procedure'],
  CANCEL: [wamp.CANCEL, 1, {}],
  RESULT: [wamp.RESULT, 1, {}],
  REGISTER: [wamp.REGISTER, 1, {}, 'spec.procedure'],
  REGISTERED: [wamp.REGISTERED, 1, 1],
  UNREGISTER: [wamp.UNREGISTER, 1, 1],
  UNREGISTERED: [wamp.UNREGISTERED, 1],
  INVOCATION: [wamp.INVOCATION, 1, 1, {}],
  INTERRUPT: [wamp.INTERRUPT, 1, {}],
  YIELD: [wamp.YIELD, 1, {}],
};

const AFTER: Readonly<Record<string, WampMessage>> = {
  'a second HELLO': [wamp.HELLO, 'realm1', { roles: { caller: {} } }],
  WELCOME: [wamp.WELCOME, 1, { roles: {} }],
  CHALLENGE: [wamp.CHALLENGE, 'ticket', {}],
  AUTHENTICATE: [wamp.AUTHENTICATE, 'secret', {}],
  PUBLISHED: [wamp.PUBLISHED, 1, 1],
  SUBSCRIBED: [wamp.SUBSCRIBED, 1, 1],
  UNSUBSCRIBED: [wamp.UNSUBSCRIBED, 1],
  EVENT: [wamp.EVENT, 1, 1, {}],
  RESULT: [wamp.RESULT, 1, {}],
  REGISTERED: [wamp.REGISTERED, 1, 1],
  UNREGISTERED: [wamp.UNREGISTERED, 1],
  INVOCATION: [wamp.INVOCATION, 1, 1, {}],
  INTERRUPT: [wamp.INTERRUPT, 1, {}],
  'YIELD of an invocation that never was': [wamp.YIELD, 1, {}],
  'ERROR of an invocation that never was': [wamp.ERROR, wamp.INVOCATION, 1, {}, 'spec.error.x'],
  'ERROR of a request type that is not INVOCATION': [wamp.ERROR, wamp.CALL, 1, {}, 'spec.error.x'],
};

/** Codes nobody assigned, and codes of the extension range that this router does not know. */
const UNASSIGNED = [0, 7, 9, 15, 18, 31, 38, 47, 71, 100, 255, 256, 337, 1023, 1024, 2 ** 31, -1];

forEachWire(MATRIX, (wire) => {
  for (const [name, message] of Object.entries(BEFORE)) {
    test(`${name} before the session is open is a protocol violation`, async (t) => {
      const client = await node.connect(t, wire);
      client.send(message);
      await client.expectAbort();
    });
  }

  for (const [name, message] of Object.entries(AFTER)) {
    test(`${name} in an open session is a protocol violation`, async (t) => {
      const client = await node.join(t, wire);
      client.send(message);
      await client.expectAbort();
    });
  }
});

forEachWire([...SAMPLE, ...BATCHED], (wire) => {
  for (const code of UNASSIGNED) {
    test(`message type ${code} is a protocol violation`, async (t) => {
      const client = await node.join(t, wire);
      client.send([code, 1, {}]);
      await client.expectAbort();
    });
  }

  test('after a violation nothing of the same chunk is processed', async (t) => {
    const topic = fresh();
    const subscriber = await node.join(t, wire);
    await subscriber.subscribe(topic);
    const client = await node.join(t, wire);
    client.sendAll([
      [wamp.WELCOME, 1, {}],
      [wamp.PUBLISH, 1, {}, topic],
    ]);
    await client.expectAbort();
    await subscriber.expectNothing();
  });

  test('a violation disposes the registrations and subscriptions of its session', async (t) => {
    const procedure = fresh();
    const client = await node.join(t, wire);
    await client.register(procedure);
    client.send([wamp.SUBSCRIBED, 1, 1]);
    await client.expectAbort();
    const other = await node.join(t, wire);
    await other.register(procedure);
  });

  test('the node is healthy after all of this', (t) => node.expectHealthy(t));
});
