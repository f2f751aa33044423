/** Each method of authentication with a client of its own (WAMP advanced/authentication_*.md). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Verdict } from '../../../../actors/security/api.ts';
import { NOT_PROVEN } from '../../../../actors/security/entrance.ts';
import type { CheckedTicket } from '../../../../actors/security/methods/ticket.ts';
import type { CheckedToken } from '../../../../runtime/crypto/json-web-token.ts';
import { ed25519Signer } from '../../../../runtime/crypto/primitives.ts';
import { fromHex, toHex } from '../../../../runtime/crypto/encoding.ts';
import type { Dict } from '../../../../runtime/wamp/message.ts';
import {
  CLIENT_NONCE,
  craSignature,
  Door,
  ed25519,
  OPTIONS,
  pbkdf2Salted,
  realm,
  scramAnswer,
  settled,
  stored,
  TRANSPORT,
  user,
} from './support.ts';
import { hashRawSync } from '@node-rs/argon2';

const PENCIL = await stored('pencil');
const SEED = '4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510';
const KEY = toHex(ed25519Signer(fromHex(SEED, 32)!).publicKey);

function door(): Door {
  const made = new Door();
  made.policy.add(user('joe', { password: PENCIL, authorizedKeys: [KEY], aliases: ['joey'] }));
  return made;
}

function principal(verdict: Verdict): Extract<Verdict, { kind: 'welcome' }>['principal'] {
  assert.equal(verdict.kind, 'welcome', JSON.stringify(verdict));
  return (verdict as Extract<Verdict, { kind: 'welcome' }>).principal;
}

describe('wampcra', () => {
  const hello = { authid: 'joe', authmethods: ['wampcra'] };

  test('the right password opens a session', async () => {
    const verdict = await door().enter(hello, (challenge) => ({
      signature: craSignature('pencil', challenge),
    }));
    const { authid, authmethod, authrole, subject } = principal(verdict);
    assert.deepEqual([authid, authmethod, authrole], ['joe', 'wampcra', 'default']);
    assert.deepEqual(subject, { username: 'joe', groups: undefined });
  });

  test('the challenge is what the specification says, with the id that WELCOME will carry', () => {
    const verdict = door()
      .attempt()
      .begin({ ...hello, authextra: {} });
    assert.equal(verdict.kind, 'challenge');
    if (verdict.kind !== 'challenge') return;
    const challenge = JSON.parse(String(verdict.extra['challenge']));
    assert.equal(challenge.session, 4711);
    assert.equal(challenge.authid, 'joe');
    assert.equal(challenge.authmethod, 'wampcra');
    assert.match(challenge.nonce, /^[0-9a-f]{32}$/);
    assert.equal(challenge.timestamp, '2026-11-25T00:00:00.000Z');
    assert.equal(verdict.extra['keylen'], 32);
  });

  test('a recorded answer opens no other session', async () => {
    const here = door();
    let recorded = '';
    const first = await here.enter(hello, (challenge) => {
      recorded = craSignature('pencil', challenge);
      return { signature: recorded };
    });
    principal(first);
    assert.equal(await here.enter(hello, () => ({ signature: recorded })), NOT_PROVEN);
  });

  test('a wrong password, text that is no base64, and the empty text fail', async () => {
    for (const sign of [() => '', () => '???', (c: Dict) => craSignature('Pencil', c)]) {
      const verdict = await door().enter(hello, (challenge) => ({ signature: sign(challenge) }));
      assert.equal(verdict, NOT_PROVEN);
    }
  });
});

describe('wamp-scram', () => {
  const hello = {
    authid: 'joe',
    authmethods: ['wamp-scram'],
    authextra: { nonce: CLIENT_NONCE },
  };

  test('both sides prove that they know something of the password', async () => {
    let verifier = '';
    const verdict = await door().enter(hello, (challenge) => {
      assert.equal(challenge['kdf'], 'pbkdf2');
      const answer = scramAnswer(pbkdf2Salted('pencil', challenge), 'joe', challenge);
      verifier = answer.verifier;
      return answer;
    });
    assert.equal(principal(verdict).authextra['verifier'], verifier);
  });

  for (const [spelling, kdf] of [
    ['wamp-scram', 'argon2id13'],
    ['scram', 'argon2id-13'],
  ] as const) {
    test(`argon2id works for clients that say ${spelling}`, async () => {
      const here = new Door();
      const options = { ...OPTIONS, scramKdf: 'argon2id13' } as const;
      here.policy.realm_ = realm({ password: options });
      here.policy.add(user('joe', { password: await stored('pencil', options) }));
      const verdict = await here.enter({ ...hello, authmethods: [spelling] }, (challenge, said) => {
        assert.equal(said, spelling);
        assert.equal(challenge['kdf'], kdf);
        const salted = hashRawSync('pencil', {
          algorithm: 2,
          salt: Buffer.from(String(challenge['salt']), 'base64'),
          timeCost: Number(challenge['iterations']),
          memoryCost: Number(challenge['memory']),
          parallelism: 1,
          outputLen: 32,
        });
        return scramAnswer(salted, 'joe', challenge);
      });
      assert.equal(principal(verdict).authmethod, 'wamp-scram');
    });
  }

  for (const type of ['tls-unique', 'tls-server-end-point', 'tls-exporter']) {
    test(`${type} binds the proof to the connection`, async () => {
      const bound = Buffer.alloc(32, 9);
      const transport = { ...TRANSPORT, channel: () => new Uint8Array(bound) };
      const authextra = { nonce: CLIENT_NONCE, channel_binding: type };
      const enter = (data: Buffer): Promise<Verdict> =>
        door().enter(
          { ...hello, authextra },
          (challenge) => {
            const channel = Buffer.concat([Buffer.from(`p=${type},,`), data]).toString('base64');
            const salted = pbkdf2Salted('pencil', challenge);
            const { signature, extra } = scramAnswer(salted, 'joe', challenge, channel);
            return { signature, extra: { ...extra, channel_binding: type } };
          },
          transport,
        );
      principal(await enter(bound));
      assert.equal(await enter(Buffer.alloc(32, 8)), NOT_PROVEN);
    });
  }

  test('a channel binding that the transport has not is refused, not ignored', async () => {
    const authextra = { nonce: CLIENT_NONCE, channel_binding: 'tls-exporter' };
    const verdict = await door().enter({ ...hello, authextra });
    assert.equal(verdict.kind, 'refused');
    assert.match(JSON.stringify(verdict), /channel binding/);
  });

  test('another nonce than the one that was given fails', async () => {
    const verdict = await door().enter(hello, (challenge) => {
      const other = { ...challenge, nonce: CLIENT_NONCE };
      return scramAnswer(pbkdf2Salted('pencil', challenge), 'joe', other);
    });
    assert.equal(verdict, NOT_PROVEN);
  });

  for (const nonce of [undefined, 7, '', 'AAAA', 'no base64!', 'A'.repeat(1000)]) {
    test(`a nonce like ${JSON.stringify(nonce)?.slice(0, 12)} is refused in words`, async () => {
      const authextra: Dict = nonce === undefined ? {} : { nonce };
      const verdict = await door().enter({ ...hello, authextra });
      assert.match(JSON.stringify(verdict), /authextra.nonce must be/);
    });
  }
});

describe('cryptosign', () => {
  const signer = ed25519(SEED);
  const hello = { authid: 'joe', authmethods: ['cryptosign'], authextra: { pubkey: KEY } };
  const answer = ({ challenge }: Dict): { signature: string } => {
    const message = Buffer.from(String(challenge), 'hex');
    return { signature: Buffer.concat([signer(message), message]).toString('hex') };
  };

  test('an authorized key opens a session', async () => {
    assert.equal(principal(await door().enter(hello, answer)).authmethod, 'cryptosign');
  });

  test('a signature without the challenge behind it is enough', async () => {
    const verdict = await door().enter(hello, (challenge) => ({
      signature: answer(challenge).signature.slice(0, 128),
    }));
    principal(verdict);
  });

  test('a key of nobody or of somebody else fails with the same words', async () => {
    const here = door();
    here.policy.add(user('ann', { authorizedKeys: ['ab'.repeat(32)] }));
    for (const authid of ['ann', 'nobody']) {
      assert.equal(await here.enter({ ...hello, authid }, answer), NOT_PROVEN);
    }
  });

  test('a recorded answer is over another challenge', async () => {
    const here = door();
    let recorded = { signature: '' };
    principal(await here.enter(hello, (challenge) => (recorded = answer(challenge))));
    assert.equal(await here.enter(hello, () => recorded), NOT_PROVEN);
  });

  test('a key that is withdrawn during the challenge opens nothing', async () => {
    const here = door();
    const verdict = await here.enter(hello, (challenge) => {
      here.policy.add(user('joe', { authorizedKeys: [] }));
      return answer(challenge);
    });
    assert.equal(verdict, NOT_PROVEN);
  });

  test('the router proves itself when the client asks', () => {
    const router = ed25519Signer(new Uint8Array(32).fill(5));
    const here = new Door({ router });
    const authextra = { pubkey: KEY, challenge: 'ff'.repeat(32) };
    const verdict = here.attempt().begin({ ...hello, authextra });
    assert.equal(verdict.kind, 'challenge');
    if (verdict.kind !== 'challenge') return;
    const { pubkey, signature } = verdict.extra;
    const bytes = fromHex(String(signature), 96)!;
    const { verifyEd25519 } = here.crypto;
    assert(verifyEd25519(fromHex(String(pubkey), 32)!, bytes.slice(64), bytes.slice(0, 64)));
    assert.equal(toHex(bytes.slice(64)), 'ff'.repeat(32));
  });

  for (const pubkey of [undefined, 5, '', 'zz'.repeat(32), 'ab'.repeat(31)]) {
    test(`a public key like ${JSON.stringify(pubkey)?.slice(0, 12)} is refused in words`, async () => {
      const authextra: Dict = pubkey === undefined ? {} : { pubkey };
      const verdict = await door().enter({ ...hello, authextra });
      assert.match(JSON.stringify(verdict), /authextra.pubkey must be/);
    });
  }
});

describe('password', () => {
  const hello = { authid: 'joe', authmethods: ['password'] };

  for (const protocol of ['hash', 'scram', 'cra'] as const) {
    test(`it is checked against what is stored for ${protocol}`, async () => {
      const here = new Door();
      const options = { ...OPTIONS, protocols: [protocol] };
      here.policy.add(user('joe', { password: await stored('pencil', options) }));
      principal(await here.enter(hello, () => ({ signature: 'pencil' })));
      assert.equal(await here.enter(hello, () => ({ signature: 'pencils' })), NOT_PROVEN);
    });
  }

  test('it opens a session by an alias too, as the user', async () => {
    const verdict = await door().enter({ ...hello, authid: 'joey' }, () => ({
      signature: 'pencil',
    }));
    assert.equal(principal(verdict).authid, 'joe');
  });

  test('it is not enough when it was changed while it was being checked', async () => {
    const here = door();
    const attempt = here.attempt();
    attempt.begin({ ...hello, authextra: {} });
    const verdict = attempt.answer('pencil', {});
    here.policy.add(user('joe', { password: PENCIL, passwordAt: 2 }));
    assert.equal(await settled(verdict), NOT_PROVEN);
  });

  test('too much to hash is said, and counts as no guess', async () => {
    const here = new Door({ deriver: { derive: (_, deliver) => deliver({ kind: 'busy' }) } });
    here.policy.add(user('joe', { password: PENCIL }));
    for (let i = 0; i < 30; i++) {
      const verdict = await here.enter(hello, () => ({ signature: 'pencil' }));
      assert.equal(verdict.kind === 'refused' && verdict.reason, 'wamp.error.unavailable');
    }
    assert.equal(here.counted.filter((each) => each === 'authentications_unavailable').length, 30);
  });

  test('what is stored is derived anew when the realm asks for more by now', async () => {
    const upgraded: unknown[] = [];
    const here = new Door({
      upgrade: (of, made) => upgraded.push([of, Object.keys(made), made.cra]),
    });
    here.config = { ...here.config, password: { ...here.config.password, upgrades: true } };
    here.policy.realm_ = realm({ password: { ...OPTIONS, protocols: ['hash'] } });
    here.policy.add(user('joe', { password: PENCIL }));
    const wrong = await here.enter(hello, () => ({ signature: 'pen' }));
    assert.equal(wrong, NOT_PROVEN);
    principal(await here.enter(hello, () => ({ signature: 'pencil' })));
    while (upgraded.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(upgraded, [
      [{ realm: 'com.example', username: 'joe', passwordAt: 1 }, ['hash', 'scram', 'cra'], null],
    ]);
  });
});

describe('ticket', () => {
  const hello = { authid: 'joe', authmethods: ['ticket'] };
  const enter = async (checked: CheckedTicket): Promise<Verdict> => {
    const here = new Door({ tickets: { check: (_of, deliver) => deliver(checked) } });
    here.policy.add(user('joe', { password: PENCIL }));
    return here.enter(hello, () => ({ signature: 'a ticket' }));
  };

  test('whoever issues tickets says which are valid', async () => {
    const { authid, subject } = principal(await enter({ kind: 'valid', groups: ['night'] }));
    assert.equal(authid, 'joe');
    assert.deepEqual(subject, { username: 'joe', groups: ['night'] });
    assert.equal(await enter({ kind: 'invalid' }), NOT_PROVEN);
    assert.equal((await enter({ kind: 'unavailable' })).kind, 'refused');
  });

  test('a valid ticket of nobody opens nothing', async () => {
    const tickets = {
      check: (_of: object, deliver: (checked: CheckedTicket) => void) => deliver({ kind: 'valid' }),
    };
    const here = new Door({ tickets });
    assert.equal(await here.enter(hello), NOT_PROVEN);
  });

  test('without an issuer it is not offered', async () => {
    const verdict = await door().enter(hello);
    assert.equal(
      verdict.kind === 'refused' && verdict.reason,
      'wamp.error.no_matching_auth_method',
    );
  });
});

describe('oauth2', () => {
  const info = {
    oauth2: {
      issuer: 'https://issuer.example',
      audience: 'wamp',
      jwks: { keys: [] },
      role_claim: 'roles',
    },
  };
  const enter = async (
    checked: CheckedToken,
    hello: { authid?: string; authroles?: readonly string[] } = {},
    change: (here: Door) => void = () => {},
  ): Promise<Verdict> => {
    const here = new Door({ tokens: { check: (_i, _t, deliver) => deliver(checked) } });
    here.policy.realm_ = realm({ info });
    change(here);
    return here.enter({ ...hello, authmethods: ['oauth2'] }, () => ({ signature: 'a.b.c' }));
  };
  const valid = (claims: Record<string, unknown>): CheckedToken => ({ kind: 'valid', claims });

  test('the issuer says who it is and what groups it is in', async () => {
    const verdict = await enter(valid({ sub: 'Ann', roles: ['staff', 'all', 'anonymous'] }));
    const { authid, subject, authrole } = principal(verdict);
    assert.deepEqual([authid, authrole], ['ann', 'staff']);
    assert.deepEqual(subject, { username: 'ann', groups: ['staff'], isVouchedFor: true });
  });

  test('another authid than the token has fails', async () => {
    assert.equal(await enter(valid({ sub: 'ann' }), { authid: 'joe' }), NOT_PROVEN);
  });

  test('a user of the same name that is disabled stays out', async () => {
    const change = (here: Door): void => here.policy.add(user('ann', { enabled: false }));
    assert.equal(await enter(valid({ sub: 'ann' }), {}, change), NOT_PROVEN);
  });

  test('sources hold for whom the token names', async () => {
    const change = (here: Door): void => {
      here.policy.sources = (username) => (username === 'ann' ? ['oauth2'] : []);
    };
    principal(await enter(valid({ sub: 'ann' }), {}, change));
    assert.equal(await enter(valid({ sub: 'bob' }), {}, change), NOT_PROVEN);
  });

  for (const sub of [undefined, '', 7, 'anonymous', 'all', 'a b', '__proto__\n', 'x'.repeat(999)]) {
    test(`a token about ${JSON.stringify(sub)?.slice(0, 20)} names nobody`, async () => {
      assert.equal(await enter(valid({ sub })), NOT_PROVEN);
    });
  }

  test('a role the token does not have cannot be chosen', async () => {
    const verdict = await enter(valid({ sub: 'ann', roles: 'staff night' }), {
      authroles: ['admin'],
    });
    assert.equal(verdict.kind === 'refused' && verdict.reason, 'wamp.error.no_such_role');
  });

  test('when the issuer cannot be asked, that is said', async () => {
    const verdict = await enter({ kind: 'unavailable', why: 'down' });
    assert.equal(verdict.kind === 'refused' && verdict.reason, 'wamp.error.unavailable');
  });

  test('a realm without an issuer does not offer it', async () => {
    const verdict = await door().enter({ authmethods: ['oauth2'] });
    assert.equal(
      verdict.kind === 'refused' && verdict.reason,
      'wamp.error.no_matching_auth_method',
    );
  });
});

describe('certificates, trust, anonymous', () => {
  const certificate = { commonName: 'Joe', names: ['joe@example.com'] };

  test('a verified certificate is who it says', async () => {
    const transport = { ...TRANSPORT, tls: true, certificate };
    const verdict = await door().enter({ authmethods: ['tls'] }, undefined, transport);
    assert.equal(principal(verdict).authid, 'joe');
  });

  test('it is not somebody else, and without one there is no such method', async () => {
    const here = door();
    here.policy.add(user('ann'));
    const transport = { ...TRANSPORT, tls: true, certificate };
    const hello = { authid: 'ann', authmethods: ['tls'] };
    assert.equal(await here.enter(hello, undefined, transport), NOT_PROVEN);
    const verdict = await here.enter(hello);
    assert.equal(
      verdict.kind === 'refused' && verdict.reason,
      'wamp.error.no_matching_auth_method',
    );
  });

  test('trust believes users that exist', async () => {
    principal(await door().enter({ authid: 'joe', authmethods: ['trust'] }));
    assert.equal(await door().enter({ authid: 'nobody', authmethods: ['trust'] }), NOT_PROVEN);
  });

  test('anonymous is nobody in particular, unless the node forbids it', async () => {
    const here = door();
    const { authid, authrole, subject } = principal(
      await here.enter({ authmethods: ['anonymous'] }),
    );
    assert.deepEqual([authid, authrole], ['anonymous-4711', 'anonymous']);
    assert.deepEqual(subject, { username: undefined, groups: undefined });
    here.config = { ...here.config, allowAnonymous: false };
    const verdict = await here.enter({ authmethods: ['anonymous'] });
    assert.equal(
      verdict.kind === 'refused' && verdict.reason,
      'wamp.error.no_matching_auth_method',
    );
  });
});
