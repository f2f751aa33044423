/** Request ids: 1, 2, 3 … per session and direction; anything else is a protocol error (basic/building_blocks.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, MATRIX, RAWSOCKET_MSGPACK, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

/** Each request type, as the first message of its session. */
const REQUESTS: Readonly<Record<string, (id: unknown) => readonly unknown[]>> = {
  SUBSCRIBE: (id) => [wamp.SUBSCRIBE, id, {}, 'spec.ids.topic'],
  UNSUBSCRIBE: (id) => [wamp.UNSUBSCRIBE, id, 1],
  PUBLISH: (id) => [wamp.PUBLISH, id, {}, 'spec.ids.topic'],
  REGISTER: (id) => [wamp.REGISTER, id, {}, 'spec.ids.procedure'],
  UNREGISTER: (id) => [wamp.UNREGISTER, id, 1],
  CALL: (id) => [wamp.CALL, id, {}, 'spec.ids.nobody'],
};

forEachWire(MATRIX, (wire) => {
  test('one counter serves all requests of a session', async (t) => {
    const client = await node.join(t, wire);
    const [topic, procedure] = [fresh(), fresh()];
    const subscription = await client.subscribe(topic);
    await client.publish(topic);
    const registration = await client.register(procedure);
    await client.callFails('wamp.error.no_such_procedure', fresh());
    const unsubscribe = client.request(wamp.UNSUBSCRIBE, subscription);
    await client.expectReply(wamp.UNSUBSCRIBED, unsubscribe);
    const unregister = client.request(wamp.UNREGISTER, registration);
    await client.expectReply(wamp.UNREGISTERED, unregister);
    assert.equal(unregister, 6);
  });
});

forEachWire(SAMPLE, (wire) => {
  for (const [name, message] of Object.entries(REQUESTS)) {
    test(`${name} that does not start at 1 is a protocol violation`, async (t) => {
      const client = await node.join(t, wire);
      client.send(message(2));
      await client.expectAbort();
    });

    for (const [what, id] of [
      ['leaves a gap', 3],
      ['jumps far', wamp.MAX_ID],
    ] as const) {
      test(`${name} that ${what} is a protocol violation`, async (t) => {
        const client = await node.join(t, wire);
        client.sendAll([[wamp.PUBLISH, 1, {}, 'spec.ids.topic'], message(id)]);
        await client.expectAbort();
      });
    }

    if (name === 'CALL') continue;
    test(`${name} that repeats an id is a protocol violation`, async (t) => {
      const client = await node.join(t, wire);
      client.sendAll([[wamp.PUBLISH, 1, {}, 'spec.ids.topic'], message(1)]);
      await client.expectAbort();
    });
  }

  test('a CALL with the id of a call that is still running is a protocol violation', async (t) => {
    const procedure = fresh();
    const callee = await node.join(t, wire);
    await callee.register(procedure);
    const caller = await node.join(t, wire);
    const request = caller.request(wamp.CALL, {}, procedure);
    await callee.expect(wamp.INVOCATION);
    caller.send([wamp.CALL, request, {}, procedure]);
    await caller.expectAbort();
  });

  test('CANCEL does not consume an id', async (t) => {
    const client = await node.join(t, wire);
    client.send([wamp.CANCEL, 1, { mode: 'skip' }]);
    await client.expectNothing();
  });
});

test('INVOCATION ids count from 1 for each callee', async (t) => {
  const caller = await node.join(t, RAWSOCKET_MSGPACK);
  for (let i = 0; i < 2; i++) {
    const procedure = fresh();
    const callee = await node.join(t, RAWSOCKET_MSGPACK);
    await callee.register(procedure);
    for (const expected of [1, 2, 3]) {
      const request = caller.request(wamp.CALL, {}, procedure);
      assert.equal((await callee.answer())[1], expected);
      await caller.expectReply(wamp.RESULT, request);
    }
  }
});

test('publication ids are drawn from the whole range up to 2^53', async (t) => {
  const client = await node.join(t, RAWSOCKET_MSGPACK);
  const ids: number[] = [];
  for (let i = 0; i < 24; i++) ids.push(await client.publish(fresh()));
  assert.equal(new Set(ids).size, ids.length);
  assert(ids.every((id) => Number.isInteger(id) && id >= 1 && id <= wamp.MAX_ID));
  assert(Math.max(...ids) > wamp.MAX_ID / 8, `largest of 24 ids: ${Math.max(...ids)}`);
});
