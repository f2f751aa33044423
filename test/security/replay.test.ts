/** Proofs that were recorded, borrowed or weakened: none of them opens a session (WAMP advanced/authentication_*.md). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Dict } from '../../runtime/wamp/message.ts';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { dict } from '../support/raw-client.ts';
import { passwordOf, sourceRecord, userRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { CLIENT_NONCE, ed25519 } from '../actors/security/methods/support.ts';
import {
  assertRefused,
  connect,
  cryptosign,
  enter,
  entered,
  hello,
  KEY,
  PASSWORD,
  PROOFS,
  PROVEN_METHODS,
  put,
  SEED,
  SHOP,
  shopRecords,
  UNHURRIED,
} from './shop.ts';

const OTHER = 'com.example.other';
let node: NodeHandle;

before(async () => {
  node = await startTestNode({
    ...UNHURRIED,
    'shutdown.grace_period': '100ms',
    'realms.static1.authmethods': 'ticket',
    'realms.static1.users.alice.ticket': 'ticket-of-one',
    'realms.static2.authmethods': 'ticket',
    'realms.static2.users.alice.ticket': 'ticket-of-two',
  });
  await put(node, await shopRecords());
  await put(node, await shopRecords({ realm: OTHER }));
  const weak = { password: await passwordOf(PASSWORD), passwordAt: 1 };
  await put(node, [
    userRecord(SHOP, 'hashed', weak),
    sourceRecord(SHOP, 'hashed', 'password'),
    userRecord(SHOP, 'keyed'),
    sourceRecord(SHOP, 'keyed', 'cryptosign'),
  ]);
});

after(async () => {
  await node.stop();
  assert.deepEqual(node.crashes(), []);
});

/** The session, and the answer that opened it. */
async function recorded(t: TestContext, method: string): Promise<readonly [string, Dict]> {
  const client = await connect(t, node);
  const { authextra, prove } = PROOFS[method]!;
  const challenge = await hello(client, { methods: [method], ...(authextra && { authextra }) });
  const { signature, extra = {} } = prove(dict(challenge[2]) as Dict, 'alice');
  client.send([wamp.AUTHENTICATE, signature, extra]);
  await client.expect(wamp.WELCOME);
  return [signature, extra];
}

async function refusedAnswer(client: RawClient, signature: unknown, extra: object = {}) {
  client.send([wamp.AUTHENTICATE, signature, extra]);
  assertRefused(await client.next());
}

describe('an answer that was recorded', () => {
  for (const method of ['wampcra', 'wamp-scram', 'cryptosign']) {
    test(`of ${method} opens no second session`, async (t) => {
      const [signature, extra] = await recorded(t, method);
      const client = await connect(t, node);
      const { authextra = {} } = PROOFS[method]!;
      const challenge = await hello(client, { methods: [method], authextra });
      assert.equal(challenge[0], wamp.CHALLENGE);
      await refusedAnswer(client, signature, extra);
    });
  }

  for (const method of ['wamp-scram', 'cryptosign']) {
    test(`of ${method} by one user opens no session of another who has the same password`, async (t) => {
      const client = await connect(t, node);
      const { authextra = {}, prove } = PROOFS[method]!;
      const challenge = await hello(client, { methods: [method], authextra, authid: 'bobby' });
      // As alice would have answered, to this very challenge.
      const { signature, extra } = prove(dict(challenge[2]) as Dict, 'alice');
      await refusedAnswer(client, signature, extra);
    });
  }

  test('is not taken twice on one connection', async (t) => {
    const client = await connect(t, node);
    const challenge = await hello(client, { methods: ['wampcra'] });
    const { signature } = PROOFS['wampcra']!.prove(dict(challenge[2]) as Dict, 'alice');
    client.sendAll([
      [wamp.AUTHENTICATE, 'AAAA', {}],
      [wamp.AUTHENTICATE, signature, {}],
    ]);
    assertRefused(await client.next());
    await client.closed();
  });

  test('to the challenge of another connection is none to this one', async (t) => {
    const [mine, victims] = [await connect(t, node), await connect(t, node)];
    const methods = ['cryptosign'];
    const authextra = { pubkey: KEY };
    const [, , first] = await hello(victims, { methods, authextra });
    await hello(mine, { methods, authextra });
    await refusedAnswer(mine, cryptosign(String(dict(first)['challenge'])));
  });
});

describe('a signature of cryptosign', () => {
  async function challenged(t: TestContext, more: object = {}): Promise<[RawClient, Buffer]> {
    const client = await connect(t, node);
    const authextra = { pubkey: KEY };
    const [, , extra] = await hello(client, { methods: ['cryptosign'], authextra, ...more });
    return [client, Buffer.from(String(dict(extra)['challenge']), 'hex')];
  }
  const sign = ed25519(SEED.toString('hex'));
  const hex = (...parts: Buffer[]): string => Buffer.concat(parts).toString('hex');

  test('over something else than the challenge is none, whatever is sent along', async (t) => {
    const other = Buffer.alloc(32, 5);
    let [client, challenge] = await challenged(t);
    await refusedAnswer(client, hex(sign(other), other));
    [client, challenge] = await challenged(t);
    await refusedAnswer(client, hex(sign(other), challenge));
    [client, challenge] = await challenged(t);
    await refusedAnswer(client, hex(sign(challenge), other));
    [client, challenge] = await challenged(t);
    await refusedAnswer(client, hex(sign(Buffer.concat([challenge, other])), challenge));
  });

  test('of a key that is not the user\u2019s is none, though it is sent as theirs', async (t) => {
    const stranger = Buffer.alloc(32, 12);
    let [client, challenge] = await challenged(t);
    await refusedAnswer(client, cryptosign(challenge.toString('hex'), stranger));
    [client, challenge] = await challenged(t, { authid: 'bobby' });
    await refusedAnswer(client, cryptosign(challenge.toString('hex')));
    [client, challenge] = await challenged(t, { authid: 'keyed' });
    await refusedAnswer(client, cryptosign(challenge.toString('hex')));
  });

  test('with a key of small order is none', async (t) => {
    // The identity point and a signature that satisfies the equation for every message.
    const pubkey = `01${'00'.repeat(31)}`;
    const client = await connect(t, node);
    const [, , extra] = await hello(client, { methods: ['cryptosign'], authextra: { pubkey } });
    const { challenge } = dict(extra);
    await refusedAnswer(client, `${pubkey}${'00'.repeat(32)}${challenge}`);
  });

  for (const [what, signature] of Object.entries({
    nothing: '',
    'half a signature': 'ab'.repeat(32),
    'no hexadecimal': 'zz'.repeat(96),
    'too much': 'ab'.repeat(100_000),
  })) {
    test(`that is ${what} is none`, async (t) => {
      const [client] = await challenged(t);
      await refusedAnswer(client, signature);
    });
  }

  for (const signature of [null, 7, ['x'], { x: 1 }, Buffer.alloc(64)]) {
    test(`that is no text but ${JSON.stringify(signature).slice(0, 20)} ends the connection`, async (t) => {
      const [client] = await challenged(t);
      client.send([wamp.AUTHENTICATE, signature, {}]);
      await client.expectAbort('wamp.error.protocol_violation');
    });
  }
});

describe('a weaker method', () => {
  test('is not taken because a client names it, or misspells a stronger one', async (t) => {
    for (const methods of [
      ['anonymous'],
      ['trust'],
      ['ANONYMOUS'],
      ['Trust'],
      ['tls'],
      ['', 'trust'],
    ]) {
      for (const authid of ['alice', 'anonymous', undefined]) {
        const answer = await hello(await connect(t, node), { methods, authid });
        assertRefused(answer, 'wamp.error.no_matching_auth_method');
      }
    }
  });

  test('is not what a challenge of a stronger one is answered with', async (t) => {
    for (const method of ['wampcra', 'wamp-scram', 'cryptosign']) {
      const client = await connect(t, node);
      const { authextra = {} } = PROOFS[method]!;
      await hello(client, { methods: [method, 'password'], authextra });
      await refusedAnswer(client, PASSWORD);
    }
  });

  test('does not open what the source of the user does not allow', async (t) => {
    const said = { authid: 'keyed', more: { authprovider: 'static' } };
    assertRefused(await enter(await connect(t, node), 'password', said));
  });

  test('of SCRAM is not had by fewer iterations, another salt or an unbound channel', async (t) => {
    const client = await connect(t, node);
    const authextra = { nonce: CLIENT_NONCE, channel_binding: 'tls-exporter' };
    // This connection has no channel to be bound to, and says so instead of doing without.
    assertRefused(await hello(client, { methods: ['wamp-scram'], authextra }));
    for (const change of [{ iterations: 1 }, { salt: 'AAAA' }]) {
      const again = await connect(t, node);
      const { authextra: nonce = {}, prove } = PROOFS['wamp-scram']!;
      const [, , extra] = await hello(again, { methods: ['wamp-scram'], authextra: nonce });
      const answer = prove({ ...(dict(extra) as Dict), ...change }, 'alice');
      await refusedAnswer(again, answer.signature, answer.extra);
    }
  });
});

describe('a proof for one realm', () => {
  test('opens a session in it, and none in another that has the same users', async (t) => {
    for (const method of PROVEN_METHODS) await entered(await connect(t, node), method);
    const stolen = await connect(t, node);
    const { authextra = {}, prove } = PROOFS['wampcra']!;
    const [, , extra] = await hello(await connect(t, node), { methods: ['wampcra'] });
    await hello(stolen, { realm: OTHER, methods: ['wampcra'], authextra });
    await refusedAnswer(stolen, prove(dict(extra) as Dict, 'alice').signature);
  });

  test('does so with a ticket of the configuration, too', async (t) => {
    for (const [realm, ticket] of [
      ['static1', 'ticket-of-two'],
      ['static2', 'ticket-of-one'],
      ['static1', ''],
      ['static1', 'ticket-of-one\u0000'],
      ['static1', 'TICKET-OF-ONE'],
    ] as const) {
      const proof = { prove: () => ({ signature: ticket }) };
      assertRefused(await enter(await connect(t, node), 'ticket', { realm }, proof));
    }
    const proof = { prove: () => ({ signature: 'ticket-of-one' }) };
    await entered(await connect(t, node), 'ticket', { realm: 'static1' }, proof);
  });
});

describe('before the proof', () => {
  test('nothing is answered but the end', async (t) => {
    for (const message of [
      [wamp.CALL, 1, {}, 'wamp.session.count'],
      [wamp.PUBLISH, 1, {}, 'com.example.t'],
      [wamp.SUBSCRIBE, 1, {}, 'com.example.t'],
      [wamp.REGISTER, 1, {}, 'com.example.p'],
      [wamp.HELLO, SHOP, { roles: wamp.ALL_ROLES }],
      [wamp.WELCOME, 1, {}],
      [wamp.CHALLENGE, 'wampcra', {}],
      [wamp.YIELD, 1, {}],
    ]) {
      const client = await connect(t, node);
      await hello(client, { methods: ['wampcra'] });
      client.send(message);
      await client.expectAbort('wamp.error.protocol_violation');
    }
  });

  test('an answer that nobody asked for opens nothing', async (t) => {
    const client = await connect(t, node);
    client.send([wamp.AUTHENTICATE, PASSWORD, {}]);
    await client.expectAbort('wamp.error.protocol_violation');
  });
});
