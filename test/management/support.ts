/** A node that is administered over WAMP: who administers it, and realms that no other test has. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Dict } from '../../runtime/wamp/message.ts';
import * as wamp from '../support/codes.ts';
import type { TestNode } from '../support/node.ts';
import { useTestNode } from '../support/node.ts';
import { RawClient } from '../support/raw-client.ts';
import type { Details, Urls, WampMessage } from '../support/raw-client.ts';

export const MASTER = 'com.leapsight.bondy';
export const PASSWORD = 'correct horse battery';
const WIRE = { transport: 'rawsocket', serializer: 'cbor', batched: false } as const;

/** Cheap to derive and to check, so that tests of something else are quick. */
export const CHEAP = { protocols: ['cra'], iterations: 4_096 };

export const EVERYTHING = {
  permissions: ['wamp.call'],
  roles: ['user1'],
  uri: 'bondy.',
  match: 'prefix',
};

export const SETTINGS = {
  'security.admin.username': 'admin',
  'security.admin.password': PASSWORD,
};

export function useManagedNode(settings: Readonly<Record<string, string>> = {}): TestNode {
  return useTestNode({ ...SETTINGS, ...settings });
}

type Prove = (challenge: Dict, method: string) => { signature: string; extra?: Dict };

/** WELCOME is waited for. */
export async function login(
  t: TestContext,
  urls: Urls,
  realm: string,
  hello: Details,
  prove?: Prove,
): Promise<RawClient> {
  const client = await RawClient.connect(urls, WIRE);
  t.after(() => client.destroy());
  client.send([wamp.HELLO, realm, { roles: wamp.ALL_ROLES, ...hello }]);
  if (prove) {
    const [, method, challenge] = await client.expect(wamp.CHALLENGE);
    const { signature, extra = {} } = prove(challenge as Dict, method as string);
    client.send([wamp.AUTHENTICATE, signature, extra]);
  }
  const welcome = await client.expect(wamp.WELCOME);
  client.session = welcome[1] as number;
  return client;
}

/** With a password; without a name as anybody. */
export function enter(
  t: TestContext,
  urls: Urls,
  realm: string,
  authid?: string,
  password = 'secret-1',
): Promise<RawClient> {
  if (authid === undefined) return login(t, urls, realm, { authmethods: ['anonymous'] });
  const hello = { authmethods: ['password'], authid };
  return login(t, urls, realm, hello, () => ({ signature: password }));
}

export function administrator(t: TestContext, urls: Urls): Promise<RawClient> {
  return enter(t, urls, MASTER, 'admin', PASSWORD);
}

/** The first result. */
export async function ask(
  client: RawClient,
  procedure: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const result = await client.call(procedure, args);
  return (result[3] as unknown[] | undefined)?.[0];
}

/** ERROR.ArgumentsKw. */
export async function refusal(
  client: RawClient,
  uri: string,
  procedure: string,
  ...args: readonly unknown[]
): Promise<Details> {
  const message: WampMessage = await client.callFails(uri, procedure, args);
  const kwargs = message[6] as Details;
  for (const field of ['code', 'message', 'description']) {
    assert.equal(typeof kwargs[field], 'string', field);
  }
  return kwargs;
}

let realms = 0;

/** With `user1`, whose password is `secret-1`, and anybody; its name is its own. */
export async function newRealm(admin: RawClient, document: Details = {}): Promise<string> {
  const uri = `com.example.realm${(realms += 1)}`;
  await ask(admin, 'bondy.realm.create', {
    uri,
    authmethods: ['password', 'anonymous'],
    password_opts: CHEAP,
    users: [{ username: 'user1', password: 'secret-1' }],
    sources: [
      { usernames: 'all', authmethod: 'password' },
      { usernames: ['anonymous'], authmethod: 'anonymous' },
    ],
    ...document,
  });
  return uri;
}
