/** Publish and subscribe, basic profile (WAMP basic/publish_subscribe.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { BATCHED, forEachWire, MATRIX } from '../support/wire.ts';

const node = useTestNode();

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('an event reaches every subscriber once, with the publication id of PUBLISHED', async (t) => {
    const topic = fresh();
    const subscribers = [await node.join(t, wire), await node.join(t, wire)];
    const subscription = await subscribers[0].subscribe(topic);
    assert.equal(await subscribers[1].subscribe(topic), subscription);
    const publisher = await node.join(t, wire);
    const publication = await publisher.publish(topic, {}, [1, 'two'], { three: 3 });
    for (const subscriber of subscribers) {
      const event = await subscriber.expect(wamp.EVENT);
      assert.deepEqual(event.slice(0, 3), [wamp.EVENT, subscription, publication]);
      assert.deepEqual(event.slice(4), [[1, 'two'], { three: 3 }]);
      await subscriber.expectNothing();
    }
  });

  test('an event without arguments, with only arguments and with only keywords', async (t) => {
    const topic = fresh();
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    await subscriber.subscribe(topic);
    for (const tail of [[], [[1]], [[], { a: 1 }]]) {
      await publisher.publish(topic, {}, ...tail);
      assert.deepEqual((await subscriber.expect(wamp.EVENT)).slice(4), tail);
    }
  });

  test('a publication is not acknowledged unless asked', async (t) => {
    const [topic, publisher] = [fresh(), await node.join(t, wire)];
    publisher.request(wamp.PUBLISH, {}, topic);
    publisher.request(wamp.PUBLISH, { acknowledge: false }, topic);
    await publisher.expectNothing();
  });

  test('a publisher does not get its own event', async (t) => {
    const [topic, client] = [fresh(), await node.join(t, wire)];
    await client.subscribe(topic);
    await client.publish(topic);
    await client.expectNothing();
  });

  test('subscribing twice gives the same subscription and one event', async (t) => {
    const topic = fresh();
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    const first = await subscriber.subscribe(topic);
    assert.equal(await subscriber.subscribe(topic), first);
    await publisher.publish(topic);
    const received = await subscriber.received();
    assert.deepEqual(
      received.map((message) => message[0]),
      [wamp.EVENT],
    );
  });

  test('after UNSUBSCRIBED no event comes', async (t) => {
    const topic = fresh();
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    const subscription = await subscriber.subscribe(topic);
    const request = subscriber.request(wamp.UNSUBSCRIBE, subscription);
    await subscriber.expectReply(wamp.UNSUBSCRIBED, request);
    await publisher.publish(topic);
    await subscriber.expectNothing();
  });

  test('UNSUBSCRIBE of an unknown subscription is no_such_subscription', async (t) => {
    const client = await node.join(t, wire);
    const request = client.request(wamp.UNSUBSCRIBE, wamp.MAX_ID);
    await client.expectError(wamp.UNSUBSCRIBE, request, 'wamp.error.no_such_subscription');
  });

  test("UNSUBSCRIBE of somebody else's subscription is no_such_subscription", async (t) => {
    const topic = fresh();
    const [owner, stranger] = [await node.join(t, wire), await node.join(t, wire)];
    const subscription = await owner.subscribe(topic);
    const request = stranger.request(wamp.UNSUBSCRIBE, subscription);
    await stranger.expectError(wamp.UNSUBSCRIBE, request, 'wamp.error.no_such_subscription');
    await stranger.publish(topic);
    await owner.expect(wamp.EVENT);
  });

  test('topics and procedures of one name do not meet', async (t) => {
    const name = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    await one.subscribe(name);
    await one.register(name);
    await two.publish(name);
    await one.expect(wamp.EVENT);
    const call = two.request(wamp.CALL, {}, name);
    await one.answer();
    await two.expectReply(wamp.RESULT, call);
  });
});
