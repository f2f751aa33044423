/** Tickets that were made for something else, or by somebody else: none opens a session of a real node. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { grantRecord, userRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import {
  assertRefused,
  connect,
  enter,
  entered,
  PASSWORD,
  put,
  SHOP,
  shopRecords,
  UNHURRIED,
} from './shop.ts';

const OTHER = 'com.example.other';
const methods = ['password', 'ticket'];
let node: NodeHandle;

before(async () => {
  node = await startTestNode({ ...UNHURRIED, 'shutdown.grace_period': '100ms' });
  for (const realm of [SHOP, OTHER]) {
    await put(node, await shopRecords({ realm, methods }));
    await put(node, [
      grantRecord(realm, 'all', 'wamp.call', 'bondy.ticket.', 'prefix'),
      grantRecord(realm, 'all', 'bondy.issue', 'bondy.ticket.scope.', 'prefix'),
    ]);
  }
});

after(async () => {
  await node.stop();
  assert.deepEqual(node.crashes(), []);
});

async function issued(client: RawClient, kwargs: object = {}): Promise<string> {
  const [, , , results] = await client.call('bondy.ticket.issue', [], kwargs);
  return (results as { ticket: string }[])[0]!.ticket;
}

async function show(
  t: TestContext,
  ticket: string,
  said: { realm?: string; authid?: string } = {},
) {
  const proof = { prove: () => ({ signature: ticket }) };
  return enter(await connect(t, node), 'ticket', said, proof);
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const decode = (part: string): object =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as object;

describe('a ticket', () => {
  test('opens a session of its user in its realm, and in no other and of nobody else', async (t) => {
    const ticket = await issued(await entered(await connect(t, node), 'password'));
    assert.equal((await show(t, ticket))[0], wamp.WELCOME);
    assertRefused(await show(t, ticket, { realm: OTHER }));
    assertRefused(await show(t, ticket, { authid: 'bobby' }));
    assertRefused(await show(t, ticket, { authid: 'nobody' }));
  });

  test('is no password, and a password is no ticket', async (t) => {
    const ticket = await issued(await entered(await connect(t, node), 'password'));
    const proof = { prove: () => ({ signature: ticket }) };
    assertRefused(await enter(await connect(t, node), 'password', {}, proof));
    assertRefused(await show(t, PASSWORD));
  });

  test('that was changed, unsigned or signed by another key is none', async (t) => {
    const ticket = await issued(await entered(await connect(t, node), 'password'));
    const [head, body, signature] = ticket.split('.') as [string, string, string];
    const header = decode(head);
    const claims = decode(body);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const more = { ...claims, exp: 9_999_999_999, expires_at: 9_999_999_999 };
    const signed = (first: object, second: object): string => {
      const text = `${encode(first)}.${encode(second)}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    };
    const jwk = publicKey.export({ format: 'jwk' });
    const hmac = (text: string, key: string): string =>
      `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    const confused = `${encode({ ...header, alg: 'HS256' })}.${body}`;
    for (const forged of [
      '',
      '..',
      `${head}.${body}.`,
      `${head}.${body}`,
      `${encode({ ...header, alg: 'none' })}.${body}.`,
      `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${head}.${encode(more)}.${signature}`,
      `${head}.${encode({ ...claims, sub: 'bobby', authid: 'bobby' })}.${signature}`,
      `${ticket}.${ticket}`,
      `${ticket}A`,
      `${ticket} `,
      ticket.toUpperCase(),
      signed(header, claims),
      signed({ ...header, alg: 'EdDSA', jwk }, more),
      signed({ ...header, kid: '../../dev/null' }, more),
      signed({ ...header, kid: '__proto__' }, more),
      hmac(confused, ''),
      hmac(confused, JSON.stringify(jwk)),
      'x'.repeat(100_000),
    ]) {
      assertRefused(await show(t, forged));
    }
    assert.equal((await show(t, ticket))[0], wamp.WELCOME);
  });

  test('that was revoked, or whose user is disabled or has another password, is none', async (t) => {
    const said = { authid: 'bobby' };
    const bobby = await entered(await connect(t, node), 'password', said);
    const revoked = await issued(bobby);
    await bobby.call('bondy.ticket.revoke', [SHOP, revoked]);
    assertRefused(await show(t, revoked, said));
    const ticket = await issued(bobby);
    assert.equal((await show(t, ticket, said))[0], wamp.WELCOME);
    await put(node, [userRecord(SHOP, 'bobby', { enabled: false })]);
    assertRefused(await show(t, ticket, said));
    await put(node, [userRecord(SHOP, 'bobby', { held: false })]);
    await put(node, [userRecord(SHOP, 'bobby')]);
    assertRefused(await show(t, ticket, said));
  });
});
