/** Payload passthru mode (WAMP advanced/payload_passthru_mode.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

const PPT = {
  ppt_scheme: 'x_spec',
  ppt_serializer: 'cbor',
  ppt_cipher: 'xsalsa20poly1305',
  ppt_keyid: 'key-7',
};
const PAYLOAD = [Uint8Array.of(0, 1, 254, 255)];

function pptOf(details: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(dict(details)).filter(([key]) => key.startsWith('ppt_')),
  );
}

forEachWire(SAMPLE, (wire) => {
  test('the attributes and the payload travel with an event', async (t) => {
    const [topic, subscriber, publisher] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await subscriber.subscribe(topic);
    await publisher.publish(topic, PPT, PAYLOAD);
    const event = await subscriber.expect(wamp.EVENT);
    assert.deepEqual(pptOf(event[3]), PPT);
    assert.deepEqual(event[4], PAYLOAD);
  });

  test('they travel with a call, its result and its error', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, PPT, procedure, PAYLOAD);
    const invocation = await callee.expect(wamp.INVOCATION);
    assert.deepEqual([pptOf(invocation[3]), invocation[4]], [PPT, PAYLOAD]);
    callee.send([wamp.YIELD, invocation[1], PPT, PAYLOAD]);
    const result = await caller.expectReply(wamp.RESULT, request);
    assert.deepEqual([pptOf(result[2]), result[3]], [PPT, PAYLOAD]);

    const second = caller.request(wamp.CALL, PPT, procedure, PAYLOAD);
    const failing = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.ERROR, wamp.INVOCATION, failing[1], PPT, 'spec.error.secret', PAYLOAD]);
    const error = await caller.expectError(wamp.CALL, second, 'spec.error.secret');
    assert.deepEqual([pptOf(error[3]), error[5]], [PPT, PAYLOAD]);
  });

  test('a publisher or caller that did not announce the mode violates the protocol', async (t) => {
    for (const [role, type] of [
      ['publisher', wamp.PUBLISH],
      ['caller', wamp.CALL],
    ] as const) {
      const roles = wamp.rolesWithout(role, 'payload_passthru_mode');
      const client = await node.join(t, wire, { roles });
      client.request(type, PPT, fresh(), PAYLOAD);
      await client.expectAbort();
    }
  });

  test('a callee that did not announce the mode cannot take such a call', async (t) => {
    const [procedure, caller] = [fresh(), await node.join(t, wire)];
    const roles = wamp.rolesWithout('callee', 'payload_passthru_mode');
    const callee = await node.join(t, wire, { roles });
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, PPT, procedure, PAYLOAD);
    await caller.expectError(wamp.CALL, request, 'wamp.error.feature_not_supported');
    await callee.expectNothing();
  });

  test('a callee that did not announce the mode violates the protocol with such a YIELD', async (t) => {
    const [procedure, caller] = [fresh(), await node.join(t, wire)];
    const roles = wamp.rolesWithout('callee', 'payload_passthru_mode');
    const callee = await node.join(t, wire, { roles });
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], PPT, PAYLOAD]);
    await callee.expectAbort();
    const error = await caller.expect(wamp.ERROR);
    assert.deepEqual(error.slice(1, 3), [wamp.CALL, request]);
  });

  test('a caller that did not announce the mode does not get such a result', async (t) => {
    const [procedure, callee] = [fresh(), await node.join(t, wire)];
    await callee.register(procedure);
    const roles = wamp.rolesWithout('caller', 'payload_passthru_mode');
    const caller = await node.join(t, wire, { roles });
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], PPT, PAYLOAD]);
    await callee.expectError(wamp.YIELD, Number(invocation[1]), 'wamp.error.feature_not_supported');
    // The text leaves open what the caller gets; it must not wait for ever.
    const error = await caller.expect(wamp.ERROR);
    assert.deepEqual(error.slice(1, 3), [wamp.CALL, request]);
  });

  test('a subscriber that did not announce the mode gets the event whole or not at all', async (t) => {
    const [topic, publisher] = [fresh(), await node.join(t, wire)];
    const roles = wamp.rolesWithout('subscriber', 'payload_passthru_mode');
    const subscriber = await node.join(t, wire, { roles });
    await subscriber.subscribe(topic);
    await publisher.publish(topic, PPT, PAYLOAD);
    for (const event of await subscriber.received()) {
      assert.deepEqual([pptOf(event[3]), event[4]], [PPT, PAYLOAD]);
    }
  });
});
