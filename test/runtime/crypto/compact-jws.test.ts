/** Signed texts: what is taken for genuine, and every other way of making one. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { compactJws } from '../../../runtime/crypto/compact-jws.ts';
import { makeSigningKey } from '../../../runtime/crypto/signing-key.ts';

const jws = compactJws('ticket+jwt');
const key = makeSigningKey();
const claims = { id: '1', authid: 'ann' };
const text = jws.sign(claims, key);
const [header, payload, signature] = text.split('.') as [string, string, string];

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const accepted = (given: string): boolean => jws.read(given)?.isSignedBy(key.publicKey) === true;

describe('a signed text', () => {
  it('says what was signed and by which key', () => {
    const read = jws.read(text);
    assert.deepEqual([read?.kid, read?.claims], [key.kid, claims]);
    assert(accepted(text));
  });

  it('is not genuine by another key, whatever kid it names', () => {
    const other = makeSigningKey();
    assert(!accepted(jws.sign(claims, { ...other, kid: key.kid })));
    assert(!jws.read(text)!.isSignedBy('{"kty":"EC"}'));
    assert(!jws.read(text)!.isSignedBy('no JSON'));
  });

  it('is not genuine when a claim or the header is another', () => {
    assert(!accepted(`${header}.${encode({ ...claims, authid: 'bob' })}.${signature}`));
    const typ = { alg: 'ES256', typ: 'ticket+jwt', kid: 'other' };
    assert(!accepted(`${encode(typ)}.${payload}.${signature}`));
  });

  for (const [what, change] of Object.entries({
    'no algorithm': { alg: 'none' },
    'no algorithm in capitals': { alg: 'NONE' },
    'a shared secret': { alg: 'HS256' },
    'another curve': { alg: 'ES384' },
    'another kind of text': { typ: 'JWT' },
    'a key of its own': { jwk: JSON.parse(key.publicKey) as unknown },
    'a place to get a key': { jku: 'https://example.com/keys' },
    'something critical': { crit: ['exp'], exp: 1 },
    'no kid': { kid: undefined },
    'a kid that is no text': { kid: 7 },
  })) {
    it(`is not read with ${what} in its header`, () => {
      const changed = encode({ alg: 'ES256', typ: 'ticket+jwt', kid: key.kid, ...change });
      const hmac = createHmac('sha256', key.publicKey).update(`${changed}.${payload}`);
      for (const end of ['', signature, hmac.digest('base64url')]) {
        assert.equal(jws.read(`${changed}.${payload}.${end}`), undefined);
      }
    });
  }

  it('is not read when it has other parts, padding, stray bits or no claims', () => {
    const short = Buffer.from(signature, 'base64url').subarray(1).toString('base64url');
    for (const wrong of [
      ...['', '.', '..', '...', header, `${header}.${payload}`, `${text}.${signature}`],
      ...[`${text}=`, `${text}\n`, ` ${text}`, `${header}.${payload}.`, `${header}..${signature}`],
      ...[`${header}.${payload}.${short}`, `${header}.${payload}.${encode('x'.repeat(65))}`],
      ...['[]', '1', 'null', '"x"', '{', '\u0000'].map(
        (c) => `${header}.${encode(c)}.${signature}`,
      ),
      `${header}.${payload}.${signature.slice(0, -1)}${signature.endsWith('B') ? 'C' : 'B'}`,
      'x'.repeat(20_000),
    ]) {
      assert.equal(jws.read(wrong), undefined, wrong.slice(0, 100));
    }
  });

  it('is not genuine by a key of another curve or in another form of signature', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const jwk = JSON.stringify(pair.publicKey.export({ format: 'jwk' }));
    assert(!jws.read(text)!.isSignedBy(jwk));
    const der = sign('sha256', Buffer.from(`${header}.${payload}`), {
      key: JSON.parse(key.privateKey) as object,
      format: 'jwk',
    } as never);
    assert.equal(jws.read(`${header}.${payload}.${der.toString('base64url')}`), undefined);
  });
});
