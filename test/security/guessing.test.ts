/** Guessing that hides who guesses, or whom: other addresses, other spellings, other methods, other realms. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import WebSocket from 'ws';
import * as wamp from '../support/codes.ts';
import { RawSocketLink, WebSocketLink } from '../support/links.ts';
import { RawClient } from '../support/raw-client.ts';
import { sourceRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK, WEBSOCKET_JSON } from '../support/wire.ts';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { assertRefused, connect, enter, PROOFS, put, SHOP, shopRecords } from './shop.ts';

const PER_USER = 4;
const WRONG = { prove: () => ({ signature: 'AAAA' }) };

async function startGuarded(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<NodeHandle> {
  const node = await startTestNode({
    'shutdown.grace_period': '100ms',
    'security.lockout.max_failures_per_user': `${PER_USER}`,
    'security.lockout.first_wait': '1h',
    'security.lockout.max_wait': '1h',
    'security.lockout.forget_after': '2h',
    ...settings,
  });
  t.after(() => node.stop());
  await put(node, await shopRecords());
  return node;
}

async function isLocked(t: TestContext, node: NodeHandle, authid = 'alice'): Promise<boolean> {
  const before = node.counter('authentications_locked_out');
  const answer = await enter(await connect(t, node), 'password', { authid });
  if (answer[0] === wamp.WELCOME) return false;
  assert.equal(node.counter('authentications_locked_out'), before + 1);
  assertRefused(answer);
  return true;
}

describe('a user is locked against guessing', () => {
  test('in all spellings, by its aliases and by all methods together', async (t) => {
    const node = await startGuarded(t);
    const guesses = [
      ['password', 'alice'],
      ['wampcra', 'ALICE'],
      ['cryptosign', 'Alice'],
      ['password', 'Alice-Alias'],
    ] as const;
    assert.equal(guesses.length, PER_USER);
    for (const [method, authid] of guesses) {
      const proof = { ...WRONG, authextra: PROOFS[method]!.authextra ?? {} };
      assertRefused(await enter(await connect(t, node), method, { authid }, proof));
    }
    for (const authid of ['alice', 'alice-alias', 'ALICE']) {
      assert.equal(await isLocked(t, node, authid), true, authid);
    }
    assert.equal(await isLocked(t, node, 'bobby'), false);
  });

  test('also when the guesses are begun at once, or are left in the middle', async (t) => {
    const node = await startGuarded(t);
    const answers = await Promise.all(
      Array.from({ length: 3 * PER_USER }, async () =>
        enter(await connect(t, node), 'password', {}, WRONG),
      ),
    );
    for (const answer of answers) assertRefused(answer);
    assert(node.counter('authentications_locked_out') >= 2 * PER_USER);
    assert.equal(await isLocked(t, node), true);
  });

  test('and the right answer is no better than a wrong one while it waits', async (t) => {
    const node = await startGuarded(t);
    for (let i = 0; i < PER_USER; i++) {
      await enter(await connect(t, node), 'password', {}, WRONG);
    }
    const right = await enter(await connect(t, node), 'password');
    const wrong = await enter(await connect(t, node), 'password', {}, WRONG);
    assert.deepEqual(right, wrong);
  });
});

/** Behind a proxy that is believed, a client that says it is somebody else each time. */
async function from(t: TestContext, node: NodeHandle, address: string): Promise<RawClient> {
  const { hostname, port } = new URL(node.urls.rawsocket);
  const socket = connectTcp({ host: hostname, port: Number(port) });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const family = address.includes(':') ? 'TCP6' : 'TCP4';
  const own = family === 'TCP6' ? '::1' : '127.0.0.1';
  socket.write(`PROXY ${family} ${address} ${own} 4711 80\r\n`);
  const link = new RawSocketLink(socket);
  link.write(Buffer.of(0x7f, 0xf2, 0, 0));
  await link.handshake(3_000);
  return new RawClient(link, RAWSOCKET_MSGPACK);
}

describe('changing addresses', () => {
  const proxied = { 'wamp.tcp.proxy_protocol': 'on', 'wamp.tcp.trusted_proxies': '127.0.0.1/32' };

  test('do not add guesses for one user', async (t) => {
    const node = await startGuarded(t, proxied);
    for (let i = 0; i < PER_USER; i++) {
      assertRefused(await enter(await from(t, node, `192.0.2.${i + 1}`), 'password', {}, WRONG));
    }
    const before = node.counter('authentications_locked_out');
    assertRefused(await enter(await from(t, node, '198.51.100.1'), 'password'));
    assert.equal(node.counter('authentications_locked_out'), before + 1);
  });

  test('within what one client has of IPv6, or written in another way, are one address', async (t) => {
    const limits = {
      'security.lockout.max_failures_per_address': '3',
      'security.lockout.max_failures_per_user': '1000',
    };
    const node = await startGuarded(t, { ...proxied, ...limits });
    await put(node, [{ ...sourceRecord(SHOP, 'all', 'password'), cidr: '::/0' }]);
    for (const address of ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:0DB8::00ff']) {
      assertRefused(await enter(await from(t, node, address), 'password', {}, WRONG));
    }
    assertRefused(await enter(await from(t, node, '2001:db8::5'), 'password'));
    assert.equal(node.counter('authentications_locked_out'), 1);
    const next = await enter(await from(t, node, '2001:db8:0:1::1'), 'password');
    assert.equal(next[0], wamp.WELCOME);
    for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201']) {
      assertRefused(await enter(await from(t, node, address), 'password', {}, WRONG));
    }
    assertRefused(await enter(await from(t, node, '192.0.2.1'), 'password'));
    assert.equal(node.counter('authentications_locked_out'), 2);
  });

  test('in headers of a proxy that nobody has named are not believed', async (t) => {
    const limits = { 'security.lockout.max_failures_per_address': '3' };
    const node = await startGuarded(t, limits);
    const dial = async (i: number): Promise<RawClient> => {
      const address = `192.0.2.${i}`;
      const headers = {
        'x-forwarded-for': address,
        forwarded: `for=${address}`,
        'x-real-ip': address,
      };
      const socket = new WebSocket(node.urls.websocket, ['wamp.2.json'], { headers });
      t.after(() => socket.terminate());
      const link = new WebSocketLink(socket, WEBSOCKET_JSON);
      await once(socket, 'open');
      return new RawClient(link, WEBSOCKET_JSON);
    };
    for (let i = 1; i <= 3; i++) {
      const authid = `nobody${i}`;
      assertRefused(await enter(await dial(i), 'password', { authid }, WRONG));
    }
    assertRefused(await enter(await dial(9), 'password'));
    assert.equal(node.counter('authentications_locked_out'), 1);
  });
});

test('names that do not exist are locked as those that do', async (t) => {
  const node = await startGuarded(t);
  const words = [];
  for (const authid of ['alice', 'nobody']) {
    for (let i = 0; i <= PER_USER; i++) {
      words.push(await enter(await connect(t, node), 'wampcra', { authid }, WRONG));
    }
  }
  assert.deepEqual(words.slice(0, PER_USER + 1), words.slice(PER_USER + 1));
  assert.equal(node.counter('authentications_locked_out'), 2);
});

test('one realm that is guessed at locks no user of another', async (t) => {
  const node = await startGuarded(t);
  await put(node, await shopRecords({ realm: 'com.example.other' }));
  for (let i = 0; i < PER_USER; i++) {
    await enter(await connect(t, node), 'password', { realm: 'com.example.other' }, WRONG);
  }
  assert.equal(await isLocked(t, node), false);
});
