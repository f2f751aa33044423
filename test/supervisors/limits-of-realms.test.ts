/** Limits of a realm, set while its sessions are there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { RealmRecord } from '../../actors/security/records.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import { commit, NO_LIMITS, openRealm } from '../support/security.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';

const SHOP = 'com.example.shop';
const MANY = 'bondy.error.limit_exceeded';
const LONG = 'wamp.error.payload_size_exceeded';

async function open(t: TestContext) {
  const node = await startTestNode({ 'shutdown.grace_period': '100ms' });
  t.after(() => node.stop());
  const limit = async (limits: Partial<RealmRecord['limits']>): Promise<void> => {
    const records = openRealm(SHOP, { limits: { ...NO_LIMITS, ...limits } });
    assert.deepEqual(await commit(node.kernel, records), { kind: 'stored' });
  };
  await limit({});
  const enter = async (): Promise<RawClient> => {
    const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
    t.after(() => client.destroy());
    return client.join({}, SHOP);
  };
  return { node, limit, enter };
}

describe('limits of a realm', () => {
  it('count subscriptions of a session: those that are there stay', async (t) => {
    const { limit, enter } = await open(t);
    const client = await enter();
    for (const topic of ['a', 'b']) await client.subscribe(topic);
    await limit({ maxSubscriptionsPerSession: 2 });
    await client.expectError(wamp.SUBSCRIBE, client.request(wamp.SUBSCRIBE, {}, 'c'), MANY);
    await client.subscribe('a'); // has it
    await limit({ maxSubscriptionsPerSession: 3 });
    await client.subscribe('c');
  });

  it('measure messages: what is too long is refused by itself, and callers of a callee are told', async (t) => {
    const { limit, enter } = await open(t);
    const [client, callee] = [await enter(), await enter()];
    await callee.register('p');
    await limit({ maxMessageBytes: 200 });
    const long = 'x'.repeat(200);
    await client.callFails(LONG, 'p', [long]);
    const publish = client.request(wamp.PUBLISH, { acknowledge: true }, 't', [long]);
    await client.expectError(wamp.PUBLISH, publish, LONG);
    const call = client.request(wamp.CALL, {}, 'p', ['short']);
    await callee.answer([long]);
    await client.expectError(wamp.CALL, call, LONG);
    const other = client.request(wamp.CALL, {}, 'p', ['short']);
    await callee.answer(['short']);
    await client.expectReply(wamp.RESULT, other);
    await limit({});
    await client.callFails('wamp.error.no_such_procedure', 'q', [long]);
  });

  it('count requests a second: those over it are refused, one session at a time', async (t) => {
    const { limit, enter } = await open(t);
    const [client, other] = [await enter(), await enter()];
    await limit({ maxRate: 3 });
    const calls = Array.from({ length: 20 }, () => client.request(wamp.CALL, {}, 'none'));
    const answers = new Map<unknown, unknown>();
    for (const _ of calls) {
      const [, , id, , error] = await client.expect(wamp.ERROR);
      answers.set(id, error);
    }
    const passed = [...answers.values()].filter(
      (error) => error === 'wamp.error.no_such_procedure',
    );
    assert(passed.length >= 3, 'a burst of a second is taken');
    assert([...answers.values()].includes(MANY));
    assert.equal(answers.size, calls.length, 'each is answered once');
    await other.callFails('wamp.error.no_such_procedure', 'none');
  });
});

describe('a realm that nobody has described', () => {
  it('is made by the HELLO that names it, only where that is configured, and lets nobody in yet', async (t) => {
    for (const isOn of ['off', 'on']) {
      const node = await startTestNode({
        ...{ 'shutdown.grace_period': '100ms', 'security.automatically_create_realms': isOn },
      });
      t.after(() => node.stop());
      const hello = async (reason: string): Promise<void> => {
        const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
        t.after(() => client.destroy());
        client.send([wamp.HELLO, SHOP, { roles: wamp.ALL_ROLES }]);
        await client.expectAbort(reason);
      };
      const reason = isOn === 'on' ? 'no_matching_auth_method' : 'no_such_realm';
      await hello(`wamp.error.${reason}`);
      if (isOn === 'off') continue;
      const [, source] = openRealm(SHOP);
      assert.deepEqual(await commit(node.kernel, [source!]), { kind: 'stored' });
      const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
      t.after(() => client.destroy());
      await client.join({}, SHOP);
      // Who removed it meant it.
      const [realm] = openRealm(SHOP);
      await commit(node.kernel, [{ ...realm!, held: false }]);
      await hello('wamp.error.no_such_realm');
      assert.deepEqual(node.crashes(), []);
    }
  });
});
