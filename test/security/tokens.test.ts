/** Tokens of another issuer (RFC 7519, RFC 8725): what a session of a real node is opened with, and what none is. */
import assert from 'node:assert/strict';

import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Dict } from '../../runtime/wamp/message.ts';
import * as wamp from '../support/codes.ts';
import type { WampMessage } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { grantRecord, realmRecord, sourceRecord, userRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { AUDIENCE, Issuer, ISSUER } from './issuer.ts';
import type { Token } from './issuer.ts';
import { assertRefused, connect, enter, put, SHOP, UNHURRIED } from './shop.ts';

const issuer = new Issuer();
const stranger = new Issuer();
const OTHER = 'com.example.other';
let node: NodeHandle;

function oauth2(of: object): Dict {
  return { oauth2: { issuer: ISSUER, audience: AUDIENCE, role_claim: 'roles', ...of } as Dict };
}

before(async () => {
  node = await startTestNode({ ...UNHURRIED, 'shutdown.grace_period': '100ms' });
  const jwks = issuer.keySet;
  const methods = { authmethods: ['oauth2'], securityEnabled: true };
  await put(node, [
    realmRecord(SHOP, { ...methods, info: oauth2({ jwks }) }),
    sourceRecord(SHOP, 'all', 'oauth2'),
    userRecord(SHOP, 'disabled', { enabled: false }),
    { kind: 'group', held: true, at: 0, since: 0, realm: SHOP, name: 'staff', meta: {} },
    grantRecord(SHOP, 'group/staff', 'wamp.subscribe', 'com.example.', 'prefix'),
    realmRecord(OTHER, { ...methods, info: oauth2({ jwks, audience: OTHER }) }),
    sourceRecord(OTHER, 'all', 'oauth2'),
  ]);
});

after(async () => {
  await node.stop();
  assert.deepEqual(node.crashes(), []);
});

async function show(
  t: TestContext,
  token: string,
  said: { readonly realm?: string; readonly authid?: string } = {},
): Promise<WampMessage> {
  const proof = { prove: () => ({ signature: token }) };
  const client = await connect(t, node);
  const authid = 'authid' in said ? said.authid : undefined;
  const answer = await enter(client, 'oauth2', { ...said, authid }, proof);
  if (answer[0] === wamp.WELCOME) await client.subscribe('com.example.t');
  return answer;
}

test('a token of the issuer opens a session with the groups that it names', async (t) => {
  const [type, , details] = await show(t, issuer.token());
  assert.equal(type, wamp.WELCOME);
  assert.equal(dict(details)['authid'], 'alice');
  assert.equal(dict(details)['authmethod'], 'oauth2');
});

const ago = Math.floor(Date.now() / 1000) - 3_600;

const WRONG: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'no token': 'alice',
  'three dots': '...',
  'a token without a signature': `${issuer.unsigned({ header: { alg: 'none' } })}.`,
  'a token of algorithm None': `${issuer.unsigned({ header: { alg: 'None' } })}.`,
  'a token whose signature was cut off': `${issuer.unsigned()}.`,
  'a token signed with the public key as a shared secret': issuer.confused(),
  'a token of a stranger with the same key id': stranger.token(),
  'a token that brings its key along': stranger.token({ header: { jwk: stranger.keySet.keys[0] } }),
  'a token that says where its keys are': stranger.token({
    header: { jku: 'https://localhost:1/keys', x5u: 'https://localhost:1/keys' },
  }),
  'a token whose key id is a path': stranger.token({ header: { kid: '../../../../dev/null' } }),
  'a token with a critical extension': issuer.token({
    header: { crit: ['x-unknown'], 'x-unknown': true },
  }),
  'a token of a key of another kind': issuer.unsigned({ header: { alg: 'RS256' } }) + '.AAAA',
  'a token that has expired': issuer.token({ claims: { exp: ago } }),
  'a token that never expires': issuer.token({ claims: { exp: undefined } }),
  'a token whose expiry is no number': issuer.token({ claims: { exp: '9999999999' } }),
  'a token that is not valid yet': issuer.token({ claims: { nbf: ago + 7_200 } }),
  'a token of another issuer': issuer.token({ claims: { iss: 'https://evil.example' } }),
  'a token for another audience': issuer.token({ claims: { aud: OTHER } }),
  'a token for nobody': issuer.token({ claims: { aud: undefined } }),
  'a token about nobody': issuer.token({ claims: { sub: undefined } }),
  'a token about an empty name': issuer.token({ claims: { sub: '' } }),
  'a token about a list of names': issuer.token({ claims: { sub: ['alice'] } }),
  'a token about a reserved name': issuer.token({ claims: { sub: 'anonymous' } }),
  'a token about a name that is not seen': issuer.token({ claims: { sub: 'alice\u200b' } }),
  'a token about a user that is disabled': issuer.token({ claims: { sub: 'disabled' } }),
  'a token that is too long': issuer.token({ claims: { more: 'x'.repeat(20_000) } }),
};

describe('no session is opened by', () => {
  for (const [what, token] of Object.entries(WRONG)) {
    test(what, async (t) => assertRefused(await show(t, token)));
  }

  test('a token with another payload under the same signature', async (t) => {
    const [header, , signature] = issuer.token().split('.');
    const [, payload] = issuer.unsigned({ claims: { sub: 'admin' } }).split('.');
    assertRefused(await show(t, `${header}.${payload}.${signature}`));
  });

  test('a token about somebody else than HELLO says', async (t) => {
    assertRefused(await show(t, issuer.token(), { authid: 'bobby' }));
  });

  test('a token for another realm of the same issuer', async (t) => {
    const forOther: Token = { claims: { aud: OTHER } };
    assertRefused(await show(t, issuer.token(), { realm: OTHER }));
    const client = await connect(t, node);
    const proof = { prove: () => ({ signature: issuer.token(forOther) }) };
    const said = { realm: OTHER, authid: undefined };
    assert.equal((await enter(client, 'oauth2', said, proof))[0], wamp.WELCOME);
  });
});

test('groups of a token count as they are, and reserved ones do not', async (t) => {
  for (const roles of [['all'], ['anonymous'], ['staff\u200b'], [7], 'other', { staff: true }]) {
    const client = await connect(t, node);
    const proof = { prove: () => ({ signature: issuer.token({ claims: { roles } }) }) };
    const said = { authid: undefined };
    assert.equal((await enter(client, 'oauth2', said, proof))[0], wamp.WELCOME);
    const request = client.request(wamp.SUBSCRIBE, {}, 'com.example.t');
    await client.expectError(wamp.SUBSCRIBE, request, 'wamp.error.not_authorized');
  }
});
