/**
 * Payloads between all serializers: what one peer says is what the other hears, whatever the router does to the
 * bytes in between (WAMP basic/building_blocks.md "Serializations", advanced/serialization_binary_json.md).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CALL, EVENT, INVOCATION, RESULT } from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import type { Wire } from '../support/wire.ts';
import { BATCHED, MATRIX, wireName } from '../support/wire.ts';

const node = useTestNode();

const VALUES: Readonly<Record<string, unknown>> = {
  'small integers': [0, 1, -1, 23, 24, 127, 128, -32, -33, 255, 256, 65535, 65536],
  'integers up to 2^53': [
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 31) - 1,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
  ],
  '64-bit integers': [9223372036854775807n, -9223372036854775808n, 18446744073709551615n],
  fractions: [0.5, -1.25, 1e300, 5e-324, 3.141592653589793],
  'booleans and null': [true, false, null],
  strings: ['', 'plain', 'ünïcödé', '数据', '😀', '\u0001\u001f"\\/'],
  nesting: [[[[[]]]], { a: { b: [{ c: {} }] } }],
  'odd keys': [{ '': 1, 'a b': 2, ключ: 3, constructor: 4, toString: 5 }],
};

const BINARY = [new Uint8Array(0), Uint8Array.of(0, 255, 128, 10), new Uint8Array(70_000).fill(7)];

/** Every wire to itself and to those with another serializer; the batched ones to the next. */
const PAIRS: readonly (readonly [Wire, Wire])[] = [
  ...MATRIX.flatMap((from) =>
    MATRIX.filter((to) => to === from || to.serializer !== from.serializer).map(
      (to) => [from, to] as const,
    ),
  ),
  ...BATCHED.map((from, i) => [from, BATCHED[(i + 1) % BATCHED.length]] as const),
];

for (const [from, to] of PAIRS) {
  describe(`from ${wireName(from)} to ${wireName(to)}`, () => {
    test('arguments and results arrive as they were sent', async (t) => {
      const [caller, callee] = [await node.join(t, from), await node.join(t, to)];
      const procedure = fresh();
      await callee.register(procedure);
      for (const [what, value] of Object.entries(VALUES)) {
        const request = caller.request(CALL, {}, procedure, [value], { value });
        const invocation = await callee.answer([value], { value });
        assert.deepEqual(invocation.slice(4), [[value], { value }], what);
        const result = await caller.expectReply(RESULT, request);
        assert.deepEqual(result.slice(3), [[value], { value }], what);
      }
    });

    test('binaries stay binaries', async (t) => {
      const [publisher, subscriber] = [await node.join(t, from), await node.join(t, to)];
      const topic = fresh();
      await subscriber.subscribe(topic);
      await publisher.publish(topic, {}, BINARY, { nested: { bytes: BINARY[1] } });
      const event = await subscriber.expect(EVENT);
      assert.deepEqual(event.slice(4), [BINARY, { nested: { bytes: BINARY[1] } }]);
    });
  });
}

/** More than 65,535 items or octets: the widest length prefixes. */
const LARGE = ['x'.repeat(70_000), Array.from({ length: 70_000 }, (_, i) => i % 200)];

for (const [i, from] of MATRIX.entries()) {
  const to = MATRIX[(i + 1) % MATRIX.length];
  test(`large collections pass from ${wireName(from)} to ${wireName(to)}`, async (t) => {
    const [publisher, subscriber] = [await node.join(t, from), await node.join(t, to)];
    const topic = fresh();
    await subscriber.subscribe(topic);
    await publisher.publish(topic, {}, LARGE);
    assert.deepEqual((await subscriber.expect(EVENT))[4], LARGE);
  });
}

/** The payload of an event as the subscriber's bytes, to look at what a decoder would hide. */
async function bytesOfEvent(
  t: Parameters<typeof node.join>[0],
  from: Wire,
  to: Wire,
  publish: (topic: string) => Uint8Array,
): Promise<Buffer> {
  const [publisher, subscriber] = [await node.join(t, from), await node.join(t, to)];
  const topic = fresh();
  await subscriber.subscribe(topic);
  publisher.sendBytes(publish(topic));
  return Buffer.from(await subscriber.nextBytes('EVENT'));
}

const [JSON_WIRE, MSGPACK_WIRE, CBOR_WIRE] = MATRIX;

function cborText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x78, bytes.length), bytes]);
}

function msgpackText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(0xd9, bytes.length), bytes]);
}

function jsonPublish(topic: string, args: string): Buffer {
  return Buffer.from(`[16,1,{},"${topic}",${args}]`);
}

function cborPublish(topic: string, args: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x85, 16, 1, 0xa0), cborText(topic), args]);
}

function msgpackPublish(topic: string, args: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x95, 16, 1, 0x80), msgpackText(topic), args]);
}

test('1.0 stays a float on its way from CBOR to MessagePack and JSON', async (t) => {
  const one = Buffer.from('81fb3ff0000000000000', 'hex');
  const toMsgpack = await bytesOfEvent(t, CBOR_WIRE, MSGPACK_WIRE, (topic) =>
    cborPublish(topic, one),
  );
  assert(
    toMsgpack.includes(Buffer.from('cb3ff0000000000000', 'hex')) ||
      toMsgpack.includes(Buffer.from('ca3f800000', 'hex')),
  );
  const toJson = await bytesOfEvent(t, CBOR_WIRE, JSON_WIRE, (topic) => cborPublish(topic, one));
  assert.match(toJson.toString(), /\[1\.0\]\]$/);
});

test('1.0 stays a float on its way from JSON to MessagePack', async (t) => {
  const bytes = await bytesOfEvent(t, JSON_WIRE, MSGPACK_WIRE, (topic) =>
    jsonPublish(topic, '[1.0]'),
  );
  assert(
    bytes.includes(Buffer.from('cb3ff0000000000000', 'hex')) ||
      bytes.includes(Buffer.from('ca3f800000', 'hex')),
  );
});

test('the same serializer on both sides passes the payload through byte by byte', async (t) => {
  const args = '[ 1.0, 1e2 , 12345678901234567890123, "\\u00e9\\/" ]';
  const json = await bytesOfEvent(t, JSON_WIRE, JSON_WIRE, (topic) => jsonPublish(topic, args));
  assert(json.toString().includes(args), json.toString());
  // An indefinite-length list and a tag of a kind nobody has registered.
  const cborArgs = Buffer.from('9f1801c8f5ff', 'hex');
  const cbor = await bytesOfEvent(t, CBOR_WIRE, CBOR_WIRE, (topic) => cborPublish(topic, cborArgs));
  assert(cbor.includes(cborArgs));
  // A wide integer, an extension type.
  const msgpackArgs = Buffer.from('92d30000000000000001d40563', 'hex');
  const packed = await bytesOfEvent(t, MSGPACK_WIRE, MSGPACK_WIRE, (topic) =>
    msgpackPublish(topic, msgpackArgs),
  );
  assert(packed.includes(msgpackArgs));
});

test('wide and indefinite encodings are understood between serializers', async (t) => {
  const indefinite = Buffer.from('9f7f616161626163ff5f41014102ffbf616101ffff', 'hex');
  const json = await bytesOfEvent(t, CBOR_WIRE, JSON_WIRE, (topic) =>
    cborPublish(topic, indefinite),
  );
  assert.deepEqual(JSON.parse(json.toString())[4], ['abc', '\u0000AQI=', { a: 1 }]);
  const wide = Buffer.from('dd00000002cf0000000000000001db0000000161', 'hex');
  const packed = await bytesOfEvent(t, MSGPACK_WIRE, JSON_WIRE, (topic) =>
    msgpackPublish(topic, wide),
  );
  assert.deepEqual(JSON.parse(packed.toString())[4], [1, 'a']);
});

test('__proto__ is a key like any other', async (t) => {
  const json = await bytesOfEvent(t, CBOR_WIRE, JSON_WIRE, (topic) =>
    cborPublish(topic, Buffer.concat([Buffer.of(0x81, 0xa1), cborText('__proto__'), Buffer.of(1)])),
  );
  assert.match(json.toString(), /\{"__proto__":1\}/);
});

test('ids above 2^32 go out as integers in every serializer', async (t) => {
  for (const wire of MATRIX) {
    const client = await node.join(t, wire);
    // join decodes with libraries that would give a fraction or lose digits for anything but an integer.
    assert(Number.isInteger(client.session));
  }
  const publisher = await node.join(t, JSON_WIRE);
  const subscriber = await node.join(t, MSGPACK_WIRE);
  const topic = fresh();
  await subscriber.subscribe(topic);
  const publication = await publisher.publish(topic);
  const bytes = Buffer.from(await subscriber.nextBytes('EVENT'));
  const wide = Buffer.alloc(9);
  wide[0] = publication >= 2 ** 32 ? 0xcf : 0xce;
  wide.writeBigUInt64BE(BigInt(publication), 1);
  assert(bytes.includes(publication >= 2 ** 32 ? wide : wide.subarray(5)), bytes.toString('hex'));
});

test('JSON with whitespace and escapes is understood', async (t) => {
  const client = await node.join(t, JSON_WIRE);
  client.sendBytes(Buffer.from(' [ 48 , 1,\r\n\t{ } ,"spec\\u002enobody\\u002eregisters" ] '));
  await client.expectError(CALL, 1, 'wamp.error.no_such_procedure');
});

test('empty arguments are not added where none were sent', async (t) => {
  const [caller, callee] = [await node.join(t, JSON_WIRE), await node.join(t, CBOR_WIRE)];
  const procedure = fresh();
  await callee.register(procedure);
  caller.request(CALL, {}, procedure);
  assert.equal((await callee.expect(INVOCATION)).length, 4);
});

test('options with 64-bit integers, binaries and deep values do not confuse the envelope', async (t) => {
  for (const wire of MATRIX) {
    const client = await node.join(t, wire);
    const options = {
      _custom: [18446744073709551615n, Uint8Array.of(1), { a: [null] }],
      x_float: 0.5,
    };
    await client.subscribe(fresh(), options);
  }
});
