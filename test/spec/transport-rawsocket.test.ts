/** RawSocket: handshake, framing, ping, limits (WAMP advanced/transport_rawsocket.md). */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { connectRawSocket, openRawSocket, rawFrame } from '../support/links.ts';
import type { RawSocketLink } from '../support/links.ts';
import { useTestNode } from '../support/node.ts';
import { RawClient } from '../support/raw-client.ts';
import { SERIALIZERS } from '../support/serializers.ts';
import { fresh } from '../support/uris.ts';
import type { Wire } from '../support/wire.ts';
import { forEachWire, MATRIX, RAWSOCKET_MSGPACK } from '../support/wire.ts';

const node = useTestNode({ 'wamp.tcp.max_frame_size': '64KB' });
const RAWSOCKETS = MATRIX.filter((wire) => wire.transport === 'rawsocket');

async function connect(t: TestContext): Promise<RawSocketLink> {
  const link = await connectRawSocket(node.urls.rawsocket);
  t.after(() => link.destroy());
  return link;
}

async function closed(link: RawSocketLink): Promise<void> {
  await assert.rejects(link.messages.next(3000, 'the close'), /closed/);
}

for (const [serializer, name] of [
  [1, 'JSON'],
  [2, 'MessagePack'],
  [3, 'CBOR'],
] as const) {
  for (const exponent of [0, 7, 15]) {
    test(`the handshake takes ${name} with length exponent ${exponent}`, async (t) => {
      const link = await connect(t);
      link.write(Buffer.of(0x7f, (exponent << 4) | serializer, 0, 0));
      const reply = await link.handshake(3000);
      assert.equal(reply[0], 0x7f);
      assert.equal(reply[1] & 0x0f, serializer);
      assert.equal(link.routerLimit, 64 * 1024);
      assert.deepEqual([reply[2], reply[3]], [0, 0]);
    });
  }
}

const REFUSED: readonly (readonly [string, string, number])[] = [
  ['serializer 0', '7ff00000', 1],
  ['UBJSON', '7ff40000', 1],
  ['FlatBuffers', '7ff50000', 1],
  ['a reserved serializer', '7fff0000', 1],
  ['reserved bits in the third octet', '7ff10100', 3],
  ['reserved bits in the fourth octet', '7ff20001', 3],
];
for (const [what, hex, code] of REFUSED) {
  test(`a handshake with ${what} is refused with error ${code}`, async (t) => {
    const link = await connect(t);
    link.write(Buffer.from(hex, 'hex'));
    const reply = await link.handshake(3000);
    assert.deepEqual([...reply], [0x7f, code << 4, 0, 0]);
    await closed(link);
  });
}

for (const hex of ['00000000', '80f10000', '7e110000', '474554202f20485454502f312e31']) {
  test(`octets ${hex} are not a handshake`, async (t) => {
    const link = await connect(t);
    link.write(Buffer.from(hex, 'hex'));
    await assert.rejects(link.handshake(3000), /closed/);
  });
}

test('the handshake may arrive octet by octet', async (t) => {
  const link = await connect(t);
  for (const octet of [0x7f, 0xf1, 0, 0]) {
    link.write(Buffer.of(octet));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual([...(await link.handshake(3000))].slice(0, 2), [0x7f, 0x71]);
});

test('HELLO may come in one chunk with the handshake', async (t) => {
  const link = await connect(t);
  const hello = Buffer.from(JSON.stringify([1, 'realm1', { roles: { caller: {} } }]));
  link.write(Buffer.concat([Buffer.from('7ff10000', 'hex'), rawFrame(0, hello)]));
  await link.handshake(3000);
  assert.equal(JSON.parse(Buffer.from(await link.messages.next(3000, 'WELCOME')).toString())[0], 2);
});

forEachWire(RAWSOCKETS, (wire) => {
  const linkOf = (client: RawClient): RawSocketLink => client.link as RawSocketLink;

  test('PING is answered by PONG with the same octets', async (t) => {
    const link = linkOf(await node.join(t, wire));
    for (const size of [0, 1, 4, 125, 5000]) {
      const payload = Buffer.alloc(size, size);
      link.sendFrame(1, payload);
      assert.deepEqual(Buffer.from(await link.pongs.next(3000, 'PONG')), payload);
    }
  });

  test('PING is answered before the session is open', async (t) => {
    const link = linkOf(await node.connect(t, wire));
    link.sendFrame(1, Buffer.from('early'));
    assert.equal(Buffer.from(await link.pongs.next(3000, 'PONG')).toString(), 'early');
  });

  test('a PONG that nobody asked for is harmless', async (t) => {
    const client = await node.join(t, wire);
    linkOf(client).sendFrame(2, Buffer.from('unasked'));
    await client.expectNothing();
  });

  for (const type of [3, 4, 5, 6, 7]) {
    test(`a frame of the reserved type ${type} ends the connection`, async (t) => {
      const client = await node.join(t, wire);
      linkOf(client).sendFrame(type, Buffer.from('x'));
      await client.expectAbort();
    });
  }

  test('reserved bits in a frame header end the connection', async (t) => {
    const client = await node.join(t, wire);
    linkOf(client).write(Buffer.from('8000000101', 'hex'));
    await client.expectAbort();
  });

  test('an empty frame is not a message', async (t) => {
    const client = await node.join(t, wire);
    linkOf(client).sendFrame(0, Buffer.alloc(0));
    await client.expectAbort();
  });

  test('frames may arrive octet by octet', async (t) => {
    const client = await node.join(t, wire);
    const message = [wamp.CALL, client.nextId(), {}, 'spec.nobody'];
    for (const octet of rawFrame(0, SERIALIZERS[wire.serializer].encode(message))) {
      linkOf(client).write(Buffer.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.expectError(wamp.CALL, 1, 'wamp.error.no_such_procedure');
  });

  test('a message at the limit passes, one over it ends the connection', async (t) => {
    const client = await node.join(t, wire);
    const limit = 64 * 1024;
    const request = client.request(wamp.CALL, {}, 'spec.nobody', ['x'.repeat(limit - 60)]);
    await client.expectError(wamp.CALL, request, 'wamp.error.no_such_procedure');
    // Only the head: the router must not wait for the rest of what it will not take.
    linkOf(client).write(Buffer.from('00010001', 'hex'));
    await client.expectAbort();
  });

  test('a frame of 16 MiB is refused by its head alone', async (t) => {
    const client = await node.join(t, wire);
    linkOf(client).write(Buffer.from('08000000', 'hex'));
    await client.expectAbort();
  });

  test('a result over the limit of the caller becomes payload_size_exceeded', async (t) => {
    const procedure = fresh();
    const callee = await node.join(t, wire);
    await callee.register(procedure);
    const caller = await small(t, wire);
    const request = caller.request(wamp.CALL, {}, procedure);
    await callee.answer(['x'.repeat(2000)]);
    await caller.expectError(wamp.CALL, request, 'wamp.error.payload_size_exceeded');
    await callee.expectNothing();
  });

  test('a call over the limit of the callee becomes payload_size_exceeded', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await small(t, wire), await node.join(t, wire)];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure, ['x'.repeat(2000)]);
    await caller.expectError(wamp.CALL, request, 'wamp.error.payload_size_exceeded');
    await callee.expectNothing();
  });

  test('an event over the limit of a subscriber is dropped for that subscriber only', async (t) => {
    const topic = fresh();
    const [one, two, publisher] = [
      await small(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await one.subscribe(topic);
    await two.subscribe(topic);
    await publisher.publish(topic, {}, ['x'.repeat(2000)]);
    await publisher.publish(topic, {}, ['short']);
    assert.deepEqual((await one.expect(wamp.EVENT))[4], ['short']);
    assert.equal((await two.received()).length, 2);
  });
});

/** A session that accepts 1024 octets a message. */
async function small(t: TestContext, wire: Wire): Promise<RawClient> {
  const link = await openRawSocket(node.urls.rawsocket, wire.serializer, { lengthExponent: 1 });
  t.after(() => link.destroy());
  return new RawClient(link, wire).join();
}

test('a client whose limit is too small for a WELCOME is let go cleanly', async (t) => {
  const link = await openRawSocket(node.urls.rawsocket, 'msgpack', { lengthExponent: 0 });
  t.after(() => link.destroy());
  const client = new RawClient(link, RAWSOCKET_MSGPACK);
  client.send([wamp.HELLO, 'realm1', { roles: wamp.BASIC_ROLES }]);
  const answer = await link.messages.next(3000, 'an answer').catch((error: Error) => error);
  if (answer instanceof Error) assert.match(answer.message, /closed/);
  else assert(answer.length <= 512, `${answer.length} octets were sent to a client that takes 512`);
  await node.expectHealthy(t);
});
