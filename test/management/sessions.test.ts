/** `bondy.session.*`, `bondy.registration.*` and `bondy.subscription.*` over WAMP. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { Details } from '../support/raw-client.ts';
import { administrator, ask, enter, newRealm, refusal, useManagedNode } from './support.ts';

const node = useManagedNode();

const MAY_ALL = { permissions: ['wamp.register', 'wamp.subscribe'], roles: 'all', uri: '' };

describe('sessions and registrations', () => {
  test('are listed, shown and killed by who administers', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { grants: [MAY_ALL] });
    const user = await enter(t, node.urls, realm, 'user1', 'secret-1');
    await user.register('com.example.procedure');
    await user.subscribe('com.example.topic');
    assert.deepEqual(await ask(admin, 'bondy.session.list', realm), [user.session]);
    assert.equal(await ask(admin, 'bondy.session.count', realm), 1);
    const details = (await ask(admin, 'bondy.session.get', realm, user.session)) as Details;
    assert.equal(details['authid'], 'user1');
    const [registration] = (await ask(admin, 'bondy.registration.list', realm)) as Details[];
    assert.equal(registration!['uri'], 'com.example.procedure');
    const callees = await ask(admin, 'bondy.callee.list', realm, 'com.example.procedure');
    assert.deepEqual(callees, [{ session_id: user.session }]);
    const [subscription] = (await ask(admin, 'bondy.subscription.list', realm)) as Details[];
    assert.equal(subscription!['uri'], 'com.example.topic');
    await ask(admin, 'bondy.session.kill', realm, user.session);
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'wamp.close.killed');
    await refusal(admin, 'wamp.error.no_such_session', 'bondy.session.get', realm, user.session);
    const self = (await ask(admin, 'bondy.session.self')) as Details;
    assert.equal(self['session'], admin.session);
  });

  test('are shown one by one, and those that are not there are refused', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { grants: [MAY_ALL] });
    const user = await enter(t, node.urls, realm, 'user1');
    for (const [what, id, uri, missing] of [
      [
        'registration',
        await user.register('com.example.a', { match: 'prefix' }),
        'com.example.a',
        'wamp.error.no_such_registration',
      ],
      [
        'subscription',
        await user.subscribe('com.example.b'),
        'com.example.b',
        'wamp.error.no_such_subscription',
      ],
    ] as const) {
      const shown = (await ask(admin, `bondy.${what}.get`, realm, id)) as Details;
      assert.deepEqual([shown['id'], shown['uri']], [id, uri]);
      await refusal(admin, missing, `bondy.${what}.get`, realm, 4_711);
    }
  });

  test('are listed in pages, which are all of them and say what is cut off', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { grants: [MAY_ALL] });
    const user = await enter(t, node.urls, realm, 'user1');
    const names = Array.from({ length: 25 }, (_, i) => `com.example.p${i}`);
    const ids: number[] = [];
    for (const name of names) ids.push(await user.register(name));
    const list = async (kwargs: Details): Promise<[Details[], Details]> => {
      const result = await admin.call('bondy.registration.list', [realm], kwargs);
      return [(result[3] as Details[][])[0]!, result[4] as Details];
    };
    const [all, kwargs] = await list({});
    assert.deepEqual([all.length, kwargs], [25, { total: 25 }]);
    const seen: unknown[] = [];
    let question: Details | undefined = { limit: 10 };
    while (question) {
      const [page, { next, total }] = await list(question);
      assert(page.length <= 10);
      assert.equal(total, 25);
      seen.push(...page.map(({ id }) => id));
      question = next === undefined ? undefined : { limit: 10, after: next };
    }
    assert.deepEqual(
      seen,
      ids.sort((a, b) => a - b),
    );
    for (const limit of [0, 10_001, 'ten']) {
      await admin.callFails('wamp.error.invalid_argument', 'bondy.user.list', [realm], { limit });
    }
  });

  test('are listed with their details, searched, in pages', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    const user = await enter(t, node.urls, realm, 'user1');
    const others = [await enter(t, node.urls, realm), await enter(t, node.urls, realm)];
    const list = async (kwargs: Details): Promise<[Details[], Details]> => {
      const result = await admin.call('bondy.session.details', [realm], kwargs);
      return [(result[3] as Details[][])[0]!, result[4] as Details];
    };
    const [all, { total }] = await list({});
    const ids = [user, ...others].map(({ session }) => session!).sort((a, b) => a - b);
    assert.deepEqual([all.map(({ session }) => session), total], [ids, 3]);
    const [found, { next }] = await list({ search: 'USER1' });
    assert.deepEqual(
      found.map(({ session, authid }) => [session, authid]),
      [[user.session, 'user1']],
    );
    assert.equal(next, undefined);
    const [first, cut] = await list({ limit: 2 });
    const [last] = await list({ limit: 2, after: cut['next'] });
    assert.deepEqual(
      [...first, ...last].map(({ session }) => session),
      ids,
    );
    await admin.callFails('wamp.error.invalid_argument', 'bondy.session.details', [realm], {
      search: '',
    });
  });

  test('are taken over with force_reregister only by who may unregister, too', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, {
      users: ['user1', 'user2'].map((username) => ({ username, password: 'secret-1' })),
      grants: [{ permissions: ['wamp.register'], roles: 'all', uri: 'com.example.taken' }],
    });
    const owner = await enter(t, node.urls, realm, 'user1');
    const taker = await enter(t, node.urls, realm, 'user2');
    await owner.register('com.example.taken');
    const force = [{ force_reregister: true }, 'com.example.taken'] as const;
    const refused = taker.request(wamp.REGISTER, ...force);
    await taker.expectError(wamp.REGISTER, refused, 'wamp.error.not_authorized');
    await ask(admin, 'bondy.grant.create', realm, {
      permissions: ['wamp.unregister'],
      roles: ['user2'],
      uri: 'com.example.taken',
    });
    await taker.expectReply(wamp.REGISTERED, taker.request(wamp.REGISTER, ...force));
    const callees = await ask(admin, 'bondy.registration.callee.list', realm, 'com.example.taken');
    assert.deepEqual(callees, [{ session_id: taker.session }]);
  });
});
