/** Realms and users that come and go on a real node, seen by real clients. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { keyOf } from '../../actors/security/policy/rows.ts';
import type { SecurityRecord } from '../../actors/security/records.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  commit,
  openRealm,
  passwordOf,
  realmRecord,
  sourceRecord,
  userRecord,
} from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import { killed } from './support.ts';

const SHOP = 'com.example.shop';
const STORED = { kind: 'stored' };

async function startNode(t: TestContext): Promise<NodeHandle> {
  const node = await startTestNode({ 'shutdown.grace_period': '100ms' });
  t.after(() => node.stop());
  return node;
}

async function connect(t: TestContext, node: NodeHandle): Promise<RawClient> {
  const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
  t.after(() => client.destroy());
  return client;
}

const ROLES = { roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } };

async function enter(t: TestContext, node: NodeHandle, realm = SHOP): Promise<RawClient> {
  return (await connect(t, node)).join({}, realm);
}

async function login(
  t: TestContext,
  node: NodeHandle,
  authid: string,
  password: string,
): Promise<{ readonly client: RawClient; readonly session: number }> {
  const client = await connect(t, node);
  client.send([wamp.HELLO, SHOP, { ...ROLES, authmethods: ['password'], authid }]);
  await client.expect(wamp.CHALLENGE);
  client.send([wamp.AUTHENTICATE, password, {}]);
  const [, session] = await client.expect(wamp.WELCOME);
  return { client, session: session as number };
}

async function refused(t: TestContext, node: NodeHandle, reason: string, realm = SHOP) {
  const client = await connect(t, node);
  client.send([wamp.HELLO, realm, ROLES]);
  await client.expectAbort(reason);
}

async function goodbye(client: RawClient, reason: string): Promise<void> {
  const [, , said] = await client.expect(wamp.GOODBYE);
  assert.equal(said, reason);
}

async function shopWithUsers(...names: readonly string[]): Promise<readonly SecurityRecord[]> {
  const password = await passwordOf('secret1');
  return [
    realmRecord(SHOP, { authmethods: ['password'] }),
    sourceRecord(SHOP, 'all', 'password'),
    ...names.map((name) => userRecord(SHOP, name, { password, passwordAt: 1 })),
  ];
}

describe('a realm', () => {
  it('can be entered when its creation was answered, and sends its sessions home when it is removed', async (t) => {
    const node = await startNode(t);
    await refused(t, node, 'wamp.error.no_such_realm');
    assert.deepEqual(await commit(node.kernel, openRealm(SHOP)), STORED);
    const client = await enter(t, node);
    await client.register('com.example.p');
    const removed = await commit(node.kernel, [realmRecord(SHOP, { held: false })]);
    assert.deepEqual(removed, STORED);
    await goodbye(client, 'wamp.close.close_realm');
    await refused(t, node, 'wamp.error.no_such_realm');
    assert.deepEqual(node.crashes(), []);
  });

  it('that is made anew under the name of another has nothing of it', async (t) => {
    const node = await startNode(t);
    await commit(node.kernel, openRealm(SHOP));
    const first = await enter(t, node);
    await first.register('com.example.p');
    await commit(node.kernel, [realmRecord(SHOP, { held: false })]);
    await commit(node.kernel, openRealm(SHOP));
    await goodbye(first, 'wamp.close.close_realm');
    const second = await enter(t, node);
    await second.callFails('wamp.error.no_such_procedure', 'com.example.p');
  });

  it('that lets nobody in any more is closed, and opened when it does again', async (t) => {
    const node = await startNode(t);
    await commit(node.kernel, openRealm(SHOP));
    const client = await enter(t, node);
    const [closed] = openRealm(SHOP, { allowConnections: false });
    await commit(node.kernel, [closed!]);
    await goodbye(client, 'wamp.close.close_realm');
    await refused(t, node, 'wamp.error.no_such_realm');
    await commit(node.kernel, openRealm(SHOP));
    await enter(t, node);
  });

  it('is no place to be as a prototype', async (t) => {
    const node = await startNode(t);
    await commit(node.kernel, openRealm(SHOP, { isPrototype: true }));
    await refused(t, node, 'wamp.error.no_such_realm');
  });

  it('takes over another limit of sessions and another rule for URIs, and keeps what it knows', async (t) => {
    const node = await startNode(t);
    await commit(node.kernel, openRealm(SHOP));
    const client = await enter(t, node);
    await client.register('com.example.p');
    await client.register('com.example.Not-Strict');
    const [stricter] = openRealm(SHOP, {
      limits: { ...realmRecord(SHOP).limits, maxSessions: 1, uriStrictness: 'strict' },
    });
    await commit(node.kernel, [stricter!]);
    await refused(t, node, 'bondy.error.limit_exceeded');
    const request = client.request(wamp.REGISTER, {}, 'com.example.Neither');
    await client.expectError(wamp.REGISTER, request, 'wamp.error.invalid_uri');
    const call = client.request(wamp.CALL, {}, 'com.example.p', [1]);
    await client.answer([2]);
    await client.expectReply(wamp.RESULT, call);
  });

  it('of the configuration, and the master realm, are not changed by anybody', async (t) => {
    const node = await startNode(t);
    for (const uri of ['realm1', 'com.leapsight.bondy']) {
      const outcome = await commit(node.kernel, openRealm(uri));
      assert.equal(outcome.kind === 'failed' && outcome.reason, 'invalid');
    }
    await refused(t, node, 'wamp.error.no_matching_auth_method', 'com.leapsight.bondy');
  });
});

describe('the sessions of a user', () => {
  it('end when it is disabled, removed or has another password, and of nobody else', async (t) => {
    const node = await startNode(t);
    assert.deepEqual(
      await commit(node.kernel, await shopWithUsers('alice', 'bobby', 'carol', 'david')),
      STORED,
    );
    const [alice, bobby, carol, david] = await Promise.all(
      ['alice', 'bobby', 'carol', 'david'].map((name) => login(t, node, name, 'secret1')),
    );
    const password = await passwordOf('secret2');
    const old = await passwordOf('secret1');
    await commit(node.kernel, [
      userRecord(SHOP, 'alice', { enabled: false, password: old, passwordAt: 1 }),
      userRecord(SHOP, 'bobby', { held: false }),
      userRecord(SHOP, 'carol', { password, passwordAt: 2 }),
    ]);
    await goodbye(alice!.client, 'bondy.user.disabled');
    await goodbye(bobby!.client, 'bondy.user.deleted');
    await goodbye(carol!.client, 'bondy.user.credentials_changed');
    await david!.client.callFails('wamp.error.not_authorized', 'com.example.p');
    await login(t, node, 'carol', 'secret2');
  });

  it('end but for the one that changed the password itself', async (t) => {
    const node = await startNode(t);
    await commit(node.kernel, await shopWithUsers('alice'));
    const own = await login(t, node, 'alice', 'secret1');
    const other = await login(t, node, 'alice', 'secret1');
    const changed = userRecord(SHOP, 'alice', {
      password: await passwordOf('secret2'),
      passwordAt: 2,
    });
    await commit(node.kernel, [changed], { session: own.session });
    await goodbye(other.client, 'bondy.user.credentials_changed');
    await own.client.callFails('wamp.error.not_authorized', 'com.example.p');
  });

  it('end although the actor was killed with the change in its mailbox', async (t) => {
    const node = await startNode(t);
    await commit(node.kernel, await shopWithUsers('alice', 'bobby'));
    const { client } = await login(t, node, 'alice', 'secret1');
    const { client: stays } = await login(t, node, 'bobby', 'secret1');
    const change = commit(node.kernel, [userRecord(SHOP, 'alice', { held: false })]);
    await killed(node.kernel, 'bondy/security/policy');
    await change;
    await goodbye(client, 'bondy.user.deleted');
    await stays.callFails('wamp.error.not_authorized', 'com.example.p');
  });
});

describe('a change of security data', () => {
  it('is refused as a whole when a part of it cannot be', async (t) => {
    const node = await startNode(t);
    const orphan = userRecord('com.example.nowhere', 'alice');
    const outcome = await commit(node.kernel, [...openRealm(SHOP), orphan]);
    assert.deepEqual(outcome, {
      kind: 'failed',
      reason: 'invalid',
      message: 'user com.example.nowhere alice: there is no realm com.example.nowhere',
      stored: [],
    });
    await refused(t, node, 'wamp.error.no_such_realm');
  });

  it('does not overwrite what its author has not seen', async (t) => {
    const node = await startNode(t);
    const [realm] = openRealm(SHOP);
    const key = keyOf(realm!);
    const seen = new Map([[key, undefined]]);
    const outcomes = await Promise.all([
      commit(node.kernel, [realm!], { seen }),
      commit(node.kernel, [realmRecord(SHOP, { description: 'the later one' })], { seen }),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind === 'failed' && outcome.reason),
      [false, 'conflict'],
    );
  });

  it('that waits when the writer is killed is answered, and others after it are made', async (t) => {
    const node = await startNode(t);
    const changes = [1, 2, 3].map((i) => commit(node.kernel, openRealm(`com.example.r${i}`)));
    await killed(node.kernel, 'bondy/security/writer');
    for (const change of changes) {
      const outcome = await change;
      assert(outcome.kind === 'stored' || outcome.reason === 'store', JSON.stringify(outcome));
    }
    assert.deepEqual(await commit(node.kernel, openRealm(SHOP)), STORED);
    await enter(t, node);
  });
});
