/** Event retention (WAMP advanced/pubsub_event_retention.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, MATRIX, RAWSOCKET_MSGPACK, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire(MATRIX, (wire) => {
  test('a retained event comes right after SUBSCRIBED, marked as retained', async (t) => {
    const topic = fresh();
    const publisher = await node.join(t, RAWSOCKET_MSGPACK);
    await publisher.publish(topic, { retain: true }, ['old']);
    const publication = await publisher.publish(topic, { retain: true }, ['new'], {
      a: [1.5, 'x'],
    });
    publisher.destroy();
    const subscriber = await node.join(t, wire);
    const subscription = await subscriber.subscribe(topic, { get_retained: true });
    const event = await subscriber.expect(wamp.EVENT);
    assert.deepEqual(event.slice(0, 3), [wamp.EVENT, subscription, publication]);
    assert.equal(dict(event[3]).retained, true);
    assert.deepEqual(event.slice(4), [['new'], { a: [1.5, 'x'] }]);
    await subscriber.expectNothing();
  });
});

forEachWire(SAMPLE, (wire) => {
  test('without get_retained nothing old comes', async (t) => {
    const [topic, publisher, subscriber] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await publisher.publish(topic, { retain: true }, [1]);
    await subscriber.subscribe(topic);
    await subscriber.expectNothing();
  });

  test('an event without retain leaves the retained one in place', async (t) => {
    const [topic, publisher, subscriber] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await publisher.publish(topic, { retain: true }, ['kept']);
    await publisher.publish(topic, {}, ['passing']);
    await subscriber.subscribe(topic, { get_retained: true });
    assert.deepEqual((await subscriber.expect(wamp.EVENT))[4], ['kept']);
  });

  test('a live event is not marked as retained', async (t) => {
    const [topic, publisher, subscriber] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await subscriber.subscribe(topic);
    await publisher.publish(topic, { retain: true }, [1]);
    assert.notEqual(dict((await subscriber.expect(wamp.EVENT))[3]).retained, true);
  });

  test('a retained event respects the lists of its publisher', async (t) => {
    const [topic, publisher] = [fresh(), await node.join(t, wire)];
    const [wanted, other] = [await node.join(t, wire), await node.join(t, wire)];
    await publisher.publish(topic, { retain: true }, ['for all']);
    await publisher.publish(topic, { retain: true, eligible: [wanted.session] }, ['for one']);
    await wanted.subscribe(topic, { get_retained: true });
    assert.deepEqual((await wanted.expect(wamp.EVENT))[4], ['for one']);
    await other.subscribe(topic, { get_retained: true });
    const events = await other.received();
    // The most recent one it would have got, or none: never the other's.
    for (const event of events) assert.deepEqual(event[4], ['for all']);
  });

  test('a retained event is not sent to its own publisher', async (t) => {
    const [topic, client] = [fresh(), await node.join(t, wire)];
    await client.publish(topic, { retain: true }, [1]);
    await client.subscribe(topic, { get_retained: true });
    await client.expectNothing();
  });
});
