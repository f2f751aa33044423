/**
 * Methods of authentication in a realm with users, on a real node: autobahn-js and wampy where they have the method, raw
 * messages where no client has (WAMP advanced/authentication_*.md).
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import autobahn from 'autobahn';
import WebSocket from 'ws';
import { Wampy } from 'wampy';
import { sign as wampyCryptosign } from 'wampy/cryptosign.js';
import { sign as wampyCra } from 'wampy/wampcra.js';
import { ed25519Signer } from '../../runtime/crypto/primitives.ts';
import { toHex } from '../../runtime/crypto/encoding.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import {
  CLIENT_NONCE,
  craSignature,
  ed25519,
  pbkdf2Salted,
  scramAnswer,
  stored,
} from '../actors/security/methods/support.ts';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict, RawClient } from '../support/raw-client.ts';
import { commit, realmRecord, sourceRecord, userRecord } from '../support/security.ts';
import { forEachWire, RAWSOCKET_MSGPACK, SAMPLE } from '../support/wire.ts';

const SHOP = 'com.example.shop';
const SEED = Buffer.alloc(32, 11);
const KEY = toHex(ed25519Signer(SEED).publicKey);
const METHODS = ['password', 'wampcra', 'wamp-scram', 'cryptosign', 'trust'];

const node = useTestNode({
  // Attempts that are left count as failures, and one test leaves many.
  'security.lockout.max_failures_per_address': '1000',
  'security.lockout.max_failures_per_user': '1000',
});

let prepared: Promise<void> | undefined;

/** The node starts before the first test, and so later than this file is read. */
function prepare(): Promise<void> {
  return (prepared ??= openShop());
}

async function openShop(): Promise<void> {
  const fact = { held: true, at: 0, realm: SHOP, username: 'joe' };
  const committed = await commit(node.handle.kernel, [
    userRecord(SHOP, 'joe', { password: await stored('pencil'), passwordAt: 1 }),
    { kind: 'authorized_key', ...fact, key: KEY, userSince: 0 },
    { kind: 'alias', ...fact, alias: 'joey' },
    ...METHODS.filter((method) => method !== 'trust').map((method) =>
      sourceRecord(SHOP, 'all', method),
    ),
    realmRecord(SHOP, { authmethods: METHODS, securityEnabled: true }),
  ]);
  assert.equal(committed.kind, 'stored');
  // The realm opens a moment after its records are stored.
  const deadline = Date.now() + 5_000;
  for (;;) {
    const client = await RawClient.connect(node.urls, RAWSOCKET_MSGPACK);
    const [, , reason] = await say(client, ['x']);
    client.destroy();
    if (reason === 'wamp.error.no_matching_auth_method') return;
    assert(Date.now() < deadline, `the realm does not open: ${reason}`);
  }
}

async function hello(...what: Parameters<typeof say>): ReturnType<typeof say> {
  await prepare();
  return say(...what);
}

async function say(
  client: RawClient,
  authmethods: readonly string[],
  more: Dict = {},
): Promise<readonly unknown[]> {
  const details = { roles: wamp.BASIC_ROLES, authmethods, authid: 'joe', ...more };
  client.send([wamp.HELLO, SHOP, details]);
  return client.next();
}

type Prove = (challenge: Dict) => { signature: string; extra?: Dict };

async function enter(
  client: RawClient,
  method: string,
  prove: Prove,
  more: Dict = {},
): Promise<Record<string, unknown>> {
  const challenge = await hello(client, [method], more);
  assert.deepEqual([challenge[0], challenge[1]], [wamp.CHALLENGE, method]);
  const { signature, extra = {} } = prove(dict(challenge[2]) as Dict);
  client.send([wamp.AUTHENTICATE, signature, extra]);
  const welcome = await client.expect(wamp.WELCOME);
  return dict(welcome[2]);
}

const PROOFS: Readonly<Record<string, { prove: Prove; more?: Dict }>> = {
  password: { prove: () => ({ signature: 'pencil' }) },
  wampcra: { prove: (challenge) => ({ signature: craSignature('pencil', challenge) }) },
  'wamp-scram': {
    prove: (challenge) => scramAnswer(pbkdf2Salted('pencil', challenge), 'joe', challenge),
    more: { authextra: { nonce: CLIENT_NONCE } },
  },
  scram: {
    prove: (challenge) => scramAnswer(pbkdf2Salted('pencil', challenge), 'joe', challenge),
    more: { authextra: { nonce: CLIENT_NONCE } },
  },
  cryptosign: {
    prove: ({ challenge }) => {
      const message = Buffer.from(String(challenge), 'hex');
      const signature = ed25519(SEED.toString('hex'))(message);
      return { signature: Buffer.concat([signature, message]).toString('hex') };
    },
    more: { authextra: { pubkey: KEY } },
  },
};

forEachWire(SAMPLE, (wire) => {
  for (const [method, { prove, more }] of Object.entries(PROOFS)) {
    test(`${method} opens a session`, async (t) => {
      const client = await node.connect(t, wire);
      const details = await enter(client, method, prove, more);
      assert.equal(details.authid, 'joe');
      assert.equal(details.authmethod, method === 'scram' ? 'wamp-scram' : method);
      if (method.endsWith('scram')) assert(dict(details.authextra).verifier);
    });

    test(`${method} refuses who proves nothing, and names that do not exist, in the same words`, async (t) => {
      const words = [];
      for (const authid of ['joe', 'nobody']) {
        const client = await node.connect(t, wire);
        const challenge = await hello(client, [method], { ...more, authid });
        assert.equal(challenge[0], wamp.CHALLENGE);
        const nonce = dict(challenge[2])['nonce'] ?? '';
        client.send([wamp.AUTHENTICATE, 'AAAA', { nonce }]);
        words.push(await client.next());
      }
      assert.equal(words[0]![2], 'wamp.error.authentication_failed');
      assert.deepEqual(words[1], words[0]);
    });
  }
});

describe('a session that is being decided', () => {
  test('takes nothing more in the same breath', async (t) => {
    const client = await node.connect(t, RAWSOCKET_MSGPACK);
    await hello(client, ['password']);
    const call = [wamp.CALL, 1, {}, 'wamp.session.count'];
    client.sendAll([[wamp.AUTHENTICATE, 'pencil', {}], call]);
    await client.expectAbort('wamp.error.protocol_violation');
  });

  test('answers what came a little later, once it is open', async (t) => {
    const client = await node.connect(t, RAWSOCKET_MSGPACK);
    await enter(client, 'password', () => ({ signature: 'pencil' }));
    client.send([wamp.CALL, 1, {}, 'wamp.session.count']);
    assert([wamp.RESULT, wamp.ERROR].includes(Number((await client.next())[0])));
  });

  test('may be left, and the node does not mind', async (t) => {
    for (let i = 0; i < 20; i++) {
      const client = await node.connect(t, RAWSOCKET_MSGPACK);
      await hello(client, ['password']);
      client.send([wamp.AUTHENTICATE, 'pencil', {}]);
      client.destroy();
    }
    await node.expectHealthy(t);
  });
});

describe('who is let in', () => {
  test('an alias enters as the user', async (t) => {
    const client = await node.connect(t, RAWSOCKET_MSGPACK);
    const { prove } = PROOFS['wampcra']!;
    assert.equal((await enter(client, 'wampcra', prove, { authid: 'JOEY' })).authid, 'joe');
  });

  test('a method that no source allows fails, though the realm has it', async (t) => {
    const client = await node.connect(t, RAWSOCKET_MSGPACK);
    const answer = await hello(client, ['trust']);
    assert.deepEqual([answer[0], answer[2]], [wamp.ABORT, 'wamp.error.authentication_failed']);
  });

  test('a group of others cannot be chosen', async (t) => {
    const client = await node.connect(t, RAWSOCKET_MSGPACK);
    await hello(client, ['password'], { authrole: 'admins' });
    client.send([wamp.AUTHENTICATE, 'pencil', {}]);
    await client.expectAbort('wamp.error.no_such_role');
  });

  for (const authrole of [7, ['a'], {}]) {
    test(`an authrole like ${JSON.stringify(authrole)} is a protocol violation`, async (t) => {
      const client = await node.connect(t, RAWSOCKET_MSGPACK);
      const answer = await hello(client, ['password'], { authrole } as never);
      assert.deepEqual([answer[0], answer[2]], [wamp.ABORT, 'wamp.error.protocol_violation']);
    });
  }
});

interface Proving {
  readonly auth_cra: {
    derive_key(secret: string, salt: string, iterations: number, keylen: number): string;
    sign(key: string, challenge: string): string;
  };
  readonly auth_cryptosign: { sign_challenge(key: object, extra: object): string };
}
const proving = autobahn as unknown as Proving;

async function openAutobahn(
  t: TestContext,
  method: string,
  onchallenge: (session: unknown, method: string, extra: Dict) => string,
  authextra: object = {},
): Promise<Record<string, unknown>> {
  await prepare();
  return new Promise((resolve, reject) => {
    const connection = new autobahn.Connection({
      url: node.urls.websocket,
      realm: SHOP,
      max_retries: 0,
      authid: 'joe',
      authmethods: [method],
      onchallenge: onchallenge as never,
      ...{ authextra },
    });
    connection.onclose = (reason, details) => {
      reject(new Error(`${reason}: ${JSON.stringify(details)}`));
      return true;
    };
    connection.onopen = (_session, details) => {
      t.after(() => connection.close());
      resolve(details);
    };
    connection.open();
  });
}

describe('autobahn-js', () => {
  test('wampcra', async (t) => {
    const { derive_key: derive, sign } = proving.auth_cra;
    const details = await openAutobahn(t, 'wampcra', (_session, _method, extra) => {
      const { salt, iterations, keylen, challenge } = extra;
      const key = derive('pencil', String(salt), Number(iterations), Number(keylen));
      return sign(key, String(challenge));
    });
    assert.equal(details.authid, 'joe');
  });

  test('cryptosign', async (t) => {
    const publicKey = Buffer.from(KEY, 'hex');
    const secretKey = new Uint8Array(Buffer.concat([SEED, publicKey]));
    const sign = (_session: unknown, _method: string, extra: Dict): string =>
      proving.auth_cryptosign.sign_challenge({ publicKey, secretKey }, extra);
    const authextra = { pubkey: KEY, trustroot: null, challenge: null, channel_binding: null };
    assert.equal((await openAutobahn(t, 'cryptosign', sign, authextra)).authid, 'joe');
  });
});

describe('wampy', () => {
  const open = async (t: TestContext, authmethods: string[], plugins: object): Promise<unknown> => {
    await prepare();
    const client = new Wampy(node.urls.websocket, {
      realm: SHOP,
      ws: WebSocket as never,
      autoReconnect: false,
      authid: 'joe',
      authmethods,
      authMode: 'auto',
      authPlugins: plugins,
      authextra: { pubkey: KEY },
    } as never);
    const welcome = await client.connect();
    t.after(() => client.disconnect());
    return (welcome as unknown as { authmethod: string }).authmethod;
  };

  test('wampcra', async (t) => {
    const plugins = { wampcra: wampyCra('pencil') };
    assert.equal(await open(t, ['wampcra'], plugins), 'wampcra');
  });

  test('cryptosign', async (t) => {
    const plugins = { cryptosign: wampyCryptosign(SEED.toString('hex')) };
    assert.equal(await open(t, ['cryptosign'], plugins), 'cryptosign');
  });
});
