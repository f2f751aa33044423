/** Which method is taken, and what a stranger cannot learn from it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Verdict } from '../../../../actors/security/api.ts';
import { NOT_PROVEN } from '../../../../actors/security/entrance.ts';
import { METHODS } from '../../../../actors/security/negotiation.ts';
import type { Dict } from '../../../../runtime/wamp/message.ts';
import {
  CLIENT_NONCE,
  craSignature,
  Door,
  realm,
  settled,
  stored,
  TRANSPORT,
  user,
} from './support.ts';

const PENCIL = await stored('pencil');

const EXTRA: Dict = { nonce: CLIENT_NONCE, pubkey: 'ab'.repeat(32) };

function begin(here: Door, authmethods: readonly string[], authid = 'joe'): Verdict {
  return here.attempt().begin({ authid, authmethods, authextra: EXTRA });
}

function method(verdict: Verdict): string | undefined {
  return verdict.kind === 'challenge' ? verdict.method : undefined;
}

function reason(verdict: Verdict): string | undefined {
  return verdict.kind === 'refused' ? verdict.reason : undefined;
}

describe('the order', () => {
  test('the first of the client that the realm offers is taken; unknown ones are skipped', () => {
    const here = new Door();
    here.policy.add(user('joe', { password: PENCIL, authorizedKeys: ['ab'.repeat(32)] }));
    assert.equal(method(begin(here, ['x', 'cookie', 'cryptosign', 'wampcra'])), 'cryptosign');
    assert.equal(method(begin(here, ['wampcra', 'cryptosign'])), 'wampcra');
    here.policy.realm_ = realm({ authmethods: ['cryptosign'] });
    assert.equal(method(begin(here, ['wampcra', 'cryptosign'])), 'cryptosign');
    assert.equal(reason(begin(here, ['wampcra'])), 'wamp.error.no_matching_auth_method');
    assert.equal(reason(begin(here, [])), 'wamp.error.no_matching_auth_method');
  });

  test('a method the user has something for comes before one it has not', () => {
    const here = new Door();
    here.policy.add(user('joe', { authorizedKeys: ['ab'.repeat(32)] }));
    assert.equal(method(begin(here, ['wampcra', 'cryptosign'])), 'cryptosign');
  });

  test('a method that sources allow from here comes before one they do not', () => {
    const here = new Door();
    here.policy.add(user('joe', { password: PENCIL }));
    here.policy.sources = (_user, address) =>
      address === TRANSPORT.peer.address ? ['wamp-scram'] : [];
    assert.equal(method(begin(here, ['wampcra', 'scram'])), 'scram');
  });

  test('both spellings of scram are one method, answered as it was asked', () => {
    const here = new Door();
    here.policy.add(user('joe', { password: PENCIL }));
    here.policy.realm_ = realm({ authmethods: ['scram'] });
    assert.equal(method(begin(here, ['wamp-scram'])), 'wamp-scram');
    assert.equal(method(begin(here, ['scram'])), 'scram');
  });
});

describe('who may not come in', () => {
  const hello = { authid: 'joe', authmethods: ['wampcra'] };
  const prove = (challenge: Dict): { signature: string } => ({
    signature: craSignature('pencil', challenge),
  });
  const open = (): Door => {
    const here = new Door();
    here.policy.add(user('joe', { password: PENCIL }));
    return here;
  };

  test('from an address that no source allows the right password opens nothing', async () => {
    const here = open();
    here.policy.sources = () => [];
    assert.equal(await here.enter(hello, prove), NOT_PROVEN);
  });

  test('a source that is withdrawn during the challenge counts', async () => {
    const here = open();
    const verdict = await here.enter(hello, (challenge) => {
      here.policy.sources = () => [];
      return prove(challenge);
    });
    assert.equal(verdict, NOT_PROVEN);
  });

  test('a user that is disabled, or will be during the challenge', async () => {
    const here = open();
    const disabled = user('joe', { password: PENCIL, enabled: false });
    const late = await here.enter(hello, (challenge) => {
      here.policy.add(disabled);
      return prove(challenge);
    });
    assert.equal(late, NOT_PROVEN);
    assert.equal(await here.enter(hello, prove), NOT_PROVEN);
  });

  test('a realm that takes no connections, or will not by then', async () => {
    const here = open();
    const closed = realm({ allowConnections: false });
    const late = await here.enter(hello, (challenge) => {
      here.policy.realm_ = closed;
      return prove(challenge);
    });
    assert.equal(reason(late), 'wamp.error.authentication_failed');
    assert.equal(reason(begin(here, ['wampcra'])), 'wamp.error.authentication_failed');
  });

  test('where security is disabled nobody is somebody', async () => {
    const here = open();
    here.policy.realm_ = realm({ securityEnabled: false });
    assert.equal(reason(begin(here, ['wampcra'])), 'wamp.error.authentication_failed');
    const verdict = await here.enter({ authmethods: ['anonymous'] });
    assert.equal(verdict.kind, 'welcome');
  });

  test('without a name there is nobody to prove', () => {
    const verdict = open()
      .attempt()
      .begin({
        authid: undefined,
        authmethods: ['wampcra'],
        authextra: {},
      });
    assert.equal(reason(verdict), 'wamp.error.no_such_principal');
    assert.equal(reason(begin(open(), ['wampcra'], 'anonymous')), 'wamp.error.no_such_principal');
  });

  test('a realm that is not there', () => {
    assert.equal(new Door().authenticator.attempt('com.other', TRANSPORT, 1), undefined);
  });
});

describe('roles', () => {
  const prove = (challenge: Dict): { signature: string } => ({
    signature: craSignature('pencil', challenge),
  });
  const enter = async (authroles: readonly string[] | undefined): Promise<Verdict> => {
    const here = new Door();
    here.policy.add(user('joe', { password: PENCIL }));
    return here.enter({ authid: 'joe', authmethods: ['wampcra'], authroles }, prove);
  };

  test('one group, several, or all of them', async () => {
    const as = async (authroles: readonly string[] | undefined): Promise<unknown> => {
      const verdict = await enter(authroles);
      assert.equal(verdict.kind, 'welcome');
      if (verdict.kind !== 'welcome') return undefined;
      const { authrole, authextra, subject } = verdict.principal;
      return [authrole, authextra['x_authroles'], subject?.groups];
    };
    assert.deepEqual(await as(undefined), ['default', undefined, undefined]);
    assert.deepEqual(await as(['Night']), ['night', undefined, ['night']]);
    assert.deepEqual(await as(['night', 'staff']), [
      'default',
      ['night', 'staff'],
      ['night', 'staff'],
    ]);
  });

  test('a group of others cannot be chosen, and asking for it is no guess', async () => {
    const here = new Door();
    here.policy.add(user('joe', { password: PENCIL }));
    for (let i = 0; i < 50; i++) {
      const authroles = ['admin'];
      const verdict = await here.enter(
        { authid: 'joe', authmethods: ['wampcra'], authroles },
        prove,
      );
      assert.equal(reason(verdict), 'wamp.error.no_such_role');
    }
  });
});

describe('a name that does not exist', () => {
  /** Everything but what is random anyway. */
  const shape = (verdict: Verdict): unknown => {
    if (verdict.kind !== 'challenge') return verdict;
    const { extra } = verdict;
    const types = Object.entries(extra).map(([name, value]) => [name, typeof value, length(value)]);
    return [verdict.method, types, extra['iterations'], extra['kdf'], extra['keylen']];
  };
  const length = (value: unknown): number =>
    typeof value === 'string' ? value.replace(/"authid":"[^"]*"/, '').length : 0;

  for (const authmethod of ['password', 'wampcra', 'wamp-scram', 'cryptosign', 'ticket']) {
    test(`${authmethod} asks it, does the same work, and says the same`, async () => {
      const tried = [];
      const tickets = {
        check: (_of: object, deliver: (checked: { kind: 'invalid' }) => void) =>
          deliver({ kind: 'invalid' }),
      };
      for (const authid of ['joe', 'poor', 'gone', 'nobody']) {
        const here = new Door({ tickets });
        here.policy.add(user('joe', { password: PENCIL, authorizedKeys: ['ab'.repeat(32)] }));
        here.policy.add(user('poor'));
        here.policy.add(user('gone', { password: PENCIL, enabled: false }));
        const attempt = here.attempt();
        const first = attempt.begin({ authid, authmethods: [authmethod], authextra: EXTRA });
        const extra = first.kind === 'challenge' ? { nonce: first.extra['nonce'] ?? '' } : {};
        const signature = authmethod === 'cryptosign' ? 'ab'.repeat(96) : 'AAAA';
        const last = await settled(attempt.answer(signature, extra));
        tried.push([shape(first), last, here.crypto.calls, here.counted]);
      }
      assert.deepEqual(tried[1], tried[0], 'one without anything');
      assert.deepEqual(tried[2], tried[0], 'one that is disabled');
      assert.deepEqual(tried[3], tried[0], 'one that does not exist');
    });
  }

  test('it is asked with the same salt each time, and others with others', () => {
    const here = new Door();
    const salt = (authid: string): unknown => {
      const verdict = begin(here, ['wampcra'], authid);
      return verdict.kind === 'challenge' && verdict.extra['salt'];
    };
    assert.equal(salt('nobody'), salt('nobody'));
    assert.notEqual(salt('nobody'), salt('nobody2'));
  });
});

test('whatever a client sends, only a proof opens a session, and nothing throws', async () => {
  const here = new Door();
  here.config = { ...here.config, lockout: { ...here.config.lockout, enabled: false } };
  here.policy.realm_ = realm({ authmethods: METHODS.filter((name) => name !== 'trust') });
  here.policy.add(user('joe', { password: PENCIL, authorizedKeys: ['ab'.repeat(32)] }));
  const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean());
  const dict = fc.dictionary(
    fc.oneof(
      fc.constantFrom('nonce', 'pubkey', 'challenge', 'channel_binding', 'cbind_data'),
      fc.string(),
    ),
    fc.oneof(value, fc.constantFrom(CLIENT_NONCE, 'ab'.repeat(32), 'tls-unique')),
  );
  const methods = fc.array(
    fc.constantFrom(...METHODS.filter((name) => name !== 'anonymous'), 'scram', 'x'),
  );
  await fc.assert(
    fc.asyncProperty(
      methods,
      fc.oneof(fc.constant('joe'), fc.string()),
      dict,
      fc.oneof(fc.string(), fc.base64String(), fc.constant('ab'.repeat(96))),
      dict,
      async (authmethods, authid, authextra, signature, extra) => {
        const attempt = here.attempt();
        const first = await settled(attempt.begin({ authid, authmethods, authextra }));
        if (first.kind === 'challenge') {
          const last = await settled(attempt.answer(signature, extra));
          assert.equal(last.kind, 'refused');
          assert.equal((await settled(attempt.answer(signature, extra))).kind, 'refused');
        } else assert.equal(first.kind, 'refused');
      },
    ),
    { numRuns: 300 },
  );
});
