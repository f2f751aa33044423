/**
 * Bytes on real sockets: right beginnings with wrong continuations, cut anywhere, on every port. Nobody else notices,
 * no actor crashes, nothing stays behind.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { RAWSOCKET_MSGPACK } from '../support/wire.ts';
import { fresh } from '../support/uris.ts';

const node = useTestNode({
  'wamp.hello_timeout': '500ms',
  'wamp.tcp.handshake_timeout': '500ms',
  'api_gateway.http.handshake_timeout': '500ms',
  'wamp.close_timeout': '500ms',
  'wamp.tcp.max_frame_size': '64KB',
  'wamp.websocket.max_frame_size': '64KB',
  'wamp.websocket.compression_enabled': 'on',
});

const HELLO = Buffer.from('[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{}}}]');
const MESSAGES = [
  '[32,1,{},"spec.fuzz"]',
  '[16,2,{"acknowledge":true},"spec.fuzz",[1,"ü"]]',
  '[48,3,{},"wamp.session.count"]',
  '[48,3,{},"spec.nobody",[],{"a":[[[{}]]]}]',
  '[64,1,{},"spec.fuzz"]',
  '[70,1,{}]',
  '[6,{},"wamp.close.close_realm"]',
  '[3,{},"wamp.error.canceled"]',
].map((text) => Buffer.from(text));

const UPGRADE = (subprotocol: string, more = ''): Buffer =>
  Buffer.from(
    'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      `Sec-WebSocket-Protocol: ${subprotocol}\r\n${more}\r\n`,
  );
const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';

type Transport = 'rawsocket' | 'websocket';

const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

function rawFrame(type: number, body: Uint8Array, claimed = body.length): Buffer {
  return Buffer.concat([Buffer.of(type, claimed >> 16, claimed >> 8, claimed), body]);
}

function webSocketFrame(first: number, body: Uint8Array, claimed = body.length): Buffer {
  return Buffer.concat([Buffer.of(first, 0xfe, claimed >> 8, claimed, 0, 0, 0, 0), body]);
}

const body = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(HELLO, ...MESSAGES) },
  { weight: 1, arbitrary: noise },
);

/** Right more often than not, or no session would ever open. */
const FRAMES: Readonly<Record<Transport, fc.Arbitrary<Buffer>>> = {
  rawsocket: fc.oneof(
    { weight: 6, arbitrary: body.map((bytes) => rawFrame(0, bytes)) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom(1, 2), noise).map((p) => rawFrame(...p)) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(255), noise, fc.nat(0xffff)).map((p) => rawFrame(...p)),
    },
    { weight: 1, arbitrary: noise },
  ),
  websocket: fc.oneof(
    { weight: 6, arbitrary: body.map((bytes) => webSocketFrame(0x81, bytes)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(0x01, 0x00, 0x80, 0x89, 0x8a, 0x88, 0x82, 0xc1), noise)
        .map((p) => webSocketFrame(...p)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(255), noise, fc.nat(0xffff)).map((p) => webSocketFrame(...p)),
    },
    { weight: 1, arbitrary: noise },
  ),
};

const OPENINGS: Readonly<Record<Transport, fc.Arbitrary<Buffer>>> = {
  rawsocket: fc.oneof(
    { weight: 5, arbitrary: fc.constant(Buffer.from([0x7f, 0xf1, 0, 0])) },
    { weight: 1, arbitrary: fc.constant(Buffer.from([0x7f, 0x03, 0, 0])) },
    { weight: 1, arbitrary: noise },
  ),
  websocket: fc.oneof(
    { weight: 4, arbitrary: fc.constant(UPGRADE('wamp.2.json')) },
    { weight: 1, arbitrary: fc.constant(UPGRADE('wamp.2.json.batched')) },
    { weight: 2, arbitrary: fc.constant(UPGRADE('wamp.2.json', DEFLATE)) },
    { weight: 1, arbitrary: noise },
  ),
};

function conversation(transport: Transport): fc.Arbitrary<readonly Buffer[]> {
  const first = transport === 'rawsocket' ? rawFrame(0, HELLO) : webSocketFrame(0x81, HELLO);
  return fc
    .tuple(
      OPENINGS[transport],
      fc.boolean(),
      fc.array(FRAMES[transport], { maxLength: 12 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    )
    .map(([opening, saysHello, frames, cuts]) => {
      const bytes = Buffer.concat([opening, ...(saysHello ? [first] : []), ...frames]);
      const places = cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b);
      return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
    });
}

/** Says the pieces, each in a segment of its own, and hangs up; resolves when the router has closed too. */
async function say(port: number, pieces: readonly Buffer[], how: 'end' | 'reset'): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const closed = once(socket, 'close').catch(() => {});
  socket.on('error', () => {}); // a reset is a close
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (how === 'reset') socket.resetAndDestroy();
  else socket.end();
  socket.resume();
  await closed;
}

async function echo(callee: RawClient, caller: RawClient, procedure: string): Promise<void> {
  const request = caller.request(48, {}, procedure);
  await callee.answer();
  await caller.expectReply(50, request);
}

for (const transport of ['rawsocket', 'websocket'] as const) {
  test(`whatever comes on the ${transport} port, others are served and nothing stays behind`, async (t) => {
    const [callee, caller] = [
      await node.join(t, RAWSOCKET_MSGPACK),
      await node.join(t, RAWSOCKET_MSGPACK),
    ];
    const procedure = fresh();
    await callee.register(procedure);
    const port = Number(new URL(node.urls[transport].replace(/^\w+:/, 'http:')).port);
    const hangUp = fc.constantFrom('end' as const, 'reset' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(conversation(transport), hangUp), { minLength: 1, maxLength: 8 }),
        async (conversations) => {
          await Promise.all(conversations.map(([pieces, how]) => say(port, pieces, how)));
          await echo(callee, caller, procedure);
        },
      ),
      { numRuns: 30 },
    );
    let left: unknown;
    for (let i = 0; i < 2_000 && left !== 2; i++) {
      left = ((await caller.call('wamp.session.count'))[3] as readonly unknown[])[0];
    }
    assert.equal(left, 2);
  });
}
