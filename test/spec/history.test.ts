/** Event history (WAMP advanced/pubsub_event_history.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode({
  'wamp.event_history.topics.all.uri': 'spec.',
  'wamp.event_history.topics.all.match': 'prefix',
  'wamp.event_history.topics.all.limit': '10000',
});

const GET = 'wamp.subscription.get_events';

async function history(
  client: RawClient,
  subscription: number,
  keywords: Details = {},
): Promise<Details[]> {
  const result = ((await client.call(GET, [subscription], keywords))[3] ?? []) as unknown[];
  // The text allows the events as arguments or as one list.
  return (Array.isArray(result[0]) ? result[0] : result).map(dict);
}

/** What a test published, oldest first. */
function payloads(events: readonly Details[]): unknown[] {
  return events.map((event) => (event.args as unknown[])[0]);
}

forEachWire(SAMPLE, (wire) => {
  /** Ten events 0 … 9 and a subscription to their topic. */
  async function tenEvents(t: Parameters<typeof node.join>[0]) {
    const topic = fresh();
    const [publisher, client] = [await node.join(t, wire), await node.join(t, wire)];
    const publications: number[] = [];
    for (let i = 0; i < 10; i++) publications.push(await publisher.publish(topic, {}, [i]));
    return { topic, publications, client, publisher, subscription: await client.subscribe(topic) };
  }

  test('events that were published before a subscription can be read by it', async (t) => {
    const { client, subscription, publications } = await tenEvents(t);
    const events = await history(client, subscription);
    assert.deepEqual(payloads(events), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(
      events.map((event) => event.publication),
      publications,
    );
    for (const event of events) {
      assert.equal(event.subscription, subscription);
      assert.match(
        String(event.timestamp),
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
      );
    }
  });

  test('limit and reverse', async (t) => {
    const { client, subscription } = await tenEvents(t);
    assert.deepEqual(payloads(await history(client, subscription, { limit: 3 })), [0, 1, 2]);
    const latest = await history(client, subscription, { limit: 3, reverse: true });
    assert.deepEqual(payloads(latest), [9, 8, 7]);
  });

  test('bounds by publication, with and without the bound itself', async (t) => {
    const { client, subscription, publications } = await tenEvents(t);
    const between = async (keywords: Details): Promise<unknown[]> =>
      payloads(await history(client, subscription, keywords));
    assert.deepEqual(await between({ from_publication: publications[7] }), [7, 8, 9]);
    assert.deepEqual(await between({ after_publication: publications[7] }), [8, 9]);
    assert.deepEqual(await between({ before_publication: publications[2] }), [0, 1]);
    assert.deepEqual(await between({ until_publication: publications[2] }), [0, 1, 2]);
    assert.deepEqual(
      await between({ from_publication: publications[3], before_publication: publications[5] }),
      [3, 4],
    );
  });

  test('bounds by time', async (t) => {
    const { client, subscription } = await tenEvents(t);
    const past = '2001-01-01T00:00:00Z';
    const future = '2999-01-01T00:00:00.000+01:00';
    assert.equal((await history(client, subscription, { from_time: past })).length, 10);
    assert.equal((await history(client, subscription, { from_time: future })).length, 0);
    assert.equal((await history(client, subscription, { until_time: past })).length, 0);
    const both = { after_time: past, before_time: future };
    assert.equal((await history(client, subscription, both)).length, 10);
    const times = await history(client, subscription);
    const exact = { from_time: times[0].timestamp, until_time: times[9].timestamp };
    assert.equal((await history(client, subscription, exact)).length, 10);
  });

  test('topic selects within a pattern subscription', async (t) => {
    const base = fresh();
    const [publisher, client] = [await node.join(t, wire), await node.join(t, wire)];
    for (const [i, topic] of ['a', 'b', 'a'].entries())
      await publisher.publish(`${base}.${topic}`, {}, [i]);
    const subscription = await client.subscribe(base, { match: 'prefix' });
    assert.deepEqual(payloads(await history(client, subscription)), [0, 1, 2]);
    assert.deepEqual(payloads(await history(client, subscription, { topic: `${base}.a` })), [0, 2]);
  });

  test('events that were listed for sessions are not recorded', async (t) => {
    const topic = fresh();
    const [publisher, client] = [await node.join(t, wire), await node.join(t, wire)];
    await publisher.publish(topic, { eligible: [client.session] }, ['listed']);
    await publisher.publish(topic, { exclude: [4711] }, ['listed']);
    await publisher.publish(topic, {}, ['open']);
    const subscription = await client.subscribe(topic);
    assert.deepEqual(payloads(await history(client, subscription)), ['open']);
  });

  test('rules by role hold for history as well', async (t) => {
    const topic = fresh();
    const [publisher, client] = [await node.join(t, wire), await node.join(t, wire)];
    await publisher.publish(topic, { eligible_authrole: ['nobody'] }, ['secret']);
    await publisher.publish(topic, { exclude_authrole: ['anonymous'] }, ['secret']);
    await publisher.publish(topic, { eligible_authrole: ['anonymous'] }, ['open']);
    const subscription = await client.subscribe(topic);
    assert.deepEqual(payloads(await history(client, subscription)), ['open']);
  });

  test('an unknown subscription is no_such_subscription', async (t) => {
    const client = await node.join(t, wire);
    await client.callFails('wamp.error.no_such_subscription', GET, [wamp.MAX_ID], {});
  });

  for (const keywords of [
    { limit: -1 },
    { limit: 'x' },
    { reverse: 'x' },
    { from_time: 'yesterday' },
    { from_time: 7 },
    { from_publication: 'x' },
    { topic: 7 },
  ]) {
    test(`${JSON.stringify(keywords)} is an invalid argument`, async (t) => {
      const client = await node.join(t, wire);
      const subscription = await client.subscribe(fresh());
      await client.callFails('wamp.error.invalid_argument', GET, [subscription], keywords);
    });
  }
});
