/** Guessing is slowed down, for names that exist and for those that do not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NOT_PROVEN } from '../../../actors/security/entrance.ts';
import { Lockout, LOCKOUT_DEFAULTS } from '../../../actors/security/lockout.ts';
import type { LockoutConfig } from '../../../actors/security/lockout.ts';
import { craSignature, Door, stored, user } from './methods/support.ts';

const CONFIG: LockoutConfig = {
  ...LOCKOUT_DEFAULTS,
  maxPerAddress: 3,
  maxPerUser: 5,
  firstWaitMs: 100,
  maxWaitMs: 1_000,
  forgetAfterMs: 10_000,
  maxEntries: 10,
};
const WHO = { realm: 'r', address: '192.0.2.1', authid: 'joe' };

function lockout(config: Partial<LockoutConfig> = {}): Lockout {
  return new Lockout(() => ({ ...CONFIG, ...config }));
}

function fail(under: Lockout, times: number, who = WHO, now = 0): void {
  for (let i = 0; i < times; i++) assert(under.begin(who, now), `failure ${i + 1} may happen`);
}

describe('lockout', () => {
  test('after some failures of an address the next attempt waits, twice as long each time', () => {
    const under = lockout();
    fail(under, 3);
    assert(!under.begin(WHO, 0));
    assert(!under.begin(WHO, 99));
    assert(under.begin(WHO, 100));
    assert(!under.begin(WHO, 299));
    assert(under.begin(WHO, 300));
    for (let now = 400, left = 20; left > 0; left--, now += 1_000) {
      assert(under.begin({ ...WHO, authid: `u${left}` }, now + 300), 'the longest wait is bounded');
    }
  });

  test('a user is locked for all addresses, later', () => {
    const under = lockout();
    for (let i = 1; i <= 5; i++) fail(under, 1, { ...WHO, address: `192.0.2.${i}` });
    assert(!under.begin({ ...WHO, address: '192.0.2.99' }, 0));
    assert(under.begin({ ...WHO, address: '192.0.2.99', authid: 'ann' }, 0));
    assert(under.begin({ ...WHO, realm: 'other', address: '192.0.2.99' }, 0));
  });

  test('another spelling of the name and another address of the same /64 are the same', () => {
    const under = lockout({ maxPerAddress: 5, maxPerUser: 3 });
    fail(under, 2);
    fail(under, 1, { ...WHO, authid: 'JOE' });
    assert(!under.begin({ ...WHO, address: '198.51.100.1' }, 0));
    const six = lockout();
    for (let i = 1; i <= 3; i++) {
      fail(six, 1, { ...WHO, authid: `u${i}`, address: `2001:db8::${i}` });
    }
    assert(!six.begin({ ...WHO, address: '2001:db8::4' }, 0));
    assert(six.begin({ ...WHO, address: '2001:db8:0:1::4' }, 0));
  });

  test('success forgives the user, and the address no more than the attempt itself', () => {
    const under = lockout();
    fail(under, 2);
    assert(under.begin({ ...WHO, authid: 'mine' }, 0));
    under.succeeded({ ...WHO, authid: 'mine' });
    assert(under.begin(WHO, 0), 'the third failure');
    assert(!under.begin(WHO, 0));
  });

  test('an attempt this node could not judge counts for nothing', () => {
    const under = lockout();
    for (let i = 0; i < 100; i++) {
      assert(under.begin(WHO, 0));
      under.undecided(WHO);
    }
    assert.equal(under.size, 0);
  });

  test('it forgets', () => {
    const under = lockout();
    fail(under, 3);
    assert(!under.isLocked(WHO, 10_000));
    fail(under, 3, WHO, 10_000);
  });

  test('switched off, nobody waits', () => {
    const under = lockout({ enabled: false });
    fail(under, 1_000);
    assert.equal(under.size, 0);
  });

  test('however many guess, the table stays bounded', () => {
    const address = fc.nat(255).map((n) => `192.0.2.${n}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(address, fc.string(), fc.nat(5_000))), (attempts) => {
        const under = lockout();
        let now = 0;
        for (const [address, authid, after] of attempts) {
          now += after;
          under.begin({ realm: 'r', address, authid }, now);
          assert(under.size <= CONFIG.maxEntries);
        }
      }),
    );
  });
});

describe('an attempt', () => {
  const hello = { authid: 'joe', authmethods: ['wampcra'] };

  test('that must wait is refused in the same words, even with the right password', async () => {
    const here = new Door();
    here.policy.add(user('joe', { password: await stored('pencil') }));
    for (let i = 0; i < 20; i++) assert.equal(await here.enter(hello), NOT_PROVEN);
    const right = await here.enter(hello, (c) => ({ signature: craSignature('pencil', c) }));
    assert.deepEqual(right, NOT_PROVEN);
    assert.equal(here.counted.at(-1), 'authentications_locked_out');
    here.now += 1_000;
    const later = await here.enter(hello, (c) => ({ signature: craSignature('pencil', c) }));
    assert.equal(later.kind, 'welcome');
  });

  test('a thousand challenges taken beforehand are not a thousand guesses', () => {
    const here = new Door();
    const attempts = Array.from({ length: 1_000 }, () => here.attempt());
    for (const attempt of attempts) attempt.begin({ ...hello, authextra: {} });
    here.crypto.calls = [];
    for (const attempt of attempts) assert.deepEqual(attempt.answer('AAAA', {}), NOT_PROVEN);
    assert.equal(here.crypto.calls.filter((call) => call === 'equal').length, 20);
  });
});
