/** Registration meta API (WAMP advanced/meta_api_registrations.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const META = 'wamp.registration';

async function ask(client: RawClient, procedure: string, ...tail: unknown[]): Promise<unknown> {
  return ((await client.call(`${META}.${procedure}`, ...tail))[3] as unknown[])[0];
}

async function unregister(callee: RawClient, registration: number): Promise<void> {
  const request = callee.request(wamp.UNREGISTER, registration);
  await callee.expectReply(wamp.UNREGISTERED, request);
}

forEachWire(SAMPLE, (wire) => {
  test('create, register, unregister and delete are told in this order', async (t) => {
    const procedure = fresh();
    const watcher = await node.join(t, wire);
    const topics = new Map<unknown, string>();
    for (const name of ['on_create', 'on_register', 'on_unregister', 'on_delete']) {
      topics.set(await watcher.subscribe(`${META}.${name}`), name);
    }
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    const id = await one.register(procedure, { invoke: 'roundrobin' });
    await two.register(procedure, { invoke: 'roundrobin' });
    await unregister(one, id);
    await unregister(two, id);
    const events = await watcher.received();
    assert.deepEqual(
      events.map((event) => [topics.get(event[1]), (event[4] as unknown[])[0]]),
      [
        ['on_create', one.session],
        ['on_register', one.session],
        ['on_register', two.session],
        ['on_unregister', one.session],
        ['on_unregister', two.session],
        ['on_delete', two.session],
      ],
    );
    const created = dict((events[0][4] as unknown[])[1]);
    assert.equal(created.id, id);
    assert.equal(created.uri, procedure);
    assert.equal(created.match, 'exact');
    assert.equal(created.invoke, 'roundrobin');
    assert(!Number.isNaN(Date.parse(String(created.created))));
    for (const event of events.slice(1)) assert.equal((event[4] as unknown[])[1], id);
  });

  test('a callee that is cut off is told with its session id', async (t) => {
    const [watcher, callee] = [await node.join(t, wire), await node.join(t, wire)];
    const id = await callee.register(fresh());
    const unregistered = await watcher.subscribe(`${META}.on_unregister`);
    const deleted = await watcher.subscribe(`${META}.on_delete`);
    callee.destroy();
    for (const subscription of [unregistered, deleted]) {
      const event = await watcher.expect(wamp.EVENT);
      assert.equal(event[1], subscription);
      assert.deepEqual(event[4], [callee.session, id]);
    }
  });

  test('list sorts registrations by match policy', async (t) => {
    const [client, callee] = [await node.join(t, wire), await node.join(t, wire)];
    const exact = await callee.register(fresh());
    const prefix = await callee.register(fresh(), { match: 'prefix' });
    const wildcard = await callee.register(`${fresh()}..x`, { match: 'wildcard' });
    const list = dict(await ask(client, 'list')) as Record<string, number[]>;
    assert(list.exact.includes(exact) && !list.exact.includes(prefix));
    assert(list.prefix.includes(prefix));
    assert(list.wildcard.includes(wildcard));
  });

  test('lookup finds what was registered, match what would be called', async (t) => {
    const base = fresh();
    const [client, callee] = [await node.join(t, wire), await node.join(t, wire)];
    const exact = await callee.register(`${base}.a`);
    const prefix = await callee.register(base, { match: 'prefix' });
    assert.equal(await ask(client, 'lookup', [`${base}.a`]), exact);
    assert.equal(await ask(client, 'lookup', [base, { match: 'prefix' }]), prefix);
    assert.equal(await ask(client, 'lookup', [base]), null);
    assert.equal(await ask(client, 'match', [`${base}.a`]), exact);
    assert.equal(await ask(client, 'match', [`${base}.b`]), prefix);
    assert.equal(await ask(client, 'match', [fresh()]), null);
  });

  test('get, list_callees and count_callees describe a registration', async (t) => {
    const procedure = fresh();
    const [client, one, two] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    const id = await one.register(procedure, { invoke: 'last' });
    await two.register(procedure, { invoke: 'last' });
    const details = dict(await ask(client, 'get', [id]));
    assert.deepEqual(
      [details.id, details.uri, details.match, details.invoke],
      [id, procedure, 'exact', 'last'],
    );
    assert.deepEqual(await ask(client, 'list_callees', [id]), [one.session, two.session]);
    assert.equal(await ask(client, 'count_callees', [id]), 2);
  });

  for (const procedure of ['get', 'list_callees', 'count_callees']) {
    test(`${procedure} of an unknown registration is no_such_registration`, async (t) => {
      const client = await node.join(t, wire);
      await client.callFails('wamp.error.no_such_registration', `${META}.${procedure}`, [
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

  test("the meta procedures are not in anybody's way", async (t) => {
    const client = await node.join(t, wire);
    const list = dict(await ask(client, 'list')) as Record<string, number[]>;
    for (const id of list.exact) {
      assert(!String(dict(await ask(client, 'get', [id])).uri).startsWith('wamp.'));
    }
  });
});
