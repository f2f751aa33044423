/** Pattern-based subscriptions (WAMP advanced/pubsub_pattern_based_subscription.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

/** Pattern, topics that match, topics that do not; all below a fresh prefix. */
const PREFIXES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'com.my',
    ['com.my', 'com.my.a', 'com.my.a.b', 'com.myother', 'com.myother.a'],
    ['com.m', 'com', 'org.my'],
  ],
  ['com.my.', ['com.my.a', 'com.my.a.b'], ['com.my', 'com.myother']],
];

const WILDCARDS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'com..create',
    ['com.a.create', 'com.user.create'],
    ['com.create', 'com.a.b.create', 'com.a.delete', 'com.a.create.x'],
  ],
  ['..b', ['x.y.b', 'com.a.b'], ['a.b', 'x.y.c', 'w.x.y.b']],
  ['com.a.', ['com.a.x'], ['com.a', 'com.a.x.y', 'com.b.x']],
  ['com...z', ['com.x.y.z'], ['com.x.z', 'com.x.y.w.z']],
  ['com.a.b', ['com.a.b'], ['com.a.c']],
];

forEachWire(SAMPLE, (wire) => {
  for (const [match, table] of [
    ['prefix', PREFIXES],
    ['wildcard', WILDCARDS],
  ] as const) {
    for (const [pattern, matching, others] of table) {
      test(`${match} ${pattern} matches ${matching.join(', ')} and nothing else`, async (t) => {
        const base = fresh('p');
        const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
        const subscription = await subscriber.subscribe(`${base}.${pattern}`, { match });
        for (const topic of others) await publisher.publish(`${base}.${topic}`);
        await subscriber.expectNothing();
        for (const topic of matching) {
          await publisher.publish(`${base}.${topic}`, {}, [topic]);
          const event = await subscriber.expect(wamp.EVENT);
          assert.equal(event[1], subscription);
          assert.equal(dict(event[3]).topic, `${base}.${topic}`);
          assert.deepEqual(event[4], [topic]);
        }
      });
    }
  }

  test('exact, prefix and wildcard subscriptions of one session each get the event', async (t) => {
    const base = fresh('a.b.c');
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    const ids = [
      await subscriber.subscribe(base),
      await subscriber.subscribe(base.slice(0, -2), { match: 'prefix' }),
      await subscriber.subscribe(base.replace('.b.', '..'), { match: 'wildcard' }),
    ];
    assert.equal(new Set(ids).size, 3);
    const publication = await publisher.publish(base);
    const events = await subscriber.received();
    assert.deepEqual(events.map((event) => event[1]).sort(), [...ids].sort());
    assert(events.every((event) => event[0] === wamp.EVENT && event[2] === publication));
  });

  test('the same text with another match policy is another subscription', async (t) => {
    const [topic, client] = [fresh(), await node.join(t, wire)];
    const exact = await client.subscribe(topic, { match: 'exact' });
    assert.equal(await client.subscribe(topic), exact);
    const prefix = await client.subscribe(topic, { match: 'prefix' });
    const wildcard = await client.subscribe(topic, { match: 'wildcard' });
    assert.equal(new Set([exact, prefix, wildcard]).size, 3);
  });

  test('subscribers of one pattern share a subscription, of which one may leave', async (t) => {
    const base = fresh();
    const [one, two, publisher] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    const subscription = await one.subscribe(base, { match: 'prefix' });
    assert.equal(await two.subscribe(base, { match: 'prefix' }), subscription);
    const request = one.request(wamp.UNSUBSCRIBE, subscription);
    await one.expectReply(wamp.UNSUBSCRIBED, request);
    await publisher.publish(`${base}.x`);
    await two.expect(wamp.EVENT);
    await one.expectNothing();
  });

  test('meta events match patterns of the user', async (t) => {
    const watcher = await node.join(t, wire);
    await watcher.subscribe('wamp.session.', { match: 'prefix' });
    const other = await node.join(t, wire);
    for (;;) {
      const event = await watcher.expect(wamp.EVENT);
      const [joined] = event[4] as readonly unknown[];
      if (dict(event[3]).topic === 'wamp.session.on_join' && dict(joined).session === other.session)
        break;
    }
  });
});
