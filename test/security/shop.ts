/** A realm with users on a real node, and a client that proves who it is by any method; and one that tries to. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../runtime/crypto/encoding.ts';
import { ed25519Signer } from '../../runtime/crypto/primitives.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import type {
  PasswordOptions,
  RealmRecord,
  SecurityRecord,
} from '../../actors/security/records.ts';
import {
  CLIENT_NONCE,
  craSignature,
  ed25519,
  OPTIONS,
  pbkdf2Salted,
  scramAnswer,
  stored,
} from '../actors/security/methods/support.ts';
import * as wamp from '../support/codes.ts';
import type { Urls, WampMessage } from '../support/raw-client.ts';
import { dict, RawClient } from '../support/raw-client.ts';
import { commit, realmRecord, sourceRecord, userRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import type { Wire } from '../support/wire.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';

export const SHOP = 'com.example.shop';
export const PASSWORD = 'pencil-and-paper';
export const SEED = Buffer.alloc(32, 11);
export const KEY = toHex(ed25519Signer(SEED).publicKey);
export const PROVEN_METHODS = ['password', 'wampcra', 'wamp-scram', 'cryptosign'] as const;

/** Guessing is slowed down elsewhere; here it would hide what else refuses. */
export const UNHURRIED = {
  'security.lockout.max_failures_per_address': '100000',
  'security.lockout.max_failures_per_user': '100000',
};

export interface Shop {
  readonly realm?: string;
  readonly users?: readonly string[];
  readonly methods?: readonly string[];
  readonly more?: Partial<RealmRecord>;
  readonly options?: PasswordOptions;
}

/** Each user has the password, the first one also the key and the alias `NAME-alias`. */
export async function shopRecords(shop: Shop = {}): Promise<readonly SecurityRecord[]> {
  const { realm = SHOP, users = ['alice', 'bobby'], options = OPTIONS } = shop;
  const { methods = PROVEN_METHODS, more = {} } = shop;
  const password = await stored(PASSWORD, options);
  const [first = ''] = users;
  const fact = { held: true, at: 0, realm, username: first };
  return [
    realmRecord(realm, { authmethods: methods, securityEnabled: true, ...more }),
    ...users.map((name) => userRecord(realm, name, { password, passwordAt: 1 })),
    ...methods.map((method) => sourceRecord(realm, 'all', method)),
    { kind: 'authorized_key', ...fact, key: KEY, userSince: 0 },
    { kind: 'alias', ...fact, alias: `${first}-alias` },
  ];
}

export async function startShop(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
  shop: Shop = {},
): Promise<NodeHandle> {
  const node = await startTestNode({ 'shutdown.grace_period': '100ms', ...UNHURRIED, ...settings });
  t.after(async () => {
    await node.stop();
    assert.deepEqual(node.crashes(), []);
  });
  await put(node, await shopRecords(shop));
  return node;
}

export async function put(node: NodeHandle, records: readonly SecurityRecord[]): Promise<void> {
  assert.deepEqual(await commit(node.kernel, records), { kind: 'stored' });
}

/** Gone with the test. */
export function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'bondy-proof-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function connect(
  t: TestContext,
  node: { readonly urls: Urls },
  wire: Wire = RAWSOCKET_MSGPACK,
): Promise<RawClient> {
  const client = await RawClient.connect(node.urls, wire);
  t.after(() => client.destroy());
  return client;
}

export interface Hello {
  readonly realm?: string;
  readonly authid?: string | undefined;
  readonly methods: readonly string[];
  readonly authextra?: object;
  readonly more?: object;
}

/** HELLO, and what came of it. Alice says it unless `authid` is there, which may be undefined. */
export function hello(client: RawClient, said: Hello): Promise<WampMessage> {
  const { realm = SHOP, methods, authextra, more = {} } = said;
  const authid = 'authid' in said ? said.authid : 'alice';
  const details = { roles: wamp.ALL_ROLES, authmethods: methods, authid, authextra, ...more };
  client.send([wamp.HELLO, realm, details]);
  return client.next('answer to HELLO');
}

export interface Proof {
  readonly authextra?: object;
  prove(challenge: Dict, authid: string): { readonly signature: string; readonly extra?: Dict };
}

/** As a client that has the password and the key. */
export const PROOFS: Readonly<Record<string, Proof>> = {
  password: { prove: () => ({ signature: PASSWORD }) },
  wampcra: { prove: (challenge) => ({ signature: craSignature(PASSWORD, challenge) }) },
  'wamp-scram': {
    authextra: { nonce: CLIENT_NONCE },
    prove: (challenge, authid) => scramAnswer(pbkdf2Salted(PASSWORD, challenge), authid, challenge),
  },
  cryptosign: {
    authextra: { pubkey: KEY },
    prove: ({ challenge }) => ({ signature: cryptosign(String(challenge)) }),
  },
};

export function cryptosign(challenge: string, seed = SEED): string {
  const message = Buffer.from(challenge, 'hex');
  const signature = ed25519(seed.toString('hex'))(message);
  return Buffer.concat([signature, message]).toString('hex');
}

/** WELCOME or ABORT, in the end. */
export async function enter(
  client: RawClient,
  method: string,
  said: Partial<Hello> = {},
  proof: Proof = PROOFS[method]!,
): Promise<WampMessage> {
  const { authextra } = proof;
  const answer = await hello(client, {
    methods: [method],
    ...(authextra && { authextra }),
    ...said,
  });
  if (answer[0] !== wamp.CHALLENGE) return answer;
  const { signature, extra = {} } = proof.prove(dict(answer[2]) as Dict, said.authid ?? 'alice');
  client.send([wamp.AUTHENTICATE, signature, extra]);
  return client.next('answer to AUTHENTICATE');
}

export async function entered(...what: Parameters<typeof enter>): Promise<RawClient> {
  const answer = await enter(...what);
  assert.equal(answer[0], wamp.WELCOME, JSON.stringify(answer));
  return what[0];
}

export function assertRefused(
  answer: WampMessage,
  reason = 'wamp.error.authentication_failed',
): void {
  assert.deepEqual([answer[0], answer[2]], [wamp.ABORT, reason], JSON.stringify(answer));
}
