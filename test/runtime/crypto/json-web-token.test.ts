/** Tokens of other issuers, good and forged (RFC 7519, RFC 8725), and key sets that are slow, long or wrong. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { JwtChecker, TOKEN_ALGORITHMS } from '../../../runtime/crypto/json-web-token.ts';
import type { CheckedToken, TokenIssuer } from '../../../runtime/crypto/json-web-token.ts';

const NOW = Date.UTC(2026, 10, 25) / 1000;
const OURS = await generateKeyPair('ES256');
const THEIRS = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(OURS.publicKey)), kid: 'one', alg: 'ES256' };
const JWKS = { keys: [jwk] };
const ISSUER: TokenIssuer = {
  issuer: 'https://issuer.example',
  audience: ['wamp'],
  algorithms: TOKEN_ALGORITHMS,
  keys: { jwks: JWKS },
};
const CLAIMS = { sub: 'joe', iss: 'https://issuer.example', aud: 'wamp', exp: NOW + 60 };

function token(claims: JWTPayload = CLAIMS, key = OURS.privateKey, kid = 'one'): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(key);
}

function check(
  text: string,
  issuer: TokenIssuer = ISSUER,
  checker = new JwtChecker({ wall: () => NOW * 1000 }),
): Promise<CheckedToken> {
  return new Promise((resolve) => checker.check(issuer, text, resolve));
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('a token', () => {
  test('of the issuer is valid', async () => {
    const checked = await check(await token());
    assert.equal(checked.kind === 'valid' && checked.claims['sub'], 'joe');
  });

  const forged: Readonly<Record<string, () => Promise<string> | string>> = {
    'that expired': () => token({ ...CLAIMS, exp: NOW - 60 }),
    'that does not expire': () => token({ ...CLAIMS, exp: undefined }),
    'that is not valid yet': () => token({ ...CLAIMS, nbf: NOW + 600 }),
    'for somebody else': () => token({ ...CLAIMS, aud: 'http' }),
    'of another issuer': () => token({ ...CLAIMS, iss: 'https://evil.example' }),
    'signed with another key': () => token(CLAIMS, THEIRS.privateKey),
    'with a key nobody knows': () => token(CLAIMS, THEIRS.privateKey, 'two'),
    'without a signature': () => `${base64url({ alg: 'none' })}.${base64url(CLAIMS)}.`,
    'signed with the public key as a secret': () => {
      const signed = `${base64url({ alg: 'HS256', kid: 'one' })}.${base64url(CLAIMS)}`;
      const mac = createHmac('sha256', JSON.stringify(jwk)).update(signed).digest('base64url');
      return `${signed}.${mac}`;
    },
    'whose claims were exchanged': async () => {
      const [header, , signature] = (await token()).split('.');
      return `${header}.${base64url({ ...CLAIMS, sub: 'admin' })}.${signature}`;
    },
    'that is none': () => 'a.b.c',
    'that is empty': () => '',
    'that is longer than tokens are': () => 'a'.repeat(100_000),
  };
  for (const [what, make] of Object.entries(forged)) {
    test(`${what} is invalid`, async () => {
      assert.equal((await check(await make())).kind, 'invalid');
    });
  }

  test('of an algorithm the realm does not allow is invalid', async () => {
    const checked = await check(await token(), { ...ISSUER, algorithms: ['RS256'] });
    assert.equal(checked.kind, 'invalid');
  });
});

describe('a key set', () => {
  const uri = 'https://issuer.example/keys';
  const remote = { ...ISSUER, keys: { uri } };
  const answering = (answer: () => Promise<Response> | Response): [JwtChecker, string[]] => {
    const asked: string[] = [];
    const fetch = async (url: string | URL | Request): Promise<Response> => {
      asked.push(String(url));
      return answer();
    };
    return [
      new JwtChecker({ wall: () => NOW * 1000, fetch: fetch as typeof globalThis.fetch }),
      asked,
    ];
  };

  test('is fetched once for many tokens', async () => {
    const [checker, asked] = answering(() => Response.json(JWKS));
    const text = await token();
    const all = await Promise.all(Array.from({ length: 20 }, () => check(text, remote, checker)));
    assert(all.every(({ kind }) => kind === 'valid'));
    assert.equal((await check(text, remote, checker)).kind, 'valid');
    assert.deepEqual(asked, [uri]);
  });

  test('is not asked for again because of every stranger with an unknown key', async () => {
    const [checker, asked] = answering(() => Response.json(JWKS));
    for (let i = 0; i < 5; i++) {
      const text = await token(CLAIMS, THEIRS.privateKey, `unknown ${i}`);
      assert.equal((await check(text, remote, checker)).kind, 'invalid');
    }
    assert.equal(asked.length, 1);
  });

  const broken: Readonly<Record<string, () => Promise<Response> | Response>> = {
    'that is not there': () => new Response('', { status: 404 }),
    'that is no JSON': () => new Response('<html>'),
    'that is too long': () => new Response(`{"keys":["${'x'.repeat(300_000)}"]}`),
    'that cannot be reached': () => Promise.reject(new Error('connection refused')),
  };
  for (const [what, answer] of Object.entries(broken)) {
    test(`${what} makes tokens uncheckable, not valid`, async () => {
      const [checker] = answering(answer);
      assert.equal((await check(await token(), remote, checker)).kind, 'unavailable');
    });
  }

  test('is fetched over https only', async () => {
    const [checker, asked] = answering(() => Response.json(JWKS));
    const plain = { ...ISSUER, keys: { uri: 'http://issuer.example/keys' } };
    assert.equal((await check(await token(), plain, checker)).kind, 'unavailable');
    assert.deepEqual(asked, []);
  });
});
