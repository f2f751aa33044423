/**
 * Tokens whose keys are fetched from their issuer over HTTPS, by a node in a process of its own that trusts the issuer's
 * authority; and issuers that are not to be believed.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Folder } from '../cluster/security-nodes.ts';
import type { SecurityNode } from '../cluster/security-nodes.ts';
import { FIRST, SECOND } from '../support/certificates.ts';
import * as wamp from '../support/codes.ts';
import type { WampMessage } from '../support/raw-client.ts';
import { realmRecord, sourceRecord } from '../support/security.ts';
import { AUDIENCE, Issuer, ISSUER } from './issuer.ts';
import { assertRefused, connect, enter, scratch, SHOP } from './shop.ts';

async function start(t: TestContext): Promise<SecurityNode> {
  const authorities = join(scratch(t), 'authorities.pem');
  writeFileSync(authorities, FIRST.cert);
  const environment = { NODE_EXTRA_CA_CERTS: authorities };
  const node = new Folder(t).node('data', { 'shutdown.grace_period': '100ms' }, environment);
  await node.start();
  return node;
}

async function open(node: SecurityNode, realm: string, uri: string): Promise<void> {
  const oauth2 = { issuer: ISSUER, audience: AUDIENCE, jwks_uri: uri };
  const methods = { authmethods: ['oauth2'], securityEnabled: true };
  await node.commit([
    realmRecord(realm, { ...methods, info: { oauth2 } }),
    sourceRecord(realm, 'all', 'oauth2'),
  ]);
}

async function show(
  t: TestContext,
  node: SecurityNode,
  token: string,
  realm = SHOP,
): Promise<WampMessage> {
  const proof = { prove: () => ({ signature: token }) };
  return enter(await connect(t, node), 'oauth2', { realm, authid: undefined }, proof);
}

test('a token is checked by keys that are fetched once, and again when the issuer has a new one', async (t) => {
  const node = await start(t);
  const issuer = new Issuer();
  await open(node, SHOP, await issuer.serve(t));
  for (let i = 0; i < 3; i++) {
    assert.equal((await show(t, node, issuer.token()))[0], wamp.WELCOME);
  }
  assert.equal(issuer.asked, 1);
  assertRefused(await show(t, node, new Issuer().token()));
  // Tokens of keys that nobody has do not make the node ask each time.
  for (let i = 0; i < 5; i++) assertRefused(await show(t, node, new Issuer(`key-${i}`).token()));
  assert(issuer.asked <= 2, `asked ${issuer.asked} times`);
});

test('keys of who cannot prove to be the issuer are not taken, and nor is a token then', async (t) => {
  const node = await start(t);
  const impostor = new Issuer();
  await open(node, SHOP, await impostor.serve(t, SECOND));
  assertRefused(await show(t, node, impostor.token()), 'wamp.error.unavailable');
  const plain = (await impostor.serve(t)).replace('https:', 'http:');
  await open(node, 'com.example.plain', plain);
  const answer = await show(t, node, impostor.token(), 'com.example.plain');
  assertRefused(answer, 'wamp.error.no_matching_auth_method');
  assert.equal(impostor.asked, 0);
});
