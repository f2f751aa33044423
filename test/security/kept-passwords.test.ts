/** What is kept of passwords, and what users who do not exist are asked, over logins and restarts of a real node. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { OPTIONS } from '../actors/security/methods/support.ts';
import * as wamp from '../support/codes.ts';
import { dict } from '../support/raw-client.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { connect, enter, entered, hello, PROOFS, put, scratch, shopRecords } from './shop.ts';
import { startShop, UNHURRIED } from './shop.ts';

const WITHOUT_CRA = { ...OPTIONS, protocols: ['hash'] as const };
const UPGRADES = { 'security.password.protocol.upgrade.enabled': 'on' };

async function counted(node: NodeHandle, counter: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (node.counter(counter) === 0) {
    assert(performance.now() < deadline, `${counter} is not counted`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function saltOf(t: TestContext, node: NodeHandle, authid: string): Promise<unknown> {
  const client = await connect(t, node);
  const [type, , extra] = await hello(client, { methods: ['wampcra'], authid });
  assert.equal(type, wamp.CHALLENGE);
  client.destroy();
  return dict(extra)['salt'];
}

describe('a password that is said at a login', () => {
  const more = { password: OPTIONS };

  test('gets the verifiers that its realm asks for by now, and ends no session', async (t) => {
    const node = await startShop(t, UPGRADES, { options: WITHOUT_CRA, more });
    const first = await entered(await connect(t, node), 'password');
    await counted(node, 'password_upgrades');
    await entered(await connect(t, node), 'wampcra');
    await entered(await connect(t, node), 'wamp-scram');
    await first.callFails('wamp.error.not_authorized', 'com.example.p');
    await entered(await connect(t, node), 'password');
    assert.equal(node.counter('password_upgrades'), 1);
  });

  test('stays as it is kept unless the configuration says otherwise', async (t) => {
    const node = await startShop(t, {}, { options: WITHOUT_CRA, more });
    await entered(await connect(t, node), 'password');
    const answer = await enter(await connect(t, node), 'wampcra');
    assert.deepEqual([answer[0], answer[2]], [wamp.ABORT, 'wamp.error.authentication_failed']);
    assert.equal(node.counter('password_upgrades'), 0);
  });

  test('is kept as its SSO realm says, where the user is one of it', async (t) => {
    const SSO = 'com.example.sso';
    const node = await startShop(t, UPGRADES, { users: [] });
    const methods = ['password'];
    const sso = {
      isSsoRealm: true,
      password: { ...OPTIONS, protocols: ['hash', 'scram'] as const },
    };
    await put(
      node,
      await shopRecords({ realm: SSO, users: ['alice'], methods, options: WITHOUT_CRA, more: sso }),
    );
    const [realm, ...rest] = await shopRecords({ users: ['alice'], more: { ssoRealmUri: SSO } });
    const users = rest.map((each) =>
      each.kind === 'user' ? { ...each, password: null, passwordAt: 0, ssoRealmUri: SSO } : each,
    );
    await put(node, [realm!, ...users.filter(({ kind }) => kind !== 'authorized_key')]);
    await entered(await connect(t, node), 'password');
    await counted(node, 'password_upgrades');
    await entered(await connect(t, node), 'wamp-scram');
    await entered(await connect(t, node), 'password', { realm: SSO });
    await entered(await connect(t, node), 'password');
    assert.equal(node.counter('password_upgrades'), 1);
  });

  test('of an administrator of the configuration is kept as it is', async (t) => {
    const node = await startTestNode({
      'shutdown.grace_period': '100ms',
      ...{ ...UNHURRIED, ...UPGRADES, 'security.admin.password': 'correct horse battery' },
      'security.password.pbkdf2.iterations': '5000',
      'security.password.protocol': 'scram',
    });
    t.after(() => node.stop());
    const realm = 'com.leapsight.bondy';
    const proof = { prove: () => ({ signature: 'correct horse battery' }) };
    const said = { realm, authid: 'admin' };
    await entered(await connect(t, node), 'password', said, proof);
    assert.equal(node.counter('password_upgrades') + node.counter('password_upgrades_skipped'), 0);
    const client = await connect(t, node);
    const { authextra } = PROOFS['wamp-scram']!;
    const challenge = await hello(client, {
      ...said,
      methods: ['wamp-scram'],
      authextra: authextra!,
    });
    assert.equal(dict(challenge[2])['iterations'], 5_000);
    // The key of CRA is nowhere, so whatever is proven by it is wrong.
    const cra = await enter(await connect(t, node), 'wampcra', said, {
      prove: () => ({ signature: 'AAAA' }),
    });
    assert.equal(cra[2], 'wamp.error.authentication_failed');
  });
});

describe('a user that does not exist', () => {
  test('is asked with the same salt in every spelling, as one that exists is', async (t) => {
    const node = await startShop(t);
    for (const names of [
      ['alice', 'ALICE', 'Alice'],
      ['nobody', 'NOBODY', 'Nobody'],
    ]) {
      const salts = await Promise.all(names.map((name) => saltOf(t, node, name)));
      assert.equal(new Set(salts).size, 1, names[0]);
    }
    const composed = await Promise.all(
      ['nobodé', 'nobode\u0301'].map((name) => saltOf(t, node, name)),
    );
    assert.equal(composed[0], composed[1]);
  });

  test('is asked with the same salt after a restart', async (t) => {
    const path = scratch(t);
    const settings = { 'store.engine': 'leveldb', 'store.data_dir': path, ...UNHURRIED };
    const salts: unknown[] = [];
    for (let life = 0; life < 2; life++) {
      const node = await startTestNode(settings);
      try {
        if (life === 0) await put(node, await shopRecords());
        salts.push([await saltOf(t, node, 'alice'), await saltOf(t, node, 'nobody')]);
      } finally {
        await node.stop();
      }
    }
    assert.deepEqual(salts[1], salts[0]);
    const file = join(path, 'unknown-users.secret');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, 'utf8'), /^[0-9a-f]{64}\n$/);
  });

  test('is asked with another salt on another node that shares nothing', async (t) => {
    const nodes = [await startShop(t), await startShop(t)];
    const [one, other] = await Promise.all(nodes.map((node) => saltOf(t, node, 'nobody')));
    assert.notEqual(one, other);
  });

  test('is asked with the same salt on nodes that share a key file', async (t) => {
    const keyFile = join(scratch(t), 'key');
    writeFileSync(keyFile, 'k'.repeat(64), { mode: 0o600 });
    const settings = { 'security.key_file': keyFile };
    const nodes = [await startShop(t, settings), await startShop(t, settings)];
    const [one, other] = await Promise.all(nodes.map((node) => saltOf(t, node, 'nobody')));
    assert.equal(one, other);
    assert.equal(typeof one, 'string');
    assert.notEqual(one, await saltOf(t, nodes[0]!, 'nobody2'));
  });
});
