/** `bondy.realm.*` over WAMP. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { Details } from '../support/raw-client.ts';
import { administrator, ask, enter, MASTER, newRealm, refusal, useManagedNode } from './support.ts';

const node = useManagedNode();

describe('realms', () => {
  test('that are created can be entered, and those deleted are closed', async (t) => {
    const admin = await administrator(t, node.urls);
    const watcher = await administrator(t, node.urls);
    await watcher.subscribe('bondy.realm.', { match: 'prefix' });
    const uri = 'com.example.two';
    await newRealm(admin, { uri });
    assert.deepEqual((await watcher.expect(wamp.EVENT))[4], [uri]);
    const user = await enter(t, node.urls, uri, 'user1', 'secret-1');
    await admin.callFails('bondy.error.active_users', 'bondy.realm.delete', [uri]);
    await admin.call('bondy.realm.delete', [uri], { force: true });
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'wamp.close.close_realm');
    assert.deepEqual((await watcher.expect(wamp.EVENT))[3], { topic: 'bondy.realm.deleted' });
    await refusal(admin, 'bondy.error.not_found', 'bondy.realm.get', uri);
  });

  test('are shown, listed, updated and switched', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin);
    await ask(admin, 'bondy.realm.update', realm, { description: 'new' });
    const shown = (await ask(admin, 'bondy.realm.get', realm)) as Details;
    assert.equal(shown['description'], 'new');
    assert.equal((shown['public_keys'] as unknown[]).length, 1);
    assert(!JSON.stringify(shown).includes('"d"'), 'no private key');
    await ask(admin, 'bondy.realm.security.disable', realm);
    assert.equal(await ask(admin, 'bondy.realm.security.status', realm), 'disabled');
    await ask(admin, 'bondy.realm.security.enable', realm);
    assert.equal(await ask(admin, 'bondy.realm.security.is_enabled', realm), true);
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

  test('take keys in PEM, show their public half, and refuse what is none', async (t) => {
    const admin = await administrator(t, node.urls);
    const sign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypt = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'pkcs8' }));
    const realm = await newRealm(admin, {
      private_keys: [pem(sign.privateKey)],
      encryption_keys: [pem(encrypt.privateKey)],
    });
    const shown = (await ask(admin, 'bondy.realm.get', realm)) as Details;
    const keys = [...(shown['public_keys'] as Details[])];
    const { x, y } = sign.publicKey.export({ format: 'jwk' });
    assert(
      keys.some((key) => key['x'] === x && key['y'] === y),
      JSON.stringify(keys),
    );
    for (const secret of [sign, encrypt].map(({ privateKey }) => privateKey)) {
      const { d } = secret.export({ format: 'jwk' });
      assert(!JSON.stringify(shown).includes(d!), 'no private key');
    }
    // Again it is the same key.
    const again = { private_keys: [pem(sign.privateKey)] };
    const after = (await ask(admin, 'bondy.realm.update', realm, again)) as Details;
    assert.deepEqual(after['public_keys'], shown['public_keys']);
    const update = 'bondy.realm.update';
    for (const [wrong, why] of [
      ['no PEM', /not a private key/],
      [pem(encrypt.privateKey), /not an EC key/],
    ] as const) {
      const document = { private_keys: [pem(sign.privateKey), wrong] };
      const error = await refusal(admin, 'bondy.error.invalid_data', update, realm, document);
      assert.equal(error['path'], 'private_keys[1]');
      assert.match(String(error['message']), why);
    }
  });
});
