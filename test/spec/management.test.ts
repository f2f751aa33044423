/** The admin API over WAMP (`bondy.*`), on a real node: each operation, good and bad. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { KILLED } from '../../runtime/kernel/actor.ts';
import * as wamp from '../support/codes.ts';
import { RawClient } from '../support/raw-client.ts';
import type { Details, WampMessage } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { operationTable } from '../../actors/management/table.ts';
import { DEFAULT_POLICY } from '../../actors/security/policy/view.ts';

const MASTER = 'com.leapsight.bondy';
const REALM = 'com.example.one';
const WIRE = { transport: 'rawsocket', serializer: 'cbor', batched: false } as const;

let node: NodeHandle;
before(async () => {
  node = await startTestNode({
    'security.admin.username': 'admin',
    'security.admin.password': 'correct horse battery',
  });
});
after(() => node.stop());

async function enter(
  t: TestContext,
  realm: string,
  authid: string | undefined,
  password = '',
): Promise<RawClient> {
  const client = await RawClient.connect(node.urls, WIRE);
  t.after(() => client.destroy());
  const details =
    authid === undefined ? { authmethods: ['anonymous'] } : { authmethods: ['password'], authid };
  client.send([wamp.HELLO, realm, { roles: wamp.ALL_ROLES, ...details }]);
  if (authid !== undefined) {
    await client.expect(wamp.CHALLENGE);
    client.send([wamp.AUTHENTICATE, password, {}]);
  }
  const welcome = await client.expect(wamp.WELCOME);
  client.session = welcome[1] as number;
  return client;
}

const administrator = (t: TestContext): Promise<RawClient> =>
  enter(t, MASTER, 'admin', 'correct horse battery');

async function ask(client: RawClient, procedure: string, ...args: unknown[]): Promise<unknown> {
  const result = await client.call(procedure, args);
  return (result[3] as unknown[] | undefined)?.[0];
}

/** ERROR.ArgumentsKw. */
async function refusal(
  client: RawClient,
  uri: string,
  procedure: string,
  ...args: unknown[]
): Promise<Details> {
  const message: WampMessage = await client.callFails(uri, procedure, args);
  const kwargs = message[6] as Details;
  assert.equal(typeof kwargs['code'], 'string');
  assert.equal(typeof kwargs['message'], 'string');
  assert.equal(typeof kwargs['description'], 'string');
  return kwargs;
}

/** Undone by the next one that makes it. */
async function freshRealm(admin: RawClient, document: Details = {}): Promise<void> {
  const list = (await ask(admin, 'bondy.realm.list')) as Details[];
  if (list.some(({ uri }) => uri === REALM)) {
    await admin.call('bondy.realm.delete', [REALM], { force: true });
  }
  await ask(admin, 'bondy.realm.create', {
    uri: REALM,
    authmethods: ['password', 'anonymous'],
    users: [{ username: 'user1', password: 'secret-1' }],
    sources: [
      { usernames: 'all', authmethod: 'password' },
      { usernames: ['anonymous'], authmethod: 'anonymous' },
    ],
    ...document,
  });
}

const EVERYTHING = { permissions: ['wamp.call'], roles: ['user1'], uri: 'bondy.', match: 'prefix' };

describe('realms', () => {
  test('that are created can be entered, and those deleted are closed', async (t) => {
    const admin = await administrator(t);
    const watcher = await administrator(t);
    await watcher.subscribe('bondy.realm.', { match: 'prefix' });
    const uri = 'com.example.two';
    await freshRealm(admin, { uri });
    assert.deepEqual((await watcher.expect(wamp.EVENT))[4], [uri]);
    const user = await enter(t, uri, 'user1', 'secret-1');
    await admin.callFails('bondy.error.active_users', 'bondy.realm.delete', [uri]);
    await admin.call('bondy.realm.delete', [uri], { force: true });
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'wamp.close.close_realm');
    assert.deepEqual((await watcher.expect(wamp.EVENT))[3], { topic: 'bondy.realm.deleted' });
    await refusal(admin, 'bondy.error.not_found', 'bondy.realm.get', uri);
  });

  test('are shown, listed, updated and switched', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    await ask(admin, 'bondy.realm.update', REALM, { description: 'new' });
    const realm = (await ask(admin, 'bondy.realm.get', REALM)) as Details;
    assert.equal(realm['description'], 'new');
    assert.equal((realm['public_keys'] as unknown[]).length, 1);
    assert(!JSON.stringify(realm).includes('"d"'), 'no private key');
    await ask(admin, 'bondy.realm.security.disable', REALM);
    assert.equal(await ask(admin, 'bondy.realm.security.status', REALM), 'disabled');
    await ask(admin, 'bondy.realm.security.enable', REALM);
    assert.equal(await ask(admin, 'bondy.realm.security.is_enabled', REALM), true);
    await refusal(admin, 'bondy.error.not_allowed', 'bondy.realm.delete', MASTER);
    await refusal(admin, 'bondy.error.not_allowed', 'bondy.realm.security.disable', MASTER);
    const wrong = await refusal(admin, 'wamp.error.invalid_argument', 'bondy.realm.create', {
      uri: 'a.b',
      users: [{ username: 'user1', enabled: 'yes' }],
    });
    assert.equal(wrong['path'], 'users[0].enabled');
    const fixed = await refusal(admin, 'bondy.error.not_allowed', 'bondy.user.add', 'realm1', {
      username: 'user1',
    });
    assert.match(String(fixed['message']), /configuration/);
  });
});

describe('users', () => {
  test('enter with what they are given, and are thrown out when they are disabled', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    await ask(admin, 'bondy.user.add', REALM, { username: 'User2', password: 'secret-2' });
    await ask(admin, 'bondy.user.add_alias', REALM, 'user2', 'second');
    const user = await enter(t, REALM, 'second', 'secret-2');
    await ask(admin, 'bondy.user.disable', REALM, 'user2');
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'bondy.user.disabled');
    assert.equal(await ask(admin, 'bondy.user.is_enabled', REALM, 'user2'), false);
    await ask(admin, 'bondy.user.enable', REALM, 'user2');
    await ask(admin, 'bondy.user.delete', REALM, 'user2');
    await refusal(admin, 'bondy.error.not_found', 'bondy.user.get', REALM, 'user2');
    assert.equal(((await ask(admin, 'bondy.user.list', REALM)) as unknown[]).length, 1);
  });

  test('who change their password keep the session in which they do', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin, { grants: [EVERYTHING] });
    const [here, elsewhere] = [
      await enter(t, REALM, 'user1', 'secret-1'),
      await enter(t, REALM, 'user1', 'secret-1'),
    ];
    const change = 'bondy.user.change_password';
    await refusal(here, 'bondy.error.bad_signature', change, REALM, 'user1', 'secret-2', 'wrong');
    const invalid = await refusal(
      here,
      'bondy.error.invalid_data',
      change,
      REALM,
      'user1',
      'a',
      'secret-1',
    );
    assert.equal(invalid['path'], 'password');
    await ask(here, change, REALM, 'user1', 'secret-2', 'secret-1');
    assert.equal((await elsewhere.expect(wamp.GOODBYE))[2], 'bondy.user.credentials_changed');
    assert.equal(await ask(here, 'bondy.ping'), 'pong');
    await enter(t, REALM, 'user1', 'secret-2');
  });

  test('tell those who listen in their realm of what was changed', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin, {
      grants: [
        { permissions: ['wamp.subscribe'], roles: ['user1'], uri: 'bondy.', match: 'prefix' },
      ],
    });
    const user = await enter(t, REALM, 'user1', 'secret-1');
    await user.subscribe('bondy.', { match: 'prefix' });
    await ask(admin, 'bondy.group.add', REALM, { name: 'staff' });
    assert.deepEqual((await user.expect(wamp.EVENT))[4], [REALM, 'staff']);
    await ask(admin, 'bondy.user.update', REALM, 'user1', { meta: { a: 1 } });
    assert.deepEqual((await user.expect(wamp.EVENT))[4], [REALM, 'user1']);
  });
});

describe('groups', () => {
  test('are added, put into each other, shown and deleted; circles are refused', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    for (const name of ['g1', 'g2']) await ask(admin, 'bondy.group.add', REALM, { name });
    await refusal(admin, 'bondy.error.already_exists', 'bondy.group.add', REALM, { name: 'G1' });
    await ask(admin, 'bondy.group.add_group', REALM, 'g1', 'g2');
    const circle = await refusal(
      admin,
      'bondy.error.inconsistency_error',
      'bondy.group.add_groups',
      REALM,
      'g2',
      ['g1'],
    );
    assert.match(String(circle['message']), /g2 in g1 in g2/);
    await ask(admin, 'bondy.user.add_groups', REALM, ['user1'], ['g1']);
    const grant = { permissions: ['wamp.call'], roles: ['g2'], uri: 'com.example.x' };
    await ask(admin, 'bondy.grant.create', REALM, grant);
    assert.equal(((await ask(admin, 'bondy.group.grants', REALM, 'g2')) as unknown[]).length, 1);
    assert.equal(((await ask(admin, 'bondy.user.grants', REALM, 'user1')) as unknown[]).length, 1);
    await ask(admin, 'bondy.group.update', REALM, 'g1', { meta: { a: 1 } });
    assert.deepEqual(((await ask(admin, 'bondy.group.get', REALM, 'g1')) as Details)['groups'], [
      'g2',
    ]);
    await ask(admin, 'bondy.group.remove_groups', REALM, 'g1', ['g2']);
    assert.deepEqual(await ask(admin, 'bondy.user.grants', REALM, 'user1'), []);
    await ask(admin, 'bondy.group.add_groups', REALM, 'g1', ['g2']);
    await ask(admin, 'bondy.group.remove_group', REALM, 'g1', 'g2');
    await ask(admin, 'bondy.user.remove_group', REALM, 'user1', 'g1');
    await ask(admin, 'bondy.user.add_group', REALM, 'user1', 'g1');
    await ask(admin, 'bondy.user.remove_groups', REALM, 'all', ['g1']);
    await ask(admin, 'bondy.group.delete', REALM, 'g1');
    await refusal(admin, 'bondy.error.not_found', 'bondy.group.get', REALM, 'g1');
    const names = ((await ask(admin, 'bondy.group.list', REALM)) as Details[]).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['anonymous', 'g2']);
    const ghost = await refusal(
      admin,
      'bondy.error.no_such_groups',
      'bondy.user.update',
      REALM,
      'user1',
      {
        groups: ['g2', 'ghost'],
      },
    );
    assert.equal(ghost['path'], 'groups[1]');
  });
});

describe('grants', () => {
  test('are in force at once, and so is their end', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    const user = await enter(t, REALM, 'user1', 'secret-1');
    await user.callFails('wamp.error.not_authorized', 'bondy.user.list', []);
    await ask(admin, 'bondy.grant.create', REALM, EVERYTHING);
    assert.equal(((await ask(user, 'com.leapsight.bondy.user.list')) as unknown[]).length, 1);
    assert.equal(await ask(user, 'bondy.rbac.authorize', 'user1', 'wamp.call', 'bondy.x'), true);
    await refusal(user, 'wamp.error.not_authorized', 'bondy.user.list', MASTER);
    await refusal(user, 'wamp.error.not_authorized', 'bondy.realm.list');
    await ask(admin, 'bondy.grant.revoke', REALM, EVERYTHING);
    await user.callFails('wamp.error.not_authorized', 'bondy.user.list', []);
    assert.equal(await ask(user, 'bondy.ping'), 'pong', 'always');
    const why = (await ask(
      admin,
      'bondy.rbac.explain',
      REALM,
      'user1',
      'wamp.call',
      'x',
      'exact',
    )) as Details;
    assert.equal(why['allowed'], false);
    assert.equal(why['reason'], 'no_grant');
  });

  test('for killing are needed where security is enabled', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    const user = await enter(t, REALM, 'user1', 'secret-1');
    for (const what of ['kill', 'kill_all', 'kill_by_authid', 'kill_by_authrole']) {
      await user.callFails('wamp.error.not_authorized', `wamp.session.${what}`, [1]);
    }
  });

  test('have roles, resources and paths', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    const wrong = await refusal(admin, 'bondy.error.unknown_roles', 'bondy.grant.create', REALM, {
      ...EVERYTHING,
      roles: ['user1', 'ghost'],
    });
    assert.equal(wrong['path'], 'roles[1]');
    assert.deepEqual(await ask(admin, 'bondy.grant.list', REALM), []);
    await ask(admin, 'bondy.grant.create', REALM, {
      ...EVERYTHING,
      roles: 'all',
      uri: '*',
      match: 'prefix',
    });
    assert.deepEqual(await ask(admin, 'bondy.realm.grants', REALM), [
      { resource: { uri: '', match: 'prefix' }, permissions: ['wamp.call'], roles: ['all'] },
    ]);
  });
});

describe('sources', () => {
  test('are added, matched, listed and deleted', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin);
    const source = { usernames: ['user1'], authmethod: 'wampcra', cidr: '10.0.0.1/8' };
    await ask(admin, 'bondy.source.add', REALM, source);
    await ask(admin, 'bondy.realm.update', REALM, { authmethods: ['wampcra', 'password'] });
    const methods = await ask(admin, 'bondy.source.match', REALM, 'user1', '10.9.9.9');
    assert.deepEqual(methods, ['wampcra', 'password']);
    assert.equal(((await ask(admin, 'bondy.source.get', REALM, 'user1')) as unknown[]).length, 1);
    await ask(admin, 'bondy.source.delete', REALM, 'user1', '10.0.0.0/8');
    await refusal(
      admin,
      'bondy.error.not_found',
      'bondy.source.delete',
      REALM,
      'user1',
      '10.0.0.0/8',
    );
    await refusal(admin, 'bondy.error.no_such_users', 'bondy.source.add', REALM, {
      ...source,
      usernames: ['ghost'],
    });
    assert.equal(((await ask(admin, 'bondy.source.list', REALM)) as unknown[]).length, 2);
  });
});

describe('sessions and registrations', () => {
  test('are listed, shown and killed by who administers', async (t) => {
    const admin = await administrator(t);
    await freshRealm(admin, {
      grants: [{ permissions: ['wamp.register', 'wamp.subscribe'], roles: 'all', uri: '' }],
    });
    const user = await enter(t, REALM, 'user1', 'secret-1');
    await user.register('com.example.procedure');
    await user.subscribe('com.example.topic');
    assert.deepEqual(await ask(admin, 'bondy.session.list', REALM), [user.session]);
    assert.equal(await ask(admin, 'bondy.session.count', REALM), 1);
    const details = (await ask(admin, 'bondy.session.get', REALM, user.session)) as Details;
    assert.equal(details['authid'], 'user1');
    const [registration] = (await ask(admin, 'bondy.registration.list', REALM)) as Details[];
    assert.equal(registration!['uri'], 'com.example.procedure');
    const callees = await ask(admin, 'bondy.callee.list', REALM, 'com.example.procedure');
    assert.deepEqual(callees, [{ session_id: user.session }]);
    const [subscription] = (await ask(admin, 'bondy.subscription.list', REALM)) as Details[];
    assert.equal(subscription!['uri'], 'com.example.topic');
    await ask(admin, 'bondy.session.kill', REALM, user.session);
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'wamp.close.killed');
    await refusal(admin, 'wamp.error.no_such_session', 'bondy.session.get', REALM, user.session);
    const self = (await ask(admin, 'bondy.session.self')) as Details;
    assert.equal(self['session'], admin.session);
  });
});

test('the node tells of itself, and of what it has not', async (t) => {
  const admin = await administrator(t);
  assert.equal(((await ask(admin, 'bondy.cluster.members')) as unknown[]).length, 1);
  assert.match(String(await ask(admin, 'bondy.telemetry.metrics')), /bondy_/);
  const status = (await ask(admin, 'bondy.backup.status')) as Details;
  assert.equal(status['status'], 'idle');
  await refusal(admin, 'wamp.error.no_such_procedure', 'bondy.cluster.leave');
  await admin.callFails('wamp.error.no_such_procedure', 'bondy.oauth2.client.add', []);
});

test('an open realm administers nothing', async (t) => {
  const anybody = await enter(t, 'realm1', undefined);
  for (const [uri, ...args] of [
    ['bondy.user.add', { username: 'intruder' }],
    ['bondy.user.list'],
    ['bondy.session.kill', 1],
    ['bondy.realm.list'],
    ['bondy.backup.create'],
    ['com.bondy.realm.create', 'a.b'],
  ] as const) {
    await refusal(anybody, 'wamp.error.not_authorized', uri, ...args);
  }
  assert.equal(await ask(anybody, 'com.bondy.ping'), 'pong');
});

test('arguments that cannot be are refused by every operation', async (t) => {
  const admin = await administrator(t);
  await freshRealm(admin);
  const table = operationTable({ masterRealm: MASTER, defaults: DEFAULT_POLICY });
  for (const { uri } of table) {
    const tooMany = Array.from({ length: 9 }, () => REALM);
    const error = await refusal(admin, 'wamp.error.invalid_argument', uri, ...tooMany);
    assert.match(String(error['message']), /takes/, uri);
  }
});

describe('a call that takes time is answered once', () => {
  /** Long enough to be in the middle of it. */
  const slow = { password_opts: { protocols: ['hash'], memory: 65_536, passes: 8 } };

  /** The request is being worked on when a later one has its answer. */
  async function begin(admin: RawClient, username: string): Promise<number> {
    await freshRealm(admin, { ...slow, users: [] });
    const user = { username, password: 'secret-1' };
    const request = admin.request(wamp.CALL, {}, 'bondy.user.add', [REALM, user]);
    assert.equal(await ask(admin, 'bondy.ping'), 'pong');
    return request;
  }

  test('when the admin API dies, which comes back', async (t) => {
    const admin = await administrator(t);
    const request = await begin(admin, 'user3');
    assert(node.kernel.exit('bondy/security/management', KILLED));
    await admin.expectError(wamp.CALL, request, 'bondy.error.internal_error');
    await freshRealm(admin);
    assert.deepEqual(await admin.received(), []);
  });

  test('when the router dies, and the answer that comes later goes nowhere', async (t) => {
    const admin = await administrator(t);
    const request = await begin(admin, 'user4');
    assert(node.kernel.exit(`bondy/routing/${MASTER}/router`, KILLED));
    await admin.expectError(wamp.CALL, request, 'bondy.error.internal_error');
    await freshRealm(admin); // changes run one after another, so that one is over
    assert.deepEqual(await admin.received(), []);
  });
});
