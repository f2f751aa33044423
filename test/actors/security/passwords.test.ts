/** What is kept of a password: verifiers with salts of their own, and never the password. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Passwords } from '../../../actors/security/passwords.ts';
import type { Made, Verified } from '../../../actors/security/passwords.ts';
import { readPhc, writePhc } from '../../../actors/security/phc.ts';
import type { PasswordOptions, StoredPassword } from '../../../actors/security/records.ts';
import { ThreadPoolDeriver } from '../../../runtime/crypto/derivation.ts';
import { primitives } from '../../../runtime/crypto/primitives.ts';
import { OPTIONS } from './methods/support.ts';

const passwords = new Passwords({
  crypto: primitives,
  deriver: new ThreadPoolDeriver(() => ({ concurrency: 2, maxWaiting: 100 })),
  limits: () => ({ minLength: 6, maxLength: 254 }),
});
const SALT = new Uint8Array(16).fill(1);

function make(password: string, options: PasswordOptions = OPTIONS): Promise<Made> {
  return new Promise((resolve) => passwords.make(password, options, resolve));
}

async function made(password: string, options: PasswordOptions = OPTIONS): Promise<StoredPassword> {
  const result = await make(password, options);
  assert(result.kind === 'made', JSON.stringify(result));
  return result.stored;
}

function verify(password: string, stored: StoredPassword | undefined): Promise<Verified> {
  return new Promise((resolve) => passwords.verify(password, stored, OPTIONS, SALT, resolve));
}

describe('making', () => {
  test('derives the protocols that are asked for and no other', async () => {
    for (const protocol of ['hash', 'scram', 'cra'] as const) {
      const stored = await made('pencil', { ...OPTIONS, protocols: [protocol] });
      const present = Object.entries(stored).filter(([, verifier]) => verifier !== null);
      assert.deepEqual(
        present.map(([name]) => name),
        [protocol],
      );
      assert.equal(await verify('pencil', stored), 'right');
      assert.equal(await verify('pencil ', stored), 'wrong');
    }
  });

  test('gives each user and each verifier a salt of its own', async () => {
    const all = [await made('pencil'), await made('pencil')];
    const salts = all.flatMap(({ hash, scram, cra }) => [
      Buffer.from(readPhc(hash!)!.salt).toString('base64'),
      scram!.salt,
      cra!.salt,
    ]);
    assert.equal(new Set(salts).size, 6);
  });

  test('keeps no text of it', async () => {
    const stored = await made('a pass phrase of some length');
    assert(!JSON.stringify(stored).includes('pass phrase'));
    assert(!JSON.stringify(passwords).includes('pass phrase'));
  });

  for (const [password, why] of [
    ['short', 'less than 6'],
    ['x'.repeat(255), 'more than 254'],
    ['with\u0007bell', 'RFC 4013'],
    ['\u00ad'.repeat(9), 'RFC 4013'],
  ] as const) {
    test(`refuses ${JSON.stringify(password.slice(0, 12))} in words that do not repeat it`, async () => {
      const result = await make(password);
      assert(result.kind === 'unsuitable' && result.why.includes(why), JSON.stringify(result));
      assert(!result.why.includes(password));
    });
  }

  test('two spellings of one password are one (SASLprep), except for CRA', async () => {
    const stored = await made('pencil\u00aa');
    assert.equal(await verify('pencila', { ...stored, cra: null }), 'right');
    const cra = await made('pencil\u00aa', { ...OPTIONS, protocols: ['cra'] });
    assert.equal(await verify('pencila', cra), 'wrong');
  });
});

describe('verifying', () => {
  test('a password of nobody is wrong', async () => {
    assert.equal(await verify('pencil', undefined), 'wrong');
  });

  test('what cannot be hashed now is neither right nor wrong', async () => {
    const full = new Passwords({
      crypto: primitives,
      deriver: { derive: (_, deliver) => deliver({ kind: 'busy' }) },
      limits: () => ({ minLength: 6, maxLength: 254 }),
    });
    const stored = await made('pencil');
    const verified = await new Promise((resolve) =>
      full.verify('pencil', stored, OPTIONS, SALT, resolve),
    );
    assert.equal(verified, 'busy');
  });

  test('is current only with exactly what a new one would have', async () => {
    const stored = await made('pencil');
    assert(passwords.isCurrent(stored, OPTIONS));
    for (const other of [
      { protocols: ['hash'] },
      { iterations: 5000 },
      { memory: 128 },
      { passes: 2 },
      { scramKdf: 'argon2id13' },
    ] as const) {
      assert(!passwords.isCurrent(stored, { ...OPTIONS, ...other }), JSON.stringify(other));
    }
  });
});

test('a stored hash that is damaged or asks for too much is read as none', () => {
  const hash = writePhc({ memory: 64, passes: 1, salt: SALT, hash: new Uint8Array(32) });
  assert.deepEqual(readPhc(hash)?.memory, 64);
  for (const wrong of [
    '',
    hash.replace('argon2id', 'argon2i'),
    hash.replace('v=19', 'v=16'),
    hash.replace('m=64', 'm=99999999'),
    hash.replace('m=64', 'm=1'),
    hash.replace('t=1', 't=0'),
    hash.replace('p=1', 'p=8'),
    `${hash}$`,
  ]) {
    assert.equal(readPhc(wrong), undefined, wrong);
  }
});
