/** Subscription meta API (WAMP advanced/meta_api_subscriptions.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const META = 'wamp.subscription';

async function ask(client: RawClient, procedure: string, ...tail: unknown[]): Promise<unknown> {
  return ((await client.call(`${META}.${procedure}`, ...tail))[3] as unknown[])[0];
}

async function unsubscribe(client: RawClient, subscription: number): Promise<void> {
  const request = client.request(wamp.UNSUBSCRIBE, subscription);
  await client.expectReply(wamp.UNSUBSCRIBED, request);
}

forEachWire(SAMPLE, (wire) => {
  test('create, subscribe, unsubscribe and delete are told in this order', async (t) => {
    const topic = fresh();
    const watcher = await node.join(t, wire);
    const topics = new Map<unknown, string>();
    for (const name of ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete']) {
      topics.set(await watcher.subscribe(`${META}.${name}`), name);
    }
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    const id = await one.subscribe(topic);
    await two.subscribe(topic);
    await unsubscribe(one, id);
    await unsubscribe(two, id);
    const own = new Set(topics.keys());
    const events = (await watcher.received()).filter((event) => {
      const about = (event[4] as unknown[])[1];
      return !own.has(typeof about === 'number' ? about : dict(about).id);
    });
    assert.deepEqual(
      events.map((event) => [topics.get(event[1]), (event[4] as unknown[])[0]]),
      [
        ['on_create', one.session],
        ['on_subscribe', one.session],
        ['on_subscribe', two.session],
        ['on_unsubscribe', one.session],
        ['on_unsubscribe', two.session],
        ['on_delete', two.session],
      ],
    );
    const created = dict((events[0][4] as unknown[])[1]);
    assert.deepEqual([created.id, created.uri, created.match], [id, topic, 'exact']);
    assert(!Number.isNaN(Date.parse(String(created.created))));
  });

  test('a subscriber that is cut off is told with its session id', async (t) => {
    const [watcher, subscriber] = [await node.join(t, wire), await node.join(t, wire)];
    const id = await subscriber.subscribe(fresh());
    const unsubscribed = await watcher.subscribe(`${META}.on_unsubscribe`);
    const deleted = await watcher.subscribe(`${META}.on_delete`);
    subscriber.destroy();
    for (const subscription of [unsubscribed, deleted]) {
      const event = await watcher.expect(wamp.EVENT);
      assert.equal(event[1], subscription);
      assert.deepEqual(event[4], [subscriber.session, id]);
    }
  });

  test('list, lookup and match know all match policies', async (t) => {
    const base = fresh('a.b');
    const [client, subscriber] = [await node.join(t, wire), await node.join(t, wire)];
    const exact = await subscriber.subscribe(base);
    const prefix = await subscriber.subscribe(base.slice(0, -2), { match: 'prefix' });
    const pattern = base.replace('.a.', '..');
    const wildcard = await subscriber.subscribe(pattern, { match: 'wildcard' });
    const list = dict(await ask(client, 'list')) as Record<string, number[]>;
    assert(
      list.exact.includes(exact) &&
        list.prefix.includes(prefix) &&
        list.wildcard.includes(wildcard),
    );
    assert.equal(await ask(client, 'lookup', [base]), exact);
    assert.equal(await ask(client, 'lookup', [pattern, { match: 'wildcard' }]), wildcard);
    assert.equal(await ask(client, 'lookup', [fresh()]), null);
    const matching = (await ask(client, 'match', [base])) as number[];
    assert.deepEqual([...matching].sort(), [exact, prefix, wildcard].sort());
    assert.equal(await ask(client, 'match', [fresh()]), null);
  });

  test('get, list_subscribers and count_subscribers describe a subscription', async (t) => {
    const topic = fresh();
    const [client, one, two] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    const id = await one.subscribe(topic);
    await two.subscribe(topic);
    const details = dict(await ask(client, 'get', [id]));
    assert.deepEqual([details.id, details.uri, details.match], [id, topic, 'exact']);
    const subscribers = (await ask(client, 'list_subscribers', [id])) as number[];
    assert.deepEqual([...subscribers].sort(), [one.session, two.session].sort());
    assert.equal(await ask(client, 'count_subscribers', [id]), 2);
  });

  for (const procedure of ['get', 'list_subscribers', 'count_subscribers']) {
    test(`${procedure} of an unknown subscription is no_such_subscription`, async (t) => {
      const client = await node.join(t, wire);
      await client.callFails('wamp.error.no_such_subscription', `${META}.${procedure}`, [
        wamp.MAX_ID,
      ]);
    });

    test(`${procedure} with wrong arguments is an error, not a crash`, async (t) => {
      const client = await node.join(t, wire);
      for (const args of [[], ['x'], [{}], [null]]) {
        client.request(wamp.CALL, {}, `${META}.${procedure}`, args);
        await client.expect(wamp.ERROR);
      }
    });
  }
});
