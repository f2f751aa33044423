/** Password objects of Bondy: users who are moved with them log in with the passwords they have. */
import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Dict } from '../../runtime/wamp/message.ts';
import * as wamp from '../support/codes.ts';
import {
  CLIENT_NONCE,
  craSignature,
  pbkdf2Salted,
  scramAnswer,
} from '../actors/security/methods/support.ts';
import {
  administrator,
  ask,
  CHEAP,
  enter,
  login,
  newRealm,
  refusal,
  useManagedNode,
} from './support.ts';

const node = useManagedNode();
const ITERATIONS = 4_096;
const PARAMS = {
  kdf: 'pbkdf2',
  iterations: ITERATIONS,
  hash_function: 'sha256',
  hash_length: 32,
  salt_length: 16,
};
const HEAD = { type: 'password', version: '1.2', params: PARAMS };

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const salted = (password: string, salt: string | Uint8Array): Buffer =>
  pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');

/** As bondy_password_cra.erl makes it: the text of the salt is hashed. */
function craObject(password: string) {
  const salt = base64(Buffer.alloc(16, 7));
  const data = { salt, salted_password: base64(salted(password, salt)) };
  return { ...HEAD, protocol: 'cra', data };
}

/** As bondy_password_scram.erl makes it, binary values in base64. */
function scramObject(password: string) {
  const salt = Buffer.alloc(16, 9);
  const key = salted(password, salt);
  const hmac = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const data = {
    salt: base64(salt),
    stored_key: base64(createHash('sha256').update(hmac('Client Key')).digest()),
    server_key: base64(hmac('Server Key')),
  };
  return { ...HEAD, protocol: 'scram', data };
}

const METHODS = {
  authmethods: ['wampcra', 'wamp-scram', 'password'],
  password_opts: CHEAP,
  sources: ['wampcra', 'wamp-scram', 'password'].map((authmethod) => ({
    usernames: 'all',
    authmethod,
  })),
};

const byCra = (password: string) => (challenge: Dict) => ({
  signature: craSignature(password, challenge),
});

describe('a user with a password object of Bondy', () => {
  test('logs in with wampcra, or with the password itself', async (t) => {
    const admin = await administrator(t, node.urls);
    const users = [{ username: 'moved', password: craObject('old secret') }];
    const realm = await newRealm(admin, { ...METHODS, users });
    const hello = { authmethods: ['wampcra'], authid: 'moved' };
    await login(t, node.urls, realm, hello, byCra('old secret'));
    await assert.rejects(login(t, node.urls, realm, hello, byCra('another one')));
    await enter(t, node.urls, realm, 'moved', 'old secret');
    const user = (await ask(admin, 'bondy.user.get', realm, 'moved')) as Dict;
    assert.equal(user['has_password'], true);
    assert(!JSON.stringify(user).includes('salt'));
  });

  test('logs in with wamp-scram, and the router proves that it knows the password, too', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { ...METHODS, users: [] });
    const password = scramObject('old secret');
    await ask(admin, 'bondy.user.add', realm, { username: 'moved', password });
    const hello = {
      authmethods: ['wamp-scram'],
      authid: 'moved',
      authextra: { nonce: CLIENT_NONCE },
    };
    const prove = (text: string) => (challenge: Dict) =>
      scramAnswer(pbkdf2Salted(text, challenge), 'moved', challenge);
    await login(t, node.urls, realm, hello, prove('old secret'));
    await assert.rejects(login(t, node.urls, realm, hello, prove('another one')));
    await enter(t, node.urls, realm, 'moved', 'old secret');
  });

  test('is re-keyed by another one, and not by the same', async (t) => {
    const admin = await administrator(t, node.urls);
    const users = [{ username: 'moved', password: craObject('old secret') }];
    const realm = await newRealm(admin, { ...METHODS, users });
    const hello = { authmethods: ['wampcra'], authid: 'moved' };
    const user = await login(t, node.urls, realm, hello, byCra('old secret'));
    await ask(admin, 'bondy.realm.update', realm, { users });
    await user.expectNothing();
    const other = [{ username: 'moved', password: craObject('new secret') }];
    await ask(admin, 'bondy.realm.update', realm, { users: other });
    assert.equal((await user.expect(wamp.GOODBYE))[2], 'bondy.user.credentials_changed');
    await login(t, node.urls, realm, hello, byCra('new secret'));
  });

  test('is refused with the field that is wrong, and nothing of it is stored', async (t) => {
    const admin = await administrator(t, node.urls);
    const realm = await newRealm(admin, { ...METHODS, users: [] });
    const cra = craObject('old secret');
    const scram = scramObject('old secret');
    const invalid = 'wamp.error.invalid_argument';
    const data = 'bondy.error.invalid_data';
    const cases: readonly (readonly [password: object, error: string, path: string])[] = [
      [{ ...cra, version: '1.1' }, invalid, 'password.version'],
      [{ ...cra, params: { ...PARAMS, iterations: 1 } }, invalid, 'password.params.iterations'],
      [{ ...cra, params: { ...PARAMS, hash_function: 'sha' } }, invalid, 'password.params'],
      [{ ...cra, data: { ...cra.data, salt: 'not base64' } }, data, 'password.data.salt'],
      [
        { ...cra, data: { ...cra.data, salted_password: 'c2hvcnQ=' } },
        data,
        'password.data.salted_password',
      ],
      [{ ...scram, data: { ...scram.data, stored_key: '' } }, invalid, 'password.data.stored_key'],
      [{ ...scram, data: cra.data }, invalid, 'password.protocol'],
      [{ ...cra, protocol: 'plain' }, invalid, 'password.protocol'],
      [{ ...cra, more: 1 }, invalid, 'password.more'],
    ];
    for (const [password, error, path] of cases) {
      const user = { username: 'moved', password };
      const said = await refusal(admin, error, 'bondy.user.add', realm, user);
      assert(String(said['path']).startsWith(path), `${String(said['path'])} for ${path}`);
    }
    assert.deepEqual(await ask(admin, 'bondy.user.list', realm), []);
  });
});
