/** Helpers of the serializer tests: bytes in the three formats, messages of every type, arbitrary values. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { DEFAULT_LIMITS, Unencodable, Violation } from '../../../runtime/wamp/codec.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import type { Dict, Message, Payload, SerializerId, Value } from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';

export const allCodecs: readonly Codec[] = [codecs.json, codecs.msgpack, codecs.cbor];
export const formats: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];

/** A null-prototype dict, as decoders make them. */
export function dict(entries: Record<string, Value | undefined> = {}): Dict {
  return Object.assign(Object.create(null) as Dict, entries);
}

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

export function encodeAlone(codec: Codec, message: Message): Buffer {
  const into = new ByteWriter(16);
  const refused = codec.encode(message, into);
  if (refused) assert.fail(`unencodable: ${refused.detail}`);
  return Buffer.from(into.buffer.subarray(0, into.at));
}

/** Decodes in the middle of a larger chunk, as sockets deliver frames. */
export function decode(codec: Codec, bytes: Uint8Array): Message | Violation {
  const chunk = Buffer.alloc(bytes.length + 8, 0xff);
  chunk.set(bytes, 5);
  return codec.decode(chunk, 5, 5 + bytes.length, DEFAULT_LIMITS);
}

export function decoded(codec: Codec, bytes: Uint8Array): Message {
  const message = decode(codec, bytes);
  if (message instanceof Violation) assert.fail(`violation: ${message.detail}`);
  return message;
}

export function violation(codec: Codec, bytes: Uint8Array): string {
  const message = decode(codec, bytes);
  if (!(message instanceof Violation)) assert.fail('decoded');
  return message.detail;
}

/** Replaces the payload by what it says, so that messages of different serializers compare. */
export function plain(codec: Codec, message: Message): unknown {
  if (!('payload' in message)) return { ...message };
  return { ...message, payload: said(codec, message.payload) };
}

export function said(codec: Codec, payload: Payload) {
  const read = codec.read(payload);
  if (read instanceof Unencodable) assert.fail(read.detail);
  return { args: read.args, kwargs: read.kwargs };
}

/** A message list of plain values in a codec's bytes: what an encoder of that format would send. */
export function bytesOf(codec: Codec, list: readonly Value[]): Buffer {
  const { bytes, start, end } = codec.payload(list);
  return Buffer.from(bytes.subarray(start, end));
}

export const ids = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.maxSafeInteger().map((n) => Math.abs(n) + 1),
  fc.constant(2 ** 53),
);

/** Everything that all three serializers can say. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
    fc.string({ unit: 'grapheme' }).filter((text) => !text.startsWith('\0')),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc
      .dictionary(fc.string(), tie('value'), { noNullPrototype: false })
      .map((entries) => dict(entries)),
  ),
})).value;

export const lists = fc.array(values, { minLength: 1, maxLength: 6 });
export const dicts = fc.dictionary(fc.string(), values).map((entries) => dict(entries));
