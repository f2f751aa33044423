/** `bondy.group.*`, `bondy.grant.*`, `bondy.source.*` and `bondy.rbac.*` over WAMP. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Details } from '../support/raw-client.ts';
import {
  administrator,
  ask,
  enter,
  EVERYTHING,
  MASTER,
  newRealm,
  refusal,
  useManagedNode,
} from './support.ts';

const node = useManagedNode();

describe('groups', () => {
  test('are added, put into each other, shown and deleted; circles are refused', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    for (const name of ['g1', 'g2']) await ask(admin, 'bondy.group.add', realm, { name });
    await refusal(admin, 'bondy.error.already_exists', 'bondy.group.add', realm, { name: 'G1' });
    await ask(admin, 'bondy.group.add_group', realm, 'g1', 'g2');
    const circle = await refusal(
      admin,
      'bondy.error.inconsistency_error',
      'bondy.group.add_groups',
      realm,
      'g2',
      ['g1'],
    );
    assert.match(String(circle['message']), /g2 in g1 in g2/);
    await ask(admin, 'bondy.user.add_groups', realm, ['user1'], ['g1']);
    const grant = { permissions: ['wamp.call'], roles: ['g2'], uri: 'com.example.x' };
    await ask(admin, 'bondy.grant.create', realm, grant);
    assert.equal(((await ask(admin, 'bondy.group.grants', realm, 'g2')) as unknown[]).length, 1);
    assert.equal(((await ask(admin, 'bondy.user.grants', realm, 'user1')) as unknown[]).length, 1);
    await ask(admin, 'bondy.group.update', realm, 'g1', { meta: { a: 1 } });
    assert.deepEqual(((await ask(admin, 'bondy.group.get', realm, 'g1')) as Details)['groups'], [
      'g2',
    ]);
    await ask(admin, 'bondy.group.remove_groups', realm, 'g1', ['g2']);
    assert.deepEqual(await ask(admin, 'bondy.user.grants', realm, 'user1'), []);
    await ask(admin, 'bondy.group.add_groups', realm, 'g1', ['g2']);
    await ask(admin, 'bondy.group.remove_group', realm, 'g1', 'g2');
    await ask(admin, 'bondy.user.remove_group', realm, 'user1', 'g1');
    await ask(admin, 'bondy.user.add_group', realm, 'user1', 'g1');
    await ask(admin, 'bondy.user.remove_groups', realm, 'all', ['g1']);
    await ask(admin, 'bondy.group.delete', realm, 'g1');
    await refusal(admin, 'bondy.error.not_found', 'bondy.group.get', realm, 'g1');
    const names = ((await ask(admin, 'bondy.group.list', realm)) as Details[]).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['anonymous', 'g2']);
    const ghost = await refusal(
      admin,
      'bondy.error.no_such_groups',
      'bondy.user.update',
      realm,
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
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    const user = await enter(t, node.urls, realm, 'user1', 'secret-1');
    await user.callFails('wamp.error.not_authorized', 'bondy.user.list', []);
    await ask(admin, 'bondy.grant.create', realm, EVERYTHING);
    assert.equal(((await ask(user, 'com.leapsight.bondy.user.list')) as unknown[]).length, 1);
    assert.equal(await ask(user, 'bondy.rbac.authorize', 'user1', 'wamp.call', 'bondy.x'), true);
    await refusal(user, 'wamp.error.not_authorized', 'bondy.user.list', MASTER);
    await refusal(user, 'wamp.error.not_authorized', 'bondy.realm.list');
    await ask(admin, 'bondy.grant.revoke', realm, EVERYTHING);
    await user.callFails('wamp.error.not_authorized', 'bondy.user.list', []);
    assert.equal(await ask(user, 'bondy.ping'), 'pong', 'always');
    const why = (await ask(
      admin,
      'bondy.rbac.explain',
      realm,
      'user1',
      'wamp.call',
      'x',
      'exact',
    )) as Details;
    assert.equal(why['allowed'], false);
    assert.equal(why['reason'], 'no_grant');
  });

  test('for killing are needed where security is enabled', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    const user = await enter(t, node.urls, realm, 'user1', 'secret-1');
    for (const what of ['kill', 'kill_all', 'kill_by_authid', 'kill_by_authrole']) {
      await user.callFails('wamp.error.not_authorized', `wamp.session.${what}`, [1]);
    }
  });

  test('have roles, resources and paths', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    const wrong = await refusal(admin, 'bondy.error.unknown_roles', 'bondy.grant.create', realm, {
      ...EVERYTHING,
      roles: ['user1', 'ghost'],
    });
    assert.equal(wrong['path'], 'roles[1]');
    assert.deepEqual(await ask(admin, 'bondy.grant.list', realm), []);
    await ask(admin, 'bondy.grant.create', realm, {
      ...EVERYTHING,
      roles: 'all',
      uri: '*',
      match: 'prefix',
    });
    assert.deepEqual(await ask(admin, 'bondy.realm.grants', realm), [
      { resource: { uri: '', match: 'prefix' }, permissions: ['wamp.call'], roles: ['all'] },
    ]);
  });
});

describe('sources', () => {
  test('are added, matched, listed and deleted', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    const source = { usernames: ['user1'], authmethod: 'wampcra', cidr: '10.0.0.1/8' };
    await ask(admin, 'bondy.source.add', realm, source);
    await ask(admin, 'bondy.realm.update', realm, { authmethods: ['wampcra', 'password'] });
    const methods = await ask(admin, 'bondy.source.match', realm, 'user1', '10.9.9.9');
    assert.deepEqual(methods, ['wampcra', 'password']);
    assert.equal(((await ask(admin, 'bondy.source.get', realm, 'user1')) as unknown[]).length, 1);
    await ask(admin, 'bondy.source.delete', realm, 'user1', '10.0.0.0/8');
    await refusal(
      admin,
      'bondy.error.not_found',
      'bondy.source.delete',
      realm,
      'user1',
      '10.0.0.0/8',
    );
    await refusal(admin, 'bondy.error.no_such_users', 'bondy.source.add', realm, {
      ...source,
      usernames: ['ghost'],
    });
    assert.equal(((await ask(admin, 'bondy.source.list', realm)) as unknown[]).length, 2);
  });
});
