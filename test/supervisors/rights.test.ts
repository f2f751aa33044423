/** Rights that are taken back from sessions that use them, on a real node, seen by real clients. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { RealmRecord, SecurityRecord } from '../../actors/security/records.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import {
  commit,
  grantRecord,
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
const SSO = 'com.example.sso';
const PROTOTYPE = 'com.example.prototype';
const DENIED = 'wamp.error.not_authorized';

const REVOCABLE = {
  roles: {
    ...{ caller: {}, publisher: {} },
    callee: { features: { registration_revocation: true } },
    subscriber: { features: { subscription_revocation: true } },
  },
};
const PLAIN = { roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } };

async function startNode(t: TestContext): Promise<NodeHandle> {
  const node = await startTestNode({ 'shutdown.grace_period': '100ms' });
  t.after(() => node.stop());
  return node;
}

async function enter(
  t: TestContext,
  node: NodeHandle,
  details: object = REVOCABLE,
  authid?: string,
): Promise<RawClient> {
  const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
  t.after(() => client.destroy());
  const how = authid === undefined ? {} : { authmethods: ['password'], authid };
  client.send([wamp.HELLO, SHOP, { ...details, ...how }]);
  if (authid !== undefined) {
    await client.expect(wamp.CHALLENGE);
    client.send([wamp.AUTHENTICATE, 'secret1', {}]);
  }
  await client.expect(wamp.WELCOME);
  return client;
}

const may = (action: string, uri: string, match: 'exact' | 'prefix' | 'any' = 'exact') =>
  grantRecord(SHOP, 'group/anonymous', `wamp.${action}`, uri, match);
const back = (record: SecurityRecord): SecurityRecord => ({ ...record, held: false });

/** A realm in which anonymous sessions may do what is granted. */
async function shop(
  t: TestContext,
  ...grants: readonly SecurityRecord[]
): Promise<{
  node: NodeHandle;
  change: (...records: readonly SecurityRecord[]) => Promise<void>;
}> {
  const node = await startNode(t);
  const change = async (...records: readonly SecurityRecord[]): Promise<void> => {
    assert.deepEqual(await commit(node.kernel, records), { kind: 'stored' });
  };
  await change(
    realmRecord(SHOP, { authmethods: ['anonymous', 'password'] }),
    sourceRecord(SHOP, 'anonymous', 'anonymous'),
    ...grants,
  );
  return { node, change };
}

async function publishes(client: RawClient, topic: string, what: string): Promise<void> {
  const request = client.request(wamp.PUBLISH, { acknowledge: true }, topic, [what]);
  await client.expectReply(wamp.PUBLISHED, request);
}

async function goodbye(client: RawClient, reason: string): Promise<void> {
  const [, , said] = await client.expect(wamp.GOODBYE);
  assert.equal(said, reason);
}

describe('a right that is taken back', () => {
  const publish = may('publish', '', 'any');

  it('ends subscriptions to topics and patterns, and the client that announced it is told', async (t) => {
    const [topic, prefix, other] = [
      may('subscribe', 'com.example.t'),
      may('subscribe', 'com.example.', 'prefix'),
      may('subscribe', 'org.example.t'),
    ];
    const { node, change } = await shop(t, topic, prefix, other, publish);
    const client = await enter(t, node);
    const publisher = await enter(t, node);
    await client.subscribe('com.example.t');
    const pattern = await client.subscribe('com.example.', { match: 'prefix' });
    const kept = await client.subscribe('org.example.t');
    await change(back(prefix)); // the topic has a grant of its own
    assert.deepEqual(await client.expect(wamp.UNSUBSCRIBED), [
      wamp.UNSUBSCRIBED,
      0,
      { subscription: pattern, reason: DENIED },
    ]);
    await change(back(topic));
    await client.expect(wamp.UNSUBSCRIBED);
    await publishes(publisher, 'com.example.t', 'secret');
    await publishes(publisher, 'org.example.t', 'open');
    const event = await client.expect(wamp.EVENT);
    assert.deepEqual([event[1], event[4]], [kept, ['open']]);
    assert.deepEqual(node.crashes(), []);
  });

  it('ends them in silence for a client that did not announce it', async (t) => {
    const [secret, open] = [may('subscribe', 'a.secret'), may('subscribe', 'an.open')];
    const { node, change } = await shop(t, secret, open, publish);
    const [client, publisher] = [await enter(t, node, PLAIN), await enter(t, node)];
    await client.subscribe('a.secret');
    const kept = await client.subscribe('an.open');
    await change(back(secret));
    // Revoked when this is answered: it was asked for after the router had been told.
    await client.callFails(DENIED, 'no.such');
    await publishes(publisher, 'a.secret', 'secret');
    await publishes(publisher, 'an.open', 'open');
    assert.equal((await client.expect(wamp.EVENT))[1], kept);
  });

  it('ends a registration: its call in flight is answered, the next one finds nobody', async (t) => {
    const register = may('register', 'com.example.', 'prefix');
    const { node, change } = await shop(t, register, may('call', '', 'any'));
    const [callee, caller] = [await enter(t, node), await enter(t, node)];
    const registration = await callee.register('com.example.', { match: 'prefix' });
    const call = caller.request(wamp.CALL, {}, 'com.example.p');
    const [, invocation] = await callee.expect(wamp.INVOCATION);
    await change(back(register));
    assert.deepEqual(await callee.expect(wamp.UNREGISTERED), [
      wamp.UNREGISTERED,
      0,
      { registration, reason: DENIED },
    ]);
    callee.send([wamp.YIELD, invocation, {}, ['done']]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, call))[3], ['done']);
    await caller.callFails('wamp.error.no_such_procedure', 'com.example.p');
  });

  it('ends a call that would go on by further chunks', async (t) => {
    const call = may('call', 'com.example.p');
    const { node, change } = await shop(t, call, may('register', 'com.example.p'));
    const features = { progressive_call_invocations: true, call_canceling: true };
    const roles = { caller: { features }, callee: { features } };
    const [callee, caller] = [await enter(t, node, { roles }), await enter(t, node, { roles })];
    await callee.register('com.example.p');
    const request = caller.request(wamp.CALL, { progress: true }, 'com.example.p', [1]);
    const [, invocation] = await callee.expect(wamp.INVOCATION);
    await change(back(call));
    caller.send([wamp.CALL, request, { progress: true }, 'com.example.p', [2]]);
    await caller.expectError(wamp.CALL, request, DENIED);
    assert.equal((await callee.expect(wamp.INTERRUPT))[1], invocation);
  });

  it('leaves the other callees of a shared registration, and is told by meta events', async (t) => {
    const password = await passwordOf('secret1');
    const users = ['alice', 'bobby'];
    const grant = (name: string) => grantRecord(SHOP, `user/${name}`, 'wamp.register', 'p');
    const { node, change } = await shop(
      t,
      ...users.map((name) => userRecord(SHOP, name, { password, passwordAt: 1 })),
      sourceRecord(SHOP, 'all', 'password'),
      ...users.map(grant),
      may('subscribe', 'wamp.', 'prefix'),
      may('call', 'p'),
    );
    const [alice, bobby] = [
      await enter(t, node, REVOCABLE, 'alice'),
      await enter(t, node, REVOCABLE, 'bobby'),
    ];
    for (const each of [alice, bobby]) await each.register('p', { invoke: 'roundrobin' });
    const watcher = await enter(t, node);
    await watcher.subscribe('wamp.registration.on_unregister');
    await change(back(grant('alice')));
    await alice.expect(wamp.UNREGISTERED);
    await watcher.expect(wamp.EVENT);
    for (let i = 0; i < 2; i++) {
      const call = watcher.request(wamp.CALL, {}, 'p');
      await bobby.answer();
      await watcher.expectReply(wamp.RESULT, call);
    }
  });

  it('is taken back although the router died when it was told', async (t) => {
    const grant = may('subscribe', 't');
    const { node, change } = await shop(t, grant);
    const client = await enter(t, node);
    await client.subscribe('t');
    const router = `bondy/routing/${SHOP}/router`;
    await Promise.all([killed(node.kernel, router), change(back(grant))]);
    await client.expect(wamp.UNSUBSCRIBED);
  });
});

describe('sessions of users whose credentials are elsewhere', () => {
  async function signedOn(t: TestContext, more: Partial<RealmRecord> = {}) {
    const node = await startNode(t);
    const password = await passwordOf('secret1');
    const sso = realmRecord(SSO, { isSsoRealm: true, authmethods: ['password'] });
    const own = realmRecord(SHOP, { authmethods: ['password'], ssoRealmUri: SSO, ...more });
    const change = async (...records: readonly SecurityRecord[]): Promise<void> => {
      assert.deepEqual(await commit(node.kernel, records), { kind: 'stored' });
    };
    await change(
      sso,
      realmRecord(PROTOTYPE, {
        ...{ isPrototype: true, ssoRealmUri: SSO, authmethods: ['password', 'wampcra'] },
      }),
      own,
      userRecord(SSO, 'alice', { password, passwordAt: 1 }),
      userRecord(SHOP, 'alice', { ssoRealmUri: SSO }),
      userRecord(SHOP, 'local', { password, passwordAt: 1 }),
      sourceRecord(SHOP, 'all', 'password'),
    );
    const alice = await enter(t, node, PLAIN, 'alice');
    const local = await enter(t, node, PLAIN, 'local');
    return { node, change, sso, own, alice, local };
  }
  /** A session that is open answers. */
  const isThere = (client: RawClient) => client.callFails(DENIED, 'any');

  it('end when the SSO realm is removed', async (t) => {
    const { change, sso, alice, local } = await signedOn(t);
    await change(back(sso));
    await goodbye(alice, 'bondy.user.disabled');
    await isThere(local);
  });

  it('end when the SSO realm serves this realm no longer', async (t) => {
    const { change, sso, alice, local } = await signedOn(t);
    await change({ ...sso, allowedRealms: ['com.example.another'] } as SecurityRecord);
    await goodbye(alice, 'bondy.user.disabled');
    await isThere(local);
  });

  it('end when the prototype that named it names it no longer, or is removed', async (t) => {
    const inheriting = { prototypeUri: PROTOTYPE, ssoRealmUri: null };
    const proto = realmRecord(PROTOTYPE, { isPrototype: true, authmethods: ['password'] });
    for (const last of [proto, back(proto)]) {
      const { change, alice, local } = await signedOn(t, inheriting);
      await change(last);
      await goodbye(alice, 'bondy.user.disabled');
      await isThere(local);
    }
  });

  it('end when the prototype offers their method no longer', async (t) => {
    const { change, alice, local } = await signedOn(t, {
      ...{ prototypeUri: PROTOTYPE, authmethods: null },
    });
    await change(
      realmRecord(PROTOTYPE, { isPrototype: true, ssoRealmUri: SSO, authmethods: ['wampcra'] }),
    );
    for (const client of [alice, local]) await goodbye(client, 'bondy.session.method_withdrawn');
  });
});
