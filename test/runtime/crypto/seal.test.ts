import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { it } from 'node:test';
import { sealerOf } from '../../../runtime/crypto/seal.ts';
import type { Sealer } from '../../../runtime/crypto/seal.ts';
import { makeSigningKey } from '../../../runtime/crypto/signing-key.ts';

function sealer(byte = 1): Sealer {
  const made = sealerOf(new Uint8Array(32).fill(byte));
  assert(typeof made !== 'string', 'a key of 32 bytes is one');
  return made;
}

it('what was sealed is opened with the same key for the same purpose, and shows nothing', () => {
  const sealed = sealer().seal('{"d":"private"}', 'realm key a k1');
  assert.equal(sealer().open(sealed, 'realm key a k1'), '{"d":"private"}');
  assert(!Buffer.from(sealed, 'base64url').includes('private'));
  assert.notEqual(sealed, sealer().seal('{"d":"private"}', 'realm key a k1'), 'each time another');
});

it('what was sealed with another key, for another purpose, or altered anywhere is not opened', () => {
  const sealed = sealer().seal('secret', 'realm key a k1');
  assert.equal(sealer(2).open(sealed, 'realm key a k1'), undefined);
  assert.equal(sealer().open(sealed, 'realm key b k1'), undefined);
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    const altered = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
    const isSame = Buffer.from(altered.slice(3), 'base64url').equals(
      Buffer.from(sealed.slice(3), 'base64url'),
    );
    if (at >= 3 && isSame) continue; // bits of base64 that stand for nothing
    assert.equal(sealer().open(altered, 'realm key a k1'), undefined, `at ${at}`);
  }
  for (const length of [0, 1, 3, 10, 40, sealed.length - 1]) {
    assert.equal(sealer().open(sealed.slice(0, length), 'realm key a k1'), undefined);
  }
});

it('a key file that is too short is refused in words', () => {
  assert.match(String(sealerOf(new Uint8Array(31))), /31 bytes, and needs 32/);
});

it('a signing key signs what its public half verifies', () => {
  const { kid, publicKey, privateKey } = makeSigningKey();
  const jwk = JSON.parse(publicKey) as Record<string, string>;
  assert.deepEqual(
    [jwk['kid'], jwk['crv'], jwk['alg'], jwk['d']],
    [kid, 'P-256', 'ES256', undefined],
  );
  const key = createPrivateKey({ key: JSON.parse(privateKey) as never, format: 'jwk' });
  const signature = sign('sha256', Buffer.from('text'), key);
  const known = createPublicKey({ key: jwk as never, format: 'jwk' });
  assert(verify('sha256', Buffer.from('text'), known, signature));
});
