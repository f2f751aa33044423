/** The vectors of the specification (test/vectors/wamp-auth/ORIGIN.md) against the shipped methods. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Cryptosign } from '../../../../actors/security/methods/cryptosign.ts';
import { authMessage, gs2, verifyProof } from '../../../../actors/security/methods/scram.ts';
import { Passwords } from '../../../../actors/security/passwords.ts';
import { ThreadPoolDeriver } from '../../../../runtime/crypto/derivation.ts';
import { fromBase64, fromHex, toBase64, toHex, utf8 } from '../../../../runtime/crypto/encoding.ts';
import { ed25519Signer, primitives } from '../../../../runtime/crypto/primitives.ts';
import { PROJECT_ROOT } from '../../../support/project.ts';
import { OPTIONS, TRANSPORT, user } from './support.ts';

const VECTORS = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'test/vectors/wamp-auth/auth-vectors.json'), 'utf8'),
);

const limits = { concurrency: 2, maxWaiting: 10 };
const deriver = new ThreadPoolDeriver(() => limits);

describe('cryptosign', () => {
  test('there are six vectors', () => assert.equal(VECTORS.cryptosign.vectors.length, 6));

  for (const [i, vector] of VECTORS.cryptosign.vectors.entries()) {
    const bound = vector.channel_id === null ? 'without' : 'with';
    test(`signature ${i + 1}, ${bound} a channel, opens the session and no other`, () => {
      const signer = ed25519Signer(fromHex(vector.private_key, 32)!);
      const key = toHex(signer.publicKey);
      const method = (challenge: string): Cryptosign => {
        const crypto = { ...primitives, random: () => fromHex(challenge, 32)! };
        return new Cryptosign(
          { crypto, deriver, secret: new Uint8Array(32), wall: () => 0, report: () => {} },
          {
            realm: 'r',
            authid: 'joe',
            user: user('joe', { authorizedKeys: [key] }),
            password: OPTIONS,
            authextra: {
              pubkey: key,
              channel_binding: vector.channel_id === null ? null : 'tls-exporter',
            },
            sessionId: 1,
            transport: { ...TRANSPORT, channel: () => fromHex(vector.channel_id, 32) },
          },
          undefined,
        );
      };
      const right = method(vector.challenge);
      assert.equal(right.begin().kind, 'challenge');
      assert.equal(right.answer(vector.signature).kind, 'proven');
      // A recorded answer to another challenge.
      const other = method('00'.repeat(32));
      assert.equal(other.begin().kind, 'challenge');
      assert.equal(other.answer(vector.signature).kind, 'failed');
    });
  }
});

describe('scram', () => {
  const { password, salt, iterations, proof, verifier, authid, clientNonce, nonce } = VECTORS.scram;
  const salted = (): Promise<Uint8Array> =>
    new Promise((resolve) =>
      deriver.derive(
        {
          kdf: { kind: 'pbkdf2', iterations },
          password: utf8(password),
          salt: fromBase64(salt, 64)!,
          length: 32,
        },
        (derived) => resolve(derived.kind === 'key' ? derived.key : new Uint8Array()),
      ),
    );
  const passwords = new Passwords({
    crypto: primitives,
    deriver,
    limits: () => ({ minLength: 3, maxLength: 254 }),
  });

  test('the exchange of RFC 7677 is proven both ways', async () => {
    const channel = gs2(undefined, undefined);
    assert.equal(channel, 'biws');
    const message = authMessage({ authid, clientNonce, nonce, salt, iterations, channel });
    const keys = passwords.scramKeys(await salted());
    const answer = verifyProof(primitives, keys, proof, message);
    assert.equal(answer && toBase64(answer), verifier);
    assert.equal(verifyProof(primitives, keys, proof, message.replace('user', 'admin')), undefined);
  });

  test('names are escaped', () => {
    const of = {
      authid: 'a=b,c',
      clientNonce: '',
      nonce: '',
      salt: '',
      iterations: 1,
      channel: '',
    };
    assert.match(authMessage(of), /^n=a=3Db=2Cc,r=/);
  });
});
