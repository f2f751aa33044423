/**
 * Sharded subscriptions and registrations (WAMP advanced/pubsub_sharded_subscription.md,
 * rpc_sharded_registration.md, both sketches): a resource key always leads to the same peer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const KEYS = Array.from({ length: 20 }, (_, i) => `customer-${i}`);

forEachWire(SAMPLE, (wire) => {
  test('each resource key leads to one subscriber, and not all to the same', async (t) => {
    const topic = fresh();
    const shards: RawClient[] = [];
    for (let i = 0; i < 3; i++) {
      shards.push(await node.join(t, wire));
      await shards[i].subscribe(topic, { nkey: `node-${i}` });
    }
    const everything = await node.join(t, wire);
    await everything.subscribe(topic);
    const publisher = await node.join(t, wire);
    for (let round = 0; round < 2; round++) {
      for (const rkey of KEYS) await publisher.publish(topic, { rkey }, [rkey]);
    }
    const got = await Promise.all(shards.map((shard) => shard.received()));
    const keys = got.map((events) => new Set(events.map((event) => (event[4] as string[])[0])));
    for (const [i, events] of got.entries()) assert.equal(events.length, 2 * keys[i].size);
    assert.equal(
      keys.reduce((sum, each) => sum + each.size, 0),
      KEYS.length,
    );
    assert(keys.every((each) => each.size < KEYS.length));
    assert.equal((await everything.received()).length, 2 * KEYS.length);
  });

  test('an event without a resource key goes to all shards', async (t) => {
    const topic = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    await one.subscribe(topic, { nkey: 'one' });
    await two.subscribe(topic, { nkey: 'two' });
    await (await node.join(t, wire)).publish(topic);
    for (const client of [one, two]) await client.expect(wamp.EVENT);
  });

  test('runmode partition leads a resource key to the same callee each time', async (t) => {
    const procedure = fresh();
    const callees: RawClient[] = [];
    for (let i = 0; i < 3; i++) {
      callees.push(await node.join(t, wire));
      await callees[i].register(procedure, { invoke: 'roundrobin' });
    }
    const caller = await node.join(t, wire);
    for (let round = 0; round < 2; round++) {
      for (const rkey of KEYS) {
        caller.request(wamp.CALL, { runmode: 'partition', rkey }, procedure, [rkey]);
      }
    }
    await caller.expectNothing();
    const got = await Promise.all(callees.map((callee) => callee.received()));
    const keys = got.map((calls) => new Set(calls.map((call) => (call[4] as string[])[0])));
    for (const [i, calls] of got.entries()) assert.equal(calls.length, 2 * keys[i].size);
    assert(keys.every((each) => each.size < KEYS.length));
  });

  test('runmode partition without a resource key is refused', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure, { invoke: 'roundrobin' });
    const request = caller.request(wamp.CALL, { runmode: 'partition' }, procedure);
    await caller.expectError(wamp.CALL, request, 'wamp.error.invalid_argument');
  });
});
