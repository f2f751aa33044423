/** The libraries that clients use, on the other side of the wire. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Encoder as CborX } from 'cbor-x';
import fc from 'fast-check';
import { pack, Packr } from 'msgpackr';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import type { Call, Dict, Invocation, Subscribe, Value } from '../../../runtime/wamp/message.ts';
import { CALL, EMPTY, INVOCATION } from '../../../runtime/wamp/message.ts';
import { decoded, encodeAlone, ids, said, values } from './support.ts';

/** Values as application code has them: no bigint, which the libraries treat each in its own way. */
const plainValues = values.filter((value) => !hasBigint(value));

function hasBigint(value: Value | undefined): boolean {
  if (typeof value === 'bigint') return true;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.values(value as Dict).some(hasBigint);
}

/** Without prototypes, Buffers and negative zeros (cbor-x and JSON do not keep those), for comparison. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return { binary: [...value] };
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value;
  return Object.entries(value)
    .map(([key, inner]) => [key, normal(inner)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The libraries rename this key. */
const KEPT = (value: unknown) => !JSON.stringify(normal(value)).includes('"__proto__"');

const libraries = [
  {
    name: 'msgpackr',
    codec: codecs.msgpack,
    library: new Packr({ useRecords: false, mapsAsObjects: true }),
  },
  {
    name: 'cbor-x',
    codec: codecs.cbor,
    library: new CborX({ useRecords: false, mapsAsObjects: true, tagUint8Array: false }),
  },
  {
    name: 'JSON',
    codec: codecs.json,
    library: {
      encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
      decode: (bytes: Buffer): unknown => JSON.parse(bytes.toString()),
    },
  },
];

for (const { name, codec, library } of libraries) {
  const sayable = plainValues.filter(
    (value) =>
      KEPT(value) && (codec.id !== 'json' || !JSON.stringify(normal(value)).includes('"binary"')),
  );

  describe(`${name} as the other side`, () => {
    it('is understood, ids of any size included', () => {
      fc.assert(
        fc.property(ids, fc.array(sayable, { minLength: 1, maxLength: 5 }), (request, args) => {
          const call = decoded(
            codec,
            library.encode([CALL, request, {}, 'com.example', args]),
          ) as Call;
          assert.equal(call.request, request);
          assert.equal(call.procedure, 'com.example');
          const expected = codec.id === 'json' ? JSON.parse(JSON.stringify(args)) : args;
          // JSON does not tell large floats from integers: they are read as exact bigints
          const got = bigintsAsNumbers(normal(said(codec, call.payload).args));
          assert.deepEqual(got, normal(expected));
        }),
        { numRuns: 500 },
      );
    });

    it('understands what is written here', () => {
      fc.assert(
        fc.property(ids, fc.array(sayable, { minLength: 1, maxLength: 5 }), (request, args) => {
          const invocation: Invocation = {
            type: INVOCATION,
            request,
            registration: 2 ** 40,
            details: { progress: true },
            payload: codec.payload(args),
          };
          const read = library.decode(encodeAlone(codec, invocation)) as unknown[];
          const numbers = read.map((item) => (typeof item === 'bigint' ? Number(item) : item));
          const expected = [INVOCATION, request, 2 ** 40, { progress: true }, args];
          assert.deepEqual(bigintsAsNumbers(normal(numbers)), normal(expected));
        }),
        { numRuns: 500 },
      );
    });

    it('may leave options undefined', () => {
      const bytes = library.encode([
        32,
        1,
        { match: undefined, get_retained: null },
        'com.example',
      ]);
      assert.deepEqual({ ...(decoded(codec, bytes) as Subscribe).options }, {});
    });
  });
}

function bigintsAsNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return Array.isArray(value) ? value.map(bigintsAsNumbers) : value;
}

describe('library defaults that surprise', () => {
  it('are no obstacle: a request id that msgpackr sends as a float', () => {
    const bytes = pack([CALL, 2 ** 40, {}, 'p']);
    assert.equal(bytes.includes(0xcb), true);
    assert.equal((decoded(codecs.msgpack, bytes) as Call).request, 2 ** 40);
  });

  it('are no obstacle: a Uint8Array that cbor-x sends with tag 64', () => {
    const bytes = new CborX({ useRecords: false }).encode([
      CALL,
      1,
      {},
      'p',
      [new Uint8Array([1, 2])],
    ]);
    const { payload } = decoded(codecs.cbor, bytes) as Call;
    const sent = encodeAlone(codecs.json, { type: 50, request: 1, details: EMPTY, payload });
    assert.equal(sent.toString(), '[50,1,{},["\\u0000AQI="]]');
  });
});
