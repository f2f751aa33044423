/** Names and URIs that look like others, and accounts that nobody made: none leads to what the true name has. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { grantRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { administrator, ask, MASTER, refusal, SETTINGS } from '../management/support.ts';
import { assertRefused, connect, enter, entered, hello, put, SHOP, shopRecords } from './shop.ts';
import { UNHURRIED } from './shop.ts';

let node: NodeHandle;

before(async () => {
  node = await startTestNode({ ...UNHURRIED, ...SETTINGS, 'shutdown.grace_period': '100ms' });
  await put(node, await shopRecords());
  await put(node, [
    grantRecord(SHOP, 'user/alice', 'wamp.call', 'com.example.secret'),
    grantRecord(SHOP, 'user/bobby', 'wamp.call', 'com.example.open', 'prefix'),
    grantRecord(SHOP, 'user/bobby', 'wamp.subscribe', 'com.example..public', 'wildcard'),
  ]);
});

after(async () => {
  await node.stop();
  assert.deepEqual(node.crashes(), []);
});

describe('a name that looks like another', () => {
  const disguises = [
    'alice ',
    ' alice',
    'alice\u0000',
    'alice\u200b',
    '\u202ealice',
    '\u0430lice', // Cyrillic
    'al\u0131ce', // dotless i
    'ALİCE',
    'ａlice', // full width
    'alice/../bobby',
    'user/alice',
    'alice@com.example.shop',
    'alice,bobby',
    '__proto__',
    'constructor',
  ];

  test('opens no session of it, though the password is right', async (t) => {
    for (const authid of disguises) {
      for (const method of ['password', 'wampcra']) {
        assertRefused(await enter(await connect(t, node), method, { authid }));
      }
    }
  });

  test('of an alias opens none, and the alias opens one of its user only', async (t) => {
    const client = await connect(t, node);
    const [, , details] = await enter(client, 'password', { authid: 'ALICE-Alias' });
    assert.equal((details as { authid?: string }).authid, 'alice');
    for (const authid of [
      'alice-alias ',
      'alice-alias\u200b',
      'bobby-alias',
      'alice-alias/alice',
    ]) {
      assertRefused(await enter(await connect(t, node), 'password', { authid }));
    }
  });

  test('of nobody, of everybody or of a group is no user', async (t) => {
    for (const authid of ['all', 'anonymous', 'any', 'group/all', 'user/alice', '*', '', '#']) {
      const answer = await enter(await connect(t, node), 'password', { authid });
      assert.equal(answer[0], wamp.ABORT, authid);
    }
  });

  test('is not given to a second user or an alias', async (t) => {
    const admin = await administrator(t, node.urls);
    for (const username of [...disguises.slice(0, 5), 'ALICE', 'all', 'Anonymous', 'al', 'a<b']) {
      const user = { username, password: 'secret-12' };
      const answer = await attempt(admin, 'bondy.user.add', SHOP, user);
      assert.equal(answer[0], wamp.ERROR, username);
    }
    for (const alias of [
      'bobby',
      'BOBBY',
      'bobby\u200b',
      'alice-alias',
      'anonymous',
      'al\u0000x',
    ]) {
      const answer = await attempt(admin, 'bondy.user.add_alias', SHOP, 'bobby', alias);
      assert.equal(answer[0], wamp.ERROR, alias);
    }
  });
});

function attempt(client: RawClient, uri: string, ...args: unknown[]): Promise<readonly unknown[]> {
  client.request(wamp.CALL, {}, uri, args);
  return client.next();
}

describe('a realm that looks like another', () => {
  test('is none', async (t) => {
    for (const realm of [
      `${SHOP}.`,
      `.${SHOP}`,
      'com..example.shop',
      `${SHOP}\u0000`,
      `${SHOP} `,
      'com.example.\u0455hop',
      '../com.example.shop',
      'com/example/shop',
      '__proto__',
      'constructor',
    ]) {
      const client = await connect(t, node);
      const answer = await hello(client, { realm, methods: ['password'] });
      assert.equal(answer[0], wamp.ABORT, realm);
      assert.match(String(answer[2]), /no_such_realm|invalid_uri|protocol_violation/, realm);
    }
  });
});

describe('a URI that looks like one that is granted', () => {
  async function denied(client: RawClient, type: number, uri: string, options = {}): Promise<void> {
    client.request(type, options, uri);
    const answer = await client.next();
    assert.equal(answer[0], wamp.ERROR, uri);
    assert.match(String(answer[4]), /not_authorized|invalid_uri/, uri);
  }

  test('is not called', async (t) => {
    const alice = await entered(await connect(t, node), 'password');
    await alice.callFails('wamp.error.no_such_procedure', 'com.example.secret');
    for (const uri of [
      'com.example.Secret',
      'COM.EXAMPLE.SECRET',
      'com.example.secret.',
      'com.example.secret\u0000',
      'com.example.secret.more',
      'com.example.\u0455ecret',
      'com.example..secret',
      '.com.example.secret',
      'com.example.x.%2e%2e.secret',
      'com.example.open/../secret',
      'com.example.secre\u0301t',
      '',
    ]) {
      await denied(alice, wamp.CALL, uri);
    }
  });

  test('of a prefix or a pattern ends where the grant says', async (t) => {
    const bobby = await entered(await connect(t, node), 'password', { authid: 'bobby' });
    await bobby.callFails('wamp.error.no_such_procedure', 'com.example.open.x');
    for (const uri of [
      'com.example.ope',
      'com.example.secret',
      'com.example',
      'com.exampleXopen',
    ]) {
      await denied(bobby, wamp.CALL, uri);
    }
    await bobby.subscribe('com.example.a.public');
    for (const uri of ['com.example.a.b.public', 'com.example.public', 'com.example.a.publicity']) {
      await denied(bobby, wamp.SUBSCRIBE, uri);
    }
  });

  test('is not had by a subscription that is wider than the grant', async (t) => {
    const bobby = await entered(await connect(t, node), 'password', { authid: 'bobby' });
    for (const [match, uri] of [
      ['prefix', 'com.example.a'],
      ['prefix', 'com.example.a.public'],
      ['prefix', 'com'],
      ['prefix', ''],
      ['wildcard', 'com..a.public'],
      ['wildcard', 'com.example..'],
      ['wildcard', '...'],
      ['wildcard', 'com.example.a.'],
    ]) {
      await denied(bobby, wamp.SUBSCRIBE, uri!, { match });
    }
  });
});

describe('an account that nobody made', () => {
  test('is not there', async (t) => {
    for (const authid of ['admin', 'root', 'bondy', 'guest']) {
      for (const secret of [authid, 'password', 'bondy']) {
        const proof = { prove: () => ({ signature: secret }) };
        for (const realm of [MASTER, SHOP]) {
          assertRefused(await enter(await connect(t, node), 'password', { authid, realm }, proof));
        }
      }
    }
  });

  test('is not there in a node without any configuration, and nobody enters its master realm', async (t) => {
    const bare = await startTestNode({ 'shutdown.grace_period': '100ms' });
    t.after(() => bare.stop());
    for (const methods of [['anonymous'], ['trust'], ['password'], ['wampcra'], ['ticket'], []]) {
      const client = await connect(t, bare);
      const [type, , extra] = await hello(client, { realm: MASTER, methods, authid: 'admin' });
      if (type === wamp.ABORT) continue;
      assert.equal(type, wamp.CHALLENGE);
      assert(extra);
      client.send([wamp.AUTHENTICATE, 'admin', {}]);
      assertRefused(await client.next());
    }
  });
});

test('who administers one realm does nothing in another', async (t: TestContext) => {
  await put(node, [grantRecord(SHOP, 'user/alice', 'wamp.call', 'bondy.', 'prefix')]);
  const alice = await entered(await connect(t, node), 'password');
  assert.equal(await ask(alice, 'bondy.user.is_enabled', 'alice'), true);
  for (const [uri, ...args] of [
    ['bondy.user.add', MASTER, { username: 'intruder' }],
    ['bondy.user.add', MASTER.toUpperCase(), { username: 'intruder' }],
    ['bondy.user.change_password', MASTER, 'admin', 'secret-12'],
    ['bondy.grant.create', MASTER, { permissions: ['wamp.call'], roles: 'all', uri: '*' }],
    ['bondy.realm.create', { uri: 'com.example.mine' }],
    ['bondy.realm.update', SHOP, { security_enabled: false }],
    ['bondy.realm.delete', SHOP],
    ['bondy.backup.create'],
  ] as const) {
    await refusal(alice, 'wamp.error.not_authorized', uri, ...args);
  }
});
