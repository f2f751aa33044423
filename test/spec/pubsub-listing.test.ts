/** Who gets an event: exclusion of the publisher, black- and whitelists (WAMP advanced/pubsub_subscriber_blackwhite_listing.md, pubsub_publisher_exclusion.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT, PUBLISH, PUBLISHED } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire(SAMPLE, (wire) => {
  /** Publishes with `options` and says which of the subscribers got the event. */
  async function receivers(
    publisher: RawClient,
    subscribers: readonly RawClient[],
    options: (subscribers: readonly RawClient[]) => Details,
  ): Promise<readonly number[]> {
    const topic = fresh();
    for (const subscriber of subscribers) await subscriber.subscribe(topic);
    await publisher.publish(topic, options(subscribers));
    const got: number[] = [];
    for (const [index, subscriber] of subscribers.entries()) {
      const events = await subscriber.received();
      assert(events.every((message) => message[0] === EVENT) && events.length <= 1);
      if (events.length === 1) got.push(index);
    }
    return got;
  }

  const authid = (client: RawClient): unknown => client.details.authid;
  const cases: readonly (readonly [string, (s: readonly RawClient[]) => Details, number[]])[] = [
    ['no list', () => ({}), [0, 1, 2]],
    ['exclude by session', (s) => ({ exclude: [s[0].session] }), [1, 2]],
    [
      'exclude of several and unknown sessions',
      (s) => ({ exclude: [s[0].session, s[2].session, 5] }),
      [1],
    ],
    ['an empty exclude', () => ({ exclude: [] }), [0, 1, 2]],
    ['eligible by session', (s) => ({ eligible: [s[1].session] }), [1]],
    ['an empty eligible list, which means nobody', () => ({ eligible: [] }), []],
    ['exclude_authid', (s) => ({ exclude_authid: [authid(s[2])] }), [0, 1]],
    ['eligible_authid', (s) => ({ eligible_authid: [authid(s[2])] }), [2]],
    ['an empty eligible_authid', () => ({ eligible_authid: [] }), []],
    ['exclude_authrole', () => ({ exclude_authrole: ['anonymous'] }), []],
    ['exclude_authrole of others', () => ({ exclude_authrole: ['nobody'] }), [0, 1, 2]],
    ['eligible_authrole', () => ({ eligible_authrole: ['anonymous'] }), [0, 1, 2]],
    ['eligible_authrole of others', () => ({ eligible_authrole: ['nobody'] }), []],
    [
      'eligible and exclude together',
      (s) => ({ eligible: [s[0].session, s[1].session], exclude: [s[1].session] }),
      [0],
    ],
    [
      'eligible by session and by another authid',
      (s) => ({ eligible: [s[0].session], eligible_authid: [authid(s[1])] }),
      [],
    ],
  ];
  for (const [what, options, expected] of cases) {
    test(`${what} decides who gets the event`, async (t) => {
      const publisher = await node.join(t, wire);
      const subscribers = [];
      for (let i = 0; i < 3; i++) subscribers.push(await node.join(t, wire));
      assert.deepEqual(await receivers(publisher, subscribers, options), expected);
    });
  }

  test('exclude_me: false sends the event to the publisher as well', async (t) => {
    const [topic, client] = [fresh(), await node.join(t, wire)];
    const subscription = await client.subscribe(topic);
    const request = client.request(PUBLISH, { acknowledge: true, exclude_me: false }, topic, [1]);
    const both = [await client.next(), await client.next()].sort(
      (a, b) => Number(a[0]) - Number(b[0]),
    );
    assert.deepEqual(both[0].slice(0, 2), [PUBLISHED, request]);
    assert.deepEqual(both[1].slice(0, 3), [EVENT, subscription, both[0][2]]);
  });

  test('exclude_me: true is the default', async (t) => {
    const [topic, client] = [fresh(), await node.join(t, wire)];
    await client.subscribe(topic);
    await client.publish(topic, { exclude_me: true });
    await client.expectNothing();
  });

  test('the publisher stays excluded although it is on the whitelist', async (t) => {
    const [topic, client] = [fresh(), await node.join(t, wire)];
    await client.subscribe(topic);
    await client.publish(topic, { eligible: [client.session] });
    await client.expectNothing();
  });
});
