/** Session meta API (WAMP advanced/meta_api_sessions.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient, WampMessage } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

/** RESULT.Arguments[0]. */
async function ask(client: RawClient, procedure: string, ...tail: unknown[]): Promise<unknown> {
  return ((await client.call(procedure, ...tail))[3] as unknown[])[0];
}

/** The next event whose first argument satisfies `isWanted`; others are sessions of other tests. */
async function eventual(
  client: RawClient,
  isWanted: (args: readonly unknown[]) => boolean,
): Promise<WampMessage> {
  for (;;) {
    const event = await client.expect(wamp.EVENT);
    if (isWanted(event[4] as unknown[])) return event;
  }
}

forEachWire(SAMPLE, (wire) => {
  test('on_join tells who joined', async (t) => {
    const watcher = await node.join(t, wire);
    await watcher.subscribe('wamp.session.on_join');
    const other = await node.join(t, wire);
    const event = await eventual(watcher, ([joined]) => dict(joined).session === other.session);
    const details = dict((event[4] as unknown[])[0]);
    for (const key of ['authid', 'authrole', 'authmethod', 'authprovider']) {
      assert.equal(details[key], other.details[key], key);
    }
  });

  for (const how of ['GOODBYE', 'being cut off']) {
    test(`on_leave tells who left by ${how}`, async (t) => {
      const watcher = await node.join(t, wire);
      await watcher.subscribe('wamp.session.on_leave');
      const other = await node.join(t, wire);
      if (how === 'GOODBYE') await other.leave();
      else other.destroy();
      const event = await eventual(watcher, ([left]) => left === other.session);
      assert.deepEqual(event[4], [other.session, other.details.authid, other.details.authrole]);
    });
  }

  test('count and list agree and contain the session that asks', async (t) => {
    const client = await node.join(t, wire);
    await node.join(t, wire);
    const list = (await ask(client, 'wamp.session.list')) as number[];
    assert(list.includes(client.session));
    assert.equal(await ask(client, 'wamp.session.count'), list.length);
  });

  test('count and list filter by authrole', async (t) => {
    const client = await node.join(t, wire);
    assert(Number(await ask(client, 'wamp.session.count', [['anonymous']])) >= 1);
    assert.equal(await ask(client, 'wamp.session.count', [['nobody']]), 0);
    assert.deepEqual(await ask(client, 'wamp.session.list', [['nobody']]), []);
    const anonymous = (await ask(client, 'wamp.session.list', [
      ['nobody', 'anonymous'],
    ])) as number[];
    assert(anonymous.includes(client.session));
  });

  test('get describes a session', async (t) => {
    const [client, other] = [await node.join(t, wire), await node.join(t, wire)];
    const details = dict(await ask(client, 'wamp.session.get', [other.session]));
    assert.equal(details.session, other.session);
    for (const key of ['authid', 'authrole', 'authmethod', 'authprovider']) {
      assert.equal(details[key], other.details[key], key);
    }
  });

  test('get and kill of an unknown session are no_such_session', async (t) => {
    const client = await node.join(t, wire);
    for (const procedure of ['wamp.session.get', 'wamp.session.kill']) {
      await client.callFails('wamp.error.no_such_session', procedure, [4711]);
    }
  });

  test('kill ends another session with GOODBYE, reason and message', async (t) => {
    const [client, victim] = [await node.join(t, wire), await node.join(t, wire)];
    const keywords = { reason: 'spec.close.enough', message: 'go home' };
    await client.call('wamp.session.kill', [victim.session], keywords);
    const goodbye = await victim.expect(wamp.GOODBYE);
    assert.equal(goodbye[2], 'spec.close.enough');
    assert.equal(dict(goodbye[1]).message, 'go home');
    victim.send([wamp.GOODBYE, {}, 'wamp.close.goodbye_and_out']);
    await victim.closed();
    await client.callFails('wamp.error.no_such_session', 'wamp.session.get', [victim.session]);
  });

  test('the default reason of kill is wamp.close.killed', async (t) => {
    const [client, victim] = [await node.join(t, wire), await node.join(t, wire)];
    await client.call('wamp.session.kill', [victim.session]);
    assert.equal((await victim.expect(wamp.GOODBYE))[2], 'wamp.close.killed');
  });

  test('nobody can kill their own session', async (t) => {
    const client = await node.join(t, wire);
    await client.callFails('wamp.error.no_such_session', 'wamp.session.kill', [client.session]);
  });

  test('kill with a reason that is no URI is invalid_uri', async (t) => {
    const [client, other] = [await node.join(t, wire), await node.join(t, wire)];
    const tail = [[other.session], { reason: 'two words' }];
    await client.callFails('wamp.error.invalid_uri', 'wamp.session.kill', ...tail);
    await other.expectNothing();
  });

  test('kill_by_authid kills the sessions of that authid and tells which', async (t) => {
    const [client, victim, other] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    const killed = await ask(client, 'wamp.session.kill_by_authid', [victim.details.authid]);
    assert.deepEqual(killed, [victim.session]);
    assert.equal((await victim.expect(wamp.GOODBYE))[2], 'wamp.close.killed');
    await other.expectNothing();
  });

  test('kill_by_authid of nobody kills nobody', async (t) => {
    const client = await node.join(t, wire);
    assert.deepEqual(await ask(client, 'wamp.session.kill_by_authid', ['nobody']), []);
    assert.equal(await ask(client, 'wamp.session.kill_by_authrole', ['nobody']), 0);
  });

  for (const [procedure, args] of [
    ['wamp.session.kill_by_authrole', ['anonymous']],
    ['wamp.session.kill_all', []],
  ] as const) {
    test(`${procedure} spares only the session that calls it, and counts`, async (t) => {
      const client = await node.join(t, wire);
      const victims = [await node.join(t, wire), await node.join(t, wire)];
      const count = await ask(client, procedure, args, { reason: 'spec.close.all' });
      assert(Number(count) >= 2);
      for (const victim of victims) {
        assert.equal((await victim.expect(wamp.GOODBYE))[2], 'spec.close.all');
      }
      await client.expectNothing();
    });
  }

  for (const procedure of ['get', 'kill', 'kill_by_authid', 'kill_by_authrole']) {
    test(`wamp.session.${procedure} with wrong arguments is an error, not a crash`, async (t) => {
      const client = await node.join(t, wire);
      for (const args of [[], [null], [{}], [[[]]], [1.5, 'x']]) {
        const request = client.request(wamp.CALL, {}, `wamp.session.${procedure}`, args);
        const answer = await client.expect(wamp.ERROR);
        assert.equal(answer[2], request);
      }
    });
  }
});
