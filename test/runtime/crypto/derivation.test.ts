/** Hashing passwords is bounded, and what it gives is what others get. */
import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { ThreadPoolDeriver } from '../../../runtime/crypto/derivation.ts';
import type { Derivation, Derived } from '../../../runtime/crypto/derivation.ts';

const PBKDF2: Derivation = {
  kdf: { kind: 'pbkdf2', iterations: 4096 },
  password: Buffer.from('pencil'),
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  length: 32,
};

function derive(deriver: ThreadPoolDeriver, of: Derivation): Promise<Derived> {
  return new Promise((resolve) => deriver.derive(of, resolve));
}

test('PBKDF2 and argon2id', async () => {
  const deriver = new ThreadPoolDeriver(() => ({ concurrency: 2, maxWaiting: 0 }));
  const known = pbkdf2Sync('pencil', PBKDF2.salt, 4096, 32, 'sha256');
  const derived = await derive(deriver, PBKDF2);
  assert(derived.kind === 'key' && known.equals(derived.key));
  // A vector of the reference implementation (phc-winner-argon2, src/test.c).
  const argon = await derive(deriver, {
    kdf: { kind: 'argon2id', memory: 65536, passes: 2 },
    password: Buffer.from('password'),
    salt: Buffer.from('somesalt'),
    length: 32,
  });
  assert.equal(
    argon.kind === 'key' && Buffer.from(argon.key).toString('hex'),
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  );
});

test('so many run at a time, so many wait in order, and the next is told at once', async () => {
  const running: (() => void)[] = [];
  let most = 0;
  const deriver = new ThreadPoolDeriver(
    () => ({ concurrency: 2, maxWaiting: 3 }),
    () =>
      new Promise((resolve) => {
        running.push(() => resolve(new Uint8Array(1)));
        most = Math.max(most, running.length);
      }),
  );
  const order: number[] = [];
  const all = Array.from({ length: 5 }, (_, i) =>
    derive(deriver, PBKDF2).then(() => order.push(i)),
  );
  assert.deepEqual(await derive(deriver, PBKDF2), { kind: 'busy' });
  assert.equal(deriver.waiting, 3);
  while (order.length < 5) {
    running.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(all);
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test('a failure is an answer, and the next has its turn', async () => {
  let calls = 0;
  const deriver = new ThreadPoolDeriver(
    () => ({ concurrency: 1, maxWaiting: 3 }),
    async () => {
      calls += 1;
      if (calls === 1) throw new Error('out of memory');
      return new Uint8Array(1);
    },
  );
  const first = derive(deriver, PBKDF2);
  const second = derive(deriver, PBKDF2);
  assert.deepEqual(await first, { kind: 'failed', why: 'out of memory' });
  assert.equal((await second).kind, 'key');
});
