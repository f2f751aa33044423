/** Laws of conversion between serializers, on values that all three can say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import type { Call, Payload, SerializerId } from '../../../runtime/wamp/message.ts';
import { CALL, EMPTY, NO_PAYLOAD } from '../../../runtime/wamp/message.ts';
import { transcode } from '../../../runtime/wamp/transcode.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import { decoded, dict, dicts, encodeAlone, formats, lists, said, values } from './support.ts';

function convert(payload: Payload, to: SerializerId): Payload {
  const into = new ByteWriter(3);
  const refused = transcode(payload, to, into);
  if (refused) assert.fail(refused.detail);
  return { format: to, bytes: into.buffer, start: 0, end: into.at, items: payload.items };
}

function bytesIn({ bytes, start, end }: Payload): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

const pairs = formats.flatMap((from) =>
  formats.filter((to) => to !== from).map((to) => [from, to] as const),
);

for (const [from, to] of pairs) {
  describe(`${from} in ${to}`, () => {
    it('says the same', () => {
      fc.assert(
        fc.property(lists, dicts, (args, kwargs) => {
          const payload = codecs[from].payload(args, kwargs);
          assert.deepEqual(said(codecs[to], convert(payload, to)), { args, kwargs });
        }),
        { numRuns: 300 },
      );
    });

    it('comes back byte for byte', () => {
      fc.assert(
        fc.property(lists, dicts, (args, kwargs) => {
          const payload = codecs[from].payload(args, kwargs);
          assert.equal(bytesIn(convert(convert(payload, to), from)), bytesIn(payload));
        }),
        { numRuns: 300 },
      );
    });

    it('is written like values of its own', () => {
      fc.assert(
        fc.property(fc.array(values, { minLength: 1 }), (args) => {
          const there = codecs[from].payload(args);
          assert.equal(bytesIn(convert(there, to)), bytesIn(codecs[to].payload(args)));
        }),
        { numRuns: 300 },
      );
    });

    it('happens inside encode, and the message decodes', () => {
      const payload = codecs[from].payload([1, [2n ** 60n]], { key: new Uint8Array([1, 2]) });
      const call: Call = { type: CALL, request: 1, options: EMPTY, procedure: 'p', payload };
      const read = decoded(codecs[to], encodeAlone(codecs[to], call)) as Call;
      assert.equal(read.payload.format, to);
      assert.deepEqual(said(codecs[to], read.payload), {
        args: [1, [2n ** 60n]],
        kwargs: dict({ key: new Uint8Array([1, 2]) }),
      });
    });

    it('takes many and deep containers', () => {
      const many = codecs[from].payload(Array.from({ length: 70_000 }, () => [[]]));
      assert.equal(bytesIn(convert(convert(many, to), from)), bytesIn(many));
      let deep: readonly unknown[] = [];
      for (let i = 0; i < 60; i++) deep = [deep];
      const payload = codecs[from].payload(deep as []);
      assert.equal(bytesIn(convert(convert(payload, to), from)), bytesIn(payload));
    });

    it('refuses a payload that was never checked, without throwing', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(1, 2), (bytes, items) => {
          const payload = { format: from, bytes, start: 0, end: bytes.length, items } as Payload;
          const into = new ByteWriter(3);
          const refused = transcode(payload, to, into);
          if (refused instanceof Unencodable) assert.equal(into.at, 0);
        }),
        { numRuns: 2000 },
      );
    });
  });
}

describe('no payload', () => {
  it('is none in every serializer', () => {
    for (const to of formats) {
      const into = new ByteWriter(1);
      assert.equal(transcode(NO_PAYLOAD, to, into), undefined);
      assert.equal(into.at, 0);
    }
  });
});

describe('strings that need escapes in JSON', () => {
  it('survive the way through JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const text = `x${Buffer.from(raw).toString()}`;
        const payload = codecs.msgpack.payload([text]);
        const json = convert(payload, 'json');
        assert.deepEqual(JSON.parse(Buffer.from(json.bytes.subarray(0, json.end)).toString()), [
          text,
        ]);
        assert.deepEqual(said(codecs.cbor, convert(json, 'cbor')).args, [text]);
      }),
      { numRuns: 1000 },
    );
  });

  it('are unescaped as JSON.parse does it, lone surrogates apart', () => {
    const pieces = fc.constantFrom('\\n', '\\t', '\\"', '\\\\', '\\/', '\\b', '\\f', '\\r', '\\u0041',
      '\\u00e9', '\\u20ac', '\\ud83d\\ude00', '\\ud83d', '\\ude00', 'é', 'x', '\\uD83D\\uDE00'); // prettier-ignore
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const text = `["x${parts.join('')}"]`;
        const bytes = Buffer.from(text);
        const payload: Payload = { format: 'json', bytes, start: 0, end: bytes.length, items: 1 };
        const [wanted] = JSON.parse(text) as [string];
        const [got] = said(codecs.msgpack, convert(payload, 'msgpack')).args;
        assert.equal(got, Buffer.from(wanted).toString());
      }),
      { numRuns: 2000 },
    );
  });
});
