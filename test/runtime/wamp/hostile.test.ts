/** Bytes from an enemy: never a throw, never a loop, bombs refused at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, Violation } from '../../../runtime/wamp/codec.ts';
import type { Call, Message } from '../../../runtime/wamp/message.ts';
import { CALL } from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import { messages } from './messages.ts';
import { allCodecs, decode, encodeAlone, formats, hex } from './support.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';

const BOMB_BYTES = 4 * 1024 * 1024;
/** Of CPU, not of a busy machine's clock; the quadratic and recursive cases take seconds to minutes. */
const AT_ONCE_MS = 250;

for (const codec of allCodecs) {
  /** What is accepted must also survive everything that may happen to it afterwards. */
  const survive = (message: Message | Violation) => {
    if (message instanceof Violation) return assert.equal(typeof message.detail, 'string');
    for (const format of formats) codecs[format].encode(message, new ByteWriter(16));
    if ('payload' in message) {
      const { payload } = message;
      assert.ok(payload.start <= payload.end && payload.end <= payload.bytes.length);
      codec.read(payload);
    }
  };

  describe(`${codec.id} under attack`, () => {
    it('survives random bytes', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => survive(decode(codec, bytes))),
        { numRuns: 20_000 },
      );
    });

    it('survives random bytes behind the head of a CALL', () => {
      const head = { json: '[48,1,', msgpack: hex('953001'), cbor: hex('85183001') }[codec.id];
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
          survive(decode(codec, Buffer.concat([Buffer.from(head), bytes]))),
        ),
        { numRuns: 20_000 },
      );
    });

    it('survives messages with bytes changed, cut and inserted', () => {
      const edits = fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.uint8Array({ maxLength: 3 })), {
        minLength: 1,
        maxLength: 4,
      });
      fc.assert(
        fc.property(messages(codec), edits, (message, changes) => {
          let bytes = encodeAlone(codec, message);
          for (const [where, cut, insert] of changes) {
            const at = where % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + cut)]);
          }
          survive(decode(codec, bytes));
        }),
        { numRuns: 5000 },
      );
    });

    it('never reads beyond its frame', () => {
      fc.assert(
        fc.property(messages(codec), fc.nat(), (message, cut) => {
          const bytes = encodeAlone(codec, message);
          const end = cut % bytes.length;
          // The rest of the message is in the chunk, but belongs to the next frame.
          const result = codec.decode(bytes, 0, end, DEFAULT_LIMITS);
          assert.ok(result instanceof Violation);
        }),
        { numRuns: 2000 },
      );
    });
  });
}

const prefix = {
  msgpack: hex('953001 80 a170'),
  cbor: hex('851830 01 a0 6170'),
  json: Buffer.from('[48,1,{},"p",'),
};

function bomb(format: keyof typeof prefix, unit: Uint8Array): Buffer {
  const fill = Buffer.alloc(BOMB_BYTES, unit);
  return Buffer.concat([prefix[format], fill]);
}

const bombs: [string, keyof typeof prefix, Buffer][] = [
  ['nested lists', 'json', bomb('json', Buffer.from('['))],
  ['nested dicts', 'json', bomb('json', Buffer.from('{"a":'))],
  ['a string without an end', 'json', bomb('json', Buffer.from('["'.repeat(1) + 'a'))],
  ['spaces', 'json', bomb('json', Buffer.from(' '))],
  ['nested lists', 'msgpack', bomb('msgpack', hex('91'))],
  ['nested maps', 'msgpack', bomb('msgpack', hex('81a161'))],
  ['a list said to hold 2^32 - 1 elements', 'msgpack', Buffer.concat([prefix.msgpack, hex('ddffffffff')])],
  ['a map said to hold 2^32 - 1 pairs', 'msgpack', Buffer.concat([prefix.msgpack, hex('90dfffffffff')])],
  ['a string said to be 4 GiB', 'msgpack', Buffer.concat([prefix.msgpack, hex('91dbffffffff')])],
  ['an extension said to be 4 GiB', 'msgpack', Buffer.concat([prefix.msgpack, hex('91c9ffffffff01')])],
  ['lists of lists that claim much', 'msgpack', bomb('msgpack', hex('dd00000fff'))],
  ['nested lists', 'cbor', bomb('cbor', hex('81'))],
  ['nested lists of unknown length', 'cbor', bomb('cbor', hex('9f'))],
  ['nested maps', 'cbor', bomb('cbor', hex('a16161'))],
  ['tags on tags', 'cbor', Buffer.concat([prefix.cbor, hex('81'), bomb('cbor', hex('c1'))])],
  ['a list said to hold 2^64 - 1 elements', 'cbor', Buffer.concat([prefix.cbor, hex('9bffffffffffffffff')])],
  ['a string said to be 2^63 bytes', 'cbor', Buffer.concat([prefix.cbor, hex('817b8000000000000000')])],
  ['a bignum of 4 MiB', 'cbor', Buffer.concat([prefix.cbor, hex('81c25a00400000'), Buffer.alloc(BOMB_BYTES, 7)])],
  ['a bignum in chunks', 'cbor', Buffer.concat([prefix.cbor, hex('81c25f'), Buffer.alloc(BOMB_BYTES, hex('4101')), hex('ff')])],
  ['an endless message of endless messages', 'cbor', Buffer.alloc(BOMB_BYTES, hex('9f'))],
]; // prettier-ignore

describe('bombs', () => {
  for (const [name, format, bytes] of bombs) {
    it(`are refused at once: ${name} in ${format}`, () => {
      const start = process.cpuUsage();
      const result = codecs[format].decode(bytes, 0, bytes.length, DEFAULT_LIMITS);
      const spent = process.cpuUsage(start).user / 1000;
      assert.ok(result instanceof Violation);
      assert.ok(spent < AT_ONCE_MS, `${spent} ms`);
    });
  }

  it('of many digits take no longer than other bytes', () => {
    const digits = Buffer.concat([
      prefix.json,
      Buffer.from('['),
      Buffer.alloc(BOMB_BYTES, '7'),
      Buffer.from(']]'),
    ]);
    const start = process.cpuUsage();
    const call = codecs.json.decode(digits, 0, digits.length, DEFAULT_LIMITS) as Call;
    assert.equal(call.type, CALL);
    assert.deepEqual(codecs.json.read(call.payload), {
      args: [Infinity],
      kwargs: Object.create(null) as object,
    });
    assert.ok(codecs.cbor.encode(call, new ByteWriter(16)), 'refused');
    assert.ok(process.cpuUsage(start).user / 1000 < AT_ONCE_MS * 4);
  });
});

describe('CBOR that is not well-formed', () => {
  const broken: [string, string][] = [
    ['a break outside of anything endless', '8101ff'],
    ['a break in a list of known length', '82 01 ff'],
    ['a break for a value', '81 bf 6161 ff'],
    ['a break under a tag', '81 9f c1 ff'],
    ['reserved lengths', '81 1c'],
    ['a simple value below 32 in two bytes', '81 f8 10'],
    ['an endless integer', '81 1f'],
    ['chunks of another kind', '81 7f 4161 ff'],
    ['chunks within chunks', '81 7f 7f 6161 ff ff'],
    ['a character split over chunks', '81 7f 61c3 61a9 ff'],
    ['a bignum that is no binary', '81 c2 01'],
  ];
  for (const [name, args] of broken) {
    it(`is refused: ${name}`, () => {
      const bytes = Buffer.concat([prefix.cbor, hex(args)]);
      assert.ok(decode(codecs.cbor, bytes) instanceof Violation);
    });
  }

  it('is refused in MessagePack too: the byte 0xc1', () => {
    assert.ok(
      decode(codecs.msgpack, Buffer.concat([prefix.msgpack, hex('91c1')])) instanceof Violation,
    );
  });
});

describe('CBOR in unusual forms', () => {
  it('is read when the message, its dicts and its strings have no known length', () => {
    const bytes = hex('9f 1830 01 bf 7f 6161 ff f5 ff 7f 6163 616f ff 9f 01 ff bf 6162 02 ff ff');
    const call = decode(codecs.cbor, bytes) as Call;
    assert.deepEqual({ ...call.options }, { a: true });
    assert.equal(call.procedure, 'co');
    const { args, kwargs } = codecs.cbor.read(call.payload) as { args: unknown; kwargs: object };
    assert.deepEqual([args, { ...kwargs }], [[1], { b: 2 }]);
  });
});
