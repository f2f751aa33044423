/** `bondy.user.*` over WAMP. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { Details } from '../support/raw-client.ts';
import {
  administrator,
  ask,
  enter,
  EVERYTHING,
  newRealm,
  refusal,
  useManagedNode,
} from './support.ts';

const node = useManagedNode();

describe('users', () => {
  test('enter with what they are given, and are thrown out when they are disabled', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    await ask(admin, 'bondy.user.add', realm, { username: 'User2', password: 'secret-2' });
    await ask(admin, 'bondy.user.add_alias', realm, 'user2', 'second');
    const user = await enter(t, node.urls, realm, 'second', 'secret-2');
    await ask(admin, 'bondy.user.disable', realm, 'user2');
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'bondy.user.disabled');
    assert.equal(await ask(admin, 'bondy.user.is_enabled', realm, 'user2'), false);
    await ask(admin, 'bondy.user.enable', realm, 'user2');
    await ask(admin, 'bondy.user.delete', realm, 'user2');
    await refusal(admin, 'bondy.error.not_found', 'bondy.user.get', realm, 'user2');
    assert.equal(((await ask(admin, 'bondy.user.list', realm)) as unknown[]).length, 1);
  });

  test('who change their password keep the session in which they do', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { grants: [EVERYTHING] });
    const [here, elsewhere] = [
      await enter(t, node.urls, realm, 'user1', 'secret-1'),
      await enter(t, node.urls, realm, 'user1', 'secret-1'),
    ];
    const change = 'bondy.user.change_password';
    await refusal(here, 'bondy.error.bad_signature', change, realm, 'user1', 'secret-2', 'wrong');
    const invalid = await refusal(
      here,
      'bondy.error.invalid_data',
      change,
      realm,
      'user1',
      'a',
      'secret-1',
    );
    assert.equal(invalid['path'], 'password');
    await ask(here, change, realm, 'user1', 'secret-2', 'secret-1');
    assert.equal((await elsewhere.expect(wamp.GOODBYE))[2], 'bondy.user.credentials_changed');
    assert.equal(await ask(here, 'bondy.ping'), 'pong');
    await enter(t, node.urls, realm, 'user1', 'secret-2');
  });

  test('tell those who listen in their realm that they logged in; who proves nothing does not', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, {
      grants: [{ permissions: ['wamp.subscribe'], roles: 'all', uri: 'bondy.user.logged_in' }],
    });
    const watcher = await enter(t, node.urls, realm);
    await watcher.subscribe('bondy.user.logged_in');
    await enter(t, node.urls, realm);
    const { session } = await enter(t, node.urls, realm, 'User1');
    const [username, about] = (await watcher.expect(wamp.EVENT))[4] as [string, Details];
    assert.equal(username, 'user1');
    assert.equal(about['session'], session);
    assert.equal(about['authmethod'], 'password');
  });

  test('tell those who listen in their realm of what was changed', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, {
      grants: [
        { permissions: ['wamp.subscribe'], roles: ['user1'], uri: 'bondy.', match: 'prefix' },
      ],
    });
    const user = await enter(t, node.urls, realm, 'user1', 'secret-1');
    await user.subscribe('bondy.', { match: 'prefix' });
    await ask(admin, 'bondy.group.add', realm, { name: 'staff' });
    assert.deepEqual((await user.expect(wamp.EVENT))[4], [realm, 'staff']);
    await ask(admin, 'bondy.user.update', realm, 'user1', { meta: { a: 1 } });
    assert.deepEqual((await user.expect(wamp.EVENT))[4], [realm, 'user1']);
  });
});
