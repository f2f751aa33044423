/** What TLS proves: client certificates, and signatures that are bound to the channel they are made in (RFC 9266, RFC 5929). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dict } from '../../runtime/wamp/message.ts';
import {
  ed25519,
  pbkdf2Salted,
  scramAnswer,
  CLIENT_NONCE,
} from '../actors/security/methods/support.ts';
import { FIRST, SECOND } from '../support/certificates.ts';
import * as wamp from '../support/codes.ts';
import { RawSocketLink } from '../support/links.ts';
import { dict, RawClient } from '../support/raw-client.ts';
import { sourceRecord, userRecord } from '../support/security.ts';
import type { NodeHandle } from '../support/start.ts';
import { startTestNode } from '../support/start.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import {
  assertRefused,
  enter,
  hello,
  KEY,
  PASSWORD,
  put,
  SEED,
  SHOP,
  shopRecords,
  UNHURRIED,
} from './shop.ts';

let node: NodeHandle;
const directory = mkdtempSync(join(tmpdir(), 'bondy-tls-'));

before(async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  node = await startTestNode({
    ...UNHURRIED,
    'shutdown.grace_period': '100ms',
    'wamp.tls.enabled': 'on',
    'wamp.tls.port': '0',
    'wamp.tls.certfile': file('cert.pem', FIRST.cert),
    'wamp.tls.keyfile': file('key.pem', FIRST.key),
    'wamp.tls.cacertfile': file('ca.pem', FIRST.cert),
    'wamp.tls.verify': 'verify_peer',
  });
  const methods = ['tls', 'cryptosign', 'wamp-scram'];
  await put(node, await shopRecords({ methods }));
  // What the certificates name.
  await put(node, [userRecord(SHOP, 'localhost'), sourceRecord(SHOP, 'localhost', 'tls')]);
});

after(async () => {
  await node.stop();
  rmSync(directory, { recursive: true });
  assert.deepEqual(node.crashes(), []);
});

async function dial(
  t: TestContext,
  options: ConnectionOptions = {},
): Promise<{ readonly client: RawClient; readonly socket: TLSSocket }> {
  const { hostname, port } = new URL(node.urlOf('wamp.tls'));
  const socket = connectTls({
    ...{ host: hostname, port: Number(port), ca: FIRST.cert, servername: 'localhost' },
    ...options,
  });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  const link = new RawSocketLink(socket);
  link.write(Buffer.of(0x7f, 0xf2, 0, 0));
  const reply = await link.handshake(3_000);
  assert.equal(reply[0], 0x7f);
  return { client: new RawClient(link, RAWSOCKET_MSGPACK), socket };
}

describe('a client certificate', () => {
  const methods = ['tls'];

  test('of an accepted authority opens a session of the user that it names', async (t) => {
    const { client } = await dial(t, FIRST);
    const [type, , details] = await hello(client, { methods, authid: undefined });
    assert.equal(type, wamp.WELCOME);
    assert.equal(dict(details)['authid'], 'localhost');
    assert.equal(dict(details)['authmethod'], 'tls');
  });

  test('opens no session of another user, or of its name in disguise', async (t) => {
    for (const authid of ['alice', 'localhost\u200b', 'alice-alias', 'localhost.']) {
      const { client } = await dial(t, FIRST);
      assertRefused(await hello(client, { methods, authid }));
    }
  });

  test('of another authority that has the same name is none', async (t) => {
    const { client } = await dial(t, SECOND);
    const answer = await hello(client, { methods, authid: 'localhost' });
    assertRefused(answer, 'wamp.error.no_matching_auth_method');
  });

  test('is asked for where there is none, and a header does not stand for it', async (t) => {
    const { client } = await dial(t);
    const authextra = { certificate: FIRST.cert, 'x-client-cert': 'localhost' };
    const answer = await hello(client, { methods, authid: 'localhost', authextra });
    assertRefused(answer, 'wamp.error.no_matching_auth_method');
  });
});

const sign = ed25519(SEED.toString('hex'));

/** As the specification says: the signature is over challenge XOR channel id. */
function bound(challenge: string, channel: Buffer): string {
  const message = Buffer.from(challenge, 'hex').map((byte, i) => byte ^ channel[i]!);
  return Buffer.concat([sign(message), message]).toString('hex');
}

function channelOf(socket: TLSSocket, binding: string): Buffer {
  if (binding === 'tls-exporter') {
    return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  }
  return createHash('sha256').update(socket.getFinished()!).digest();
}

const CHANNELS = [
  { binding: 'tls-exporter', options: { minVersion: 'TLSv1.3' } },
  { binding: 'tls-unique', options: { maxVersion: 'TLSv1.2' } },
] as const;

for (const { binding, options } of CHANNELS) {
  describe(`cryptosign bound by ${binding}`, () => {
    const said = {
      methods: ['cryptosign'],
      authextra: { pubkey: KEY, channel_binding: binding },
    };

    test('opens a session on the connection that it was made for', async (t) => {
      const { client, socket } = await dial(t, options);
      const [, , extra] = await hello(client, said);
      assert.equal(dict(extra)['channel_binding'], binding);
      const signature = bound(String(dict(extra)['challenge']), channelOf(socket, binding));
      client.send([wamp.AUTHENTICATE, signature, {}]);
      await client.expect(wamp.WELCOME);
    });

    test('that somebody in between relays opens none', async (t) => {
      const { client } = await dial(t, options);
      const victim = await dial(t, options);
      const [, , extra] = await hello(client, said);
      // The victim signs the challenge it was shown on its own connection.
      const channel = channelOf(victim.socket, binding);
      client.send([wamp.AUTHENTICATE, bound(String(dict(extra)['challenge']), channel), {}]);
      assertRefused(await client.next());
    });

    test('cannot be answered without the binding', async (t) => {
      const { client } = await dial(t, options);
      const [, , extra] = await hello(client, said);
      const challenge = String(dict(extra)['challenge']);
      client.send([wamp.AUTHENTICATE, bound(challenge, Buffer.alloc(32)), {}]);
      assertRefused(await client.next());
    });
  });
}

describe('a binding that the channel does not have', () => {
  for (const [binding, options] of [
    ['tls-exporter', { maxVersion: 'TLSv1.2' }],
    ['tls-unique', { minVersion: 'TLSv1.3' }],
    ['tls-server-end-point', {}],
    ['constructor', {}],
    [7, {}],
  ] as const) {
    test(`such as ${binding} with ${JSON.stringify(options)} is refused, and not left out`, async (t) => {
      const { client } = await dial(t, options);
      const authextra = { pubkey: KEY, channel_binding: binding };
      assertRefused(await hello(client, { methods: ['cryptosign'], authextra }));
    });
  }
});

describe('SCRAM bound by tls-exporter', () => {
  const authextra = { nonce: CLIENT_NONCE, channel_binding: 'tls-exporter' };
  const gs2 = (channel: Buffer): string =>
    Buffer.concat([Buffer.from('p=tls-exporter,,'), channel]).toString('base64');
  const prove = (channel: Buffer) => (challenge: Dict) => {
    const salted = pbkdf2Salted(PASSWORD, challenge);
    const { signature, extra } = scramAnswer(salted, 'alice', challenge, gs2(channel));
    const binding = { channel_binding: 'tls-exporter', cbind_data: channel.toString('base64') };
    return { signature, extra: { ...extra, ...binding } as Dict };
  };

  test('opens a session on its own connection, and on no other', async (t) => {
    const [own, other] = [await dial(t), await dial(t)];
    const channel = channelOf(own.socket, 'tls-exporter');
    const proof = { authextra, prove: prove(channel) };
    assertRefused(await enter(other.client, 'wamp-scram', {}, proof));
    assert.equal((await enter(own.client, 'wamp-scram', {}, proof))[0], wamp.WELCOME);
  });

  test('is not had unbound once it was asked for', async (t) => {
    const { client } = await dial(t);
    const unbound = {
      authextra,
      prove: (challenge: Dict) =>
        scramAnswer(pbkdf2Salted(PASSWORD, challenge), 'alice', challenge),
    };
    assertRefused(await enter(client, 'wamp-scram', {}, unbound));
  });
});
