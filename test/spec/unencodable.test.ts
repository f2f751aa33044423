/**
 * Payloads that one serializer can say and another cannot (docs/serializers.md): a call is answered, an event
 * reaches those who can hear it, and nothing is changed in silence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import type { Wire } from '../support/wire.ts';
import {
  forEachWire,
  MATRIX,
  RAWSOCKET_MSGPACK,
  WEBSOCKET_CBOR,
  WEBSOCKET_JSON,
} from '../support/wire.ts';

const node = useTestNode();
const REFUSED = 'wamp.error.invalid_payload';

interface Case {
  readonly what: string;
  readonly from: Wire;
  /** Arguments as bytes of the sender's serializer. */
  readonly args: Uint8Array;
  readonly to: Wire;
}

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

const CASES: readonly Case[] = [
  { what: 'NaN', from: WEBSOCKET_CBOR, args: hex('81f97e00'), to: WEBSOCKET_JSON },
  {
    what: 'infinity',
    from: RAWSOCKET_MSGPACK,
    args: hex('91cb7ff0000000000000'),
    to: WEBSOCKET_JSON,
  },
  {
    what: 'a long integer',
    from: WEBSOCKET_CBOR,
    args: hex('81c249010000000000000001'),
    to: RAWSOCKET_MSGPACK,
  },
  {
    what: 'bad base64',
    from: WEBSOCKET_JSON,
    args: Buffer.from('["\\u0000AQI"]'),
    to: WEBSOCKET_CBOR,
  },
  {
    what: 'text that begins with U+0000',
    from: RAWSOCKET_MSGPACK,
    args: hex('91a20061'),
    to: WEBSOCKET_JSON,
  },
];

const CALL_HEAD: Record<Wire['serializer'], (id: number, uri: string) => Uint8Array> = {
  json: (id, uri) => Buffer.from(`[48,${id},{},"${uri}",`),
  msgpack: (id, uri) =>
    Buffer.concat([Buffer.of(0x95, 48, id, 0x80, 0xd9, uri.length), Buffer.from(uri)]),
  cbor: (id, uri) =>
    Buffer.concat([Buffer.of(0x85, 0x18, 48, id, 0xa0, 0x78, uri.length), Buffer.from(uri)]),
};

const YIELD_HEAD: Record<Wire['serializer'], (id: number) => Uint8Array> = {
  json: (id) => Buffer.from(`[70,${id},{},`),
  msgpack: (id) => Buffer.of(0x94, 70, id, 0x80),
  cbor: (id) => Buffer.of(0x84, 0x18, 70, id, 0xa0),
};

const PUBLISH_HEAD: Record<Wire['serializer'], (id: number, uri: string) => Uint8Array> = {
  json: (id, uri) => Buffer.from(`[16,${id},{},"${uri}",`),
  msgpack: (id, uri) =>
    Buffer.concat([Buffer.of(0x95, 16, id, 0x80, 0xd9, uri.length), Buffer.from(uri)]),
  cbor: (id, uri) =>
    Buffer.concat([Buffer.of(0x85, 16, id, 0xa0, 0x78, uri.length), Buffer.from(uri)]),
};

function sendRaw(client: RawClient, head: Uint8Array, args: Uint8Array): void {
  const tail = client.wire.serializer === 'json' ? ']' : '';
  client.sendBytes(Buffer.concat([head, args, Buffer.from(tail)]));
}

for (const { what, from, args, to } of CASES) {
  test(`a call with ${what} is refused, and its callee is not bothered`, async (t) => {
    const procedure = fresh();
    const [caller, callee] = [await node.join(t, from), await node.join(t, to)];
    await callee.register(procedure);
    const request = caller.nextId();
    sendRaw(caller, CALL_HEAD[from.serializer](request, procedure), args);
    await caller.expectError(wamp.CALL, request, REFUSED);
    await callee.expectNothing();
  });

  test(`a result with ${what} becomes an error for the caller`, async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, from), await node.join(t, to)];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    sendRaw(callee, YIELD_HEAD[from.serializer](Number(invocation[1])), args);
    await caller.expectError(wamp.CALL, request, REFUSED);
    await callee.expectNothing();
  });

  test(`an event with ${what} reaches those who speak as the publisher does`, async (t) => {
    const topic = fresh();
    const [publisher, same, other] = [
      await node.join(t, from),
      await node.join(t, from),
      await node.join(t, to),
    ];
    await same.subscribe(topic);
    await other.subscribe(topic);
    const before = node.handle.counter('events_dropped_unencodable');
    sendRaw(publisher, PUBLISH_HEAD[from.serializer](publisher.nextId(), topic), args);
    await publisher.expectNothing();
    assert(Buffer.from(await same.nextBytes('EVENT')).includes(Buffer.from(args)));
    await other.expectNothing();
    assert.equal(node.handle.counter('events_dropped_unencodable'), before + 1);
  });
}

forEachWire(MATRIX, (wire) => {
  test('hostile numbers cost no time', async (t) => {
    const topic = fresh();
    const subscribers = [];
    for (const to of MATRIX) {
      const subscriber = await node.join(t, to);
      await subscriber.subscribe(topic);
      subscribers.push(subscriber);
    }
    const publisher = await node.join(t, wire);
    const digits = 1_000_000;
    const hostile: Record<Wire['serializer'], Uint8Array> = {
      json: Buffer.from(`[1${'0'.repeat(digits)}]`),
      // A bignum of a million octets; MessagePack has none, so its largest extension.
      cbor: Buffer.concat([hex('81c25a000f4240'), Buffer.alloc(digits, 0xff)]),
      msgpack: Buffer.concat([hex('91c9000f424005'), Buffer.alloc(digits, 0xff)]),
    };
    const started = performance.now();
    sendRaw(
      publisher,
      PUBLISH_HEAD[wire.serializer](publisher.nextId(), topic),
      hostile[wire.serializer],
    );
    const outcome = await publisher.received().catch((error: Error) => error);
    for (const subscriber of subscribers)
      await subscriber.received().catch((error: Error) => error);
    assert(outcome instanceof Error || outcome.length <= 1);
    assert(performance.now() - started < 2000);
    await node.expectHealthy(t);
  });
});
