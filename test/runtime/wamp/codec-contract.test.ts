/** What every serializer does, the same suite for all (basic/messages.md, basic/building_blocks.md). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, Violation } from '../../../runtime/wamp/codec.ts';
import type { Call, Value } from '../../../runtime/wamp/message.ts';
import { CALL, EMPTY, NO_PAYLOAD, retain, UNSUBSCRIBED } from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import { messages } from './messages.ts';
import {
  allCodecs,
  bytesOf,
  decode,
  decoded,
  dict,
  dicts,
  encodeAlone,
  lists,
  plain,
  said,
  violation,
} from './support.ts';

for (const codec of allCodecs) {
  describe(codec.id, () => {
    it('reads back every message it writes', () => {
      fc.assert(
        fc.property(messages(codec), (message) => {
          const read = decoded(codec, encodeAlone(codec, message));
          assert.deepEqual(plain(codec, read), plain(codec, message));
        }),
        { numRuns: 500 },
      );
    });

    it('passes a payload through byte for byte', () => {
      fc.assert(
        fc.property(lists, dicts, (args, kwargs) => {
          const call = { type: CALL, request: 1, options: EMPTY, procedure: 'p' } as const;
          const payload = codec.payload(args, kwargs);
          const first = decoded(codec, encodeAlone(codec, { ...call, payload })) as Call;
          const second = decoded(codec, encodeAlone(codec, first)) as Call;
          assert.deepEqual(bytesIn(second), bytesIn(first));
          assert.deepEqual(bytesIn(first), Buffer.from(payload.bytes));
        }),
      );
    });

    it('reads what it made for the node, exactly', () => {
      fc.assert(
        fc.property(lists, dicts, (args, kwargs) => {
          assert.deepStrictEqual(said(codec, codec.payload(args, kwargs)), { args, kwargs });
        }),
      );
    });

    it('keeps a retained payload when the chunk is reused', () => {
      const bytes = encodeAlone(codec, call([1, 'two'], { three: 3 }));
      const { payload } = decoded(codec, bytes) as Call;
      const kept = retain(payload);
      payload.bytes.fill(0xee);
      assert.deepEqual(said(codec, kept), { args: [1, 'two'], kwargs: dict({ three: 3 }) });
    });

    it('keeps integers exact on both sides of 2^53 and of 64 bits', () => {
      const integers = [
        0, 23, 24, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1,
        2 ** 53, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, -1, -24, -25, -32, -33, -128, -129,
        -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 53), -(2n ** 53n) - 1n, -(2n ** 63n),
      ]; // prettier-ignore
      assert.deepStrictEqual(said(codec, codec.payload(integers)).args, integers);
    });

    it('leaves out a payload that is empty', () => {
      assert.equal(codec.payload(), NO_PAYLOAD);
      assert.equal(codec.payload([], {}), NO_PAYLOAD);
      assert.equal(codec.payload([1], {}).items, 1);
      assert.equal(codec.payload([], { a: 1 }).items, 2);
    });

    it('takes __proto__ as a key like any other', () => {
      const options = dict({ ['__proto__']: 'mine' });
      const read = decoded(codec, encodeAlone(codec, { ...call(), options })) as Call;
      assert.deepEqual(Object.keys(read.options), ['__proto__']);
      assert.equal(Object.getPrototypeOf(read.options), null);
    });

    it('takes null options as none, and a null option as absent', () => {
      const none = decoded(codec, bytesOf(codec, [48, 1, null, 'p'])) as Call;
      assert.deepEqual(none.options, EMPTY);
      const absent = decoded(codec, bytesOf(codec, [48, 1, dict({ a: null, b: 1 }), 'p'])) as Call;
      assert.deepEqual(absent.options, dict({ b: 1 }));
      const inner = decoded(codec, bytesOf(codec, [48, 1, dict({ a: dict({ b: null }) }), 'p']));
      assert.deepEqual((inner as Call).options, dict({ a: dict({ b: null }) }));
    });

    it('does not send undefined options', () => {
      const read = decoded(
        codec,
        encodeAlone(codec, { ...call(), options: { a: undefined, b: 1 } }),
      );
      assert.deepEqual((read as Call).options, dict({ b: 1 }));
    });

    it('takes an integral float as an id', () => {
      const bytes = {
        json: Buffer.from('[48,7.0,{},"p"]'),
        msgpack: Buffer.from('9430cb401c00000000000080a170', 'hex'),
        cbor: Buffer.from('841830fb401c000000000000a06170', 'hex'),
      }[codec.id];
      assert.equal((decoded(codec, bytes) as Call).request, 7);
    });

    const refused: [Value[], string][] = [
      [[], 'a message must start with an integer type'],
      [['48', 1, EMPTY, 'p'], 'a message must start with an integer type'],
      [[true, 1, EMPTY, 'p'], 'a message must start with an integer type'],
      [[0], 'unknown message type 0'],
      [[7, 1, 1], 'unknown message type 7'],
      [[37, 1], 'unknown message type 37'],
      [[256], 'unknown message type 256'],
      [[2 ** 53], 'unknown message type 9007199254740992'],
      [[48, 0, EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, -1, EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, 1.5, EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, true, EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, '1', EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, null, EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, 2n ** 53n + 1n, EMPTY, 'p'], 'CALL: Request must be an id (1 to 2^53)'],
      [[48, 1, [], 'p'], 'CALL: Options must be a dict'],
      [[48, 1, 'x', 'p'], 'CALL: Options must be a dict'],
      [[48, 1, false, 'p'], 'CALL: Options must be a dict'],
      [[48, 1, EMPTY, 5], 'CALL: Procedure must be a string'],
      [[48, 1, EMPTY, null], 'CALL: Procedure must be a string'],
      [[48, 1, EMPTY, 'p', null], 'CALL: Arguments must be a list'],
      [[48, 1, EMPTY, 'p', EMPTY], 'CALL: Arguments must be a list'],
      [[48, 1, EMPTY, 'p', 'x'], 'CALL: Arguments must be a list'],
      [[48, 1, EMPTY, 'p', [], null], 'CALL: ArgumentsKw must be a dict'],
      [[48, 1, EMPTY, 'p', [], []], 'CALL: ArgumentsKw must be a dict'],
      [[48, 1, EMPTY], 'CALL: must have 4 to 6 elements'],
      [[48, 1, EMPTY, 'p', [], EMPTY, 1], 'CALL: must have 4 to 6 elements'],
      [[32, 1, EMPTY, 'p', []], 'SUBSCRIBE: must have 4 elements'],
      [[34, 1, 0], 'UNSUBSCRIBE: Subscription must be an id (1 to 2^53)'],
      [[35, 0], 'UNSUBSCRIBED: Request must be an id (1 to 2^53)'],
      [[35, 1, EMPTY], 'UNSUBSCRIBED: Request must be 0 in a revocation'],
      [[1, 'realm1', 1], 'HELLO: Details must be a dict'],
      [[1], 'HELLO: must have 3 elements'],
      [[8, 68, 1, EMPTY, 7], 'ERROR: Error must be a string'],
    ];
    for (const [list, detail] of refused) {
      it(`refuses ${show(list)}: ${detail}`, () => {
        assert.equal(violation(codec, bytesOrEmpty(list)), detail);
      });
    }

    const bytesOrEmpty = (list: Value[]) =>
      list.length > 0
        ? bytesOf(codec, list)
        : Buffer.from({ json: '5b5d', msgpack: '90', cbor: '80' }[codec.id], 'hex');

    it('refuses what is no list', () => {
      for (const value of [null, true, 5, 'text', dict({ a: 1 })]) {
        const inner = bytesOf(codec, [value]);
        const bytes = codec.id === 'json' ? inner.subarray(1, -1) : inner.subarray(1);
        assert.equal(violation(codec, bytes), 'a message must be a list');
      }
      assert.equal(violation(codec, Buffer.alloc(0)), 'a message must be a list');
    });

    it('refuses every message that is cut short, and bytes after it', () => {
      const bytes = encodeAlone(codec, {
        ...call([1.5, 'text', [null]], { key: new Uint8Array(3) }),
        options: dict({ a: [1, 'é'] }),
      });
      for (let end = 0; end < bytes.length; end++) {
        assert.ok(decode(codec, bytes.subarray(0, end)) instanceof Violation, `cut at ${end}`);
      }
      const longer = Buffer.concat([bytes, Buffer.from('0')]);
      assert.equal(violation(codec, longer), 'CALL: bytes after the message');
    });

    it('takes nesting up to the limit, counted from the message, and no deeper', () => {
      const nested = (depth: number): Value => (depth === 0 ? 1 : [nested(depth - 1)]);
      const limits = { maxDepth: 8 };
      const read = (list: Value[]) => {
        const bytes = bytesOf(codec, list);
        return codec.decode(bytes, 0, bytes.length, limits);
      };
      // message 1, Arguments 2, six more
      assert.ok(!(read([48, 1, EMPTY, 'p', [nested(6)]]) instanceof Violation));
      const deep = read([48, 1, EMPTY, 'p', [nested(7)]]);
      assert.deepEqual(deep, new Violation('CALL: Arguments: nested too deep'));
      assert.ok(!(read([48, 1, EMPTY, 'p', [], dict({ a: nested(6) })]) instanceof Violation));
      const deepKeyword = read([48, 1, EMPTY, 'p', [], dict({ a: nested(7) })]);
      assert.deepEqual(deepKeyword, new Violation('CALL: ArgumentsKw: nested too deep'));
      assert.ok(!(read([48, 1, dict({ a: nested(6) }), 'p']) instanceof Violation));
      const deepOption = read([48, 1, dict({ a: nested(7) }), 'p']);
      assert.deepEqual(deepOption, new Violation('CALL: Options: nested too deep'));
    });

    it('writes revocations with their details and answers without', () => {
      const answer = { type: UNSUBSCRIBED, request: 7 } as const;
      assert.deepEqual(decoded(codec, encodeAlone(codec, answer)), answer);
      const revocation = {
        type: UNSUBSCRIBED,
        request: 0,
        details: dict({ subscription: 3 }),
      } as const;
      assert.deepEqual(decoded(codec, encodeAlone(codec, revocation)), revocation);
    });

    it('leaves the writer as it was when it refuses', () => {
      const into = new ByteWriter(8);
      into.append(Buffer.from('kept'), 0, 4);
      const unsayable = codec.id === 'json' ? Infinity : 2n ** 200n;
      assert.ok(codec.encode({ ...call(), options: { a: unsayable } }, into));
      assert.equal(into.at, 4);
      assert.throws(() => codec.payload([unsayable]), RangeError);
    });

    it('appends after what is there, growing the buffer', () => {
      const into = new ByteWriter(1);
      const one = call(['x'.repeat(5000)]);
      assert.equal(codec.encode(one, into), undefined);
      const middle = into.at;
      assert.equal(codec.encode(one, into), undefined);
      const second = codec.decode(into.buffer, middle, into.at, DEFAULT_LIMITS);
      assert.deepEqual(plain(codec, second as Call), plain(codec, one));
    });

    const call = (args?: Value[], kwargs?: Record<string, Value>): Call => ({
      type: CALL,
      request: 4711,
      options: EMPTY,
      procedure: 'com.example.procedure',
      payload: codec.payload(args, kwargs),
    });
  });
}

function bytesIn({ payload }: Call): Buffer {
  return Buffer.from(payload.bytes.subarray(payload.start, payload.end));
}

function show(list: readonly Value[]): string {
  return JSON.stringify(list, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
}
