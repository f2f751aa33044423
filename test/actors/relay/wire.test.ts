/** What a relay takes for a message, and what it does not: a peer's bytes are as hostile as a client's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RelayMessage } from '../../../actors/relay/api.ts';
import { writeEntry } from '../../../actors/relay/entry.ts';
import { batchOf, decode, encode, withoutPayload } from '../../../actors/relay/wire.ts';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import type { Payload } from '../../../runtime/wamp/message.ts';
import {
  CALL,
  EMPTY,
  ERROR,
  EVENT,
  INVOCATION,
  NO_PAYLOAD,
  RESULT,
  YIELD,
} from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';

const payloads: readonly Payload[] = [
  NO_PAYLOAD,
  ...(['json', 'msgpack', 'cbor'] as const).map((format) =>
    codecs[format].payload([1, 'two', [3.5]], { key: null }),
  ),
];

function messages(payload: Payload): readonly RelayMessage[] {
  const realm = 'com.realm';
  const at = { realm, callee: 2 ** 53 };
  const invocation = { type: INVOCATION, request: 7, registration: 8 } as const;
  const error = { type: ERROR, details: EMPTY, error: 'com.error', payload } as const;
  return [
    {
      kind: 'invocation',
      ...at,
      isChunk: false,
      takesPassthru: true,
      message: { ...invocation, details: { progress: true }, payload },
    },
    { kind: 'interrupt', ...at, request: 7, mode: 'kill' },
    { kind: 'answer', ...at, message: { type: YIELD, request: 7, options: EMPTY, payload } },
    { kind: 'answer', ...at, message: { ...error, requestType: INVOCATION, request: 7 } },
    { kind: 'refused', ...at, request: 7, detail: 'why' },
    {
      kind: 'event',
      realm,
      topic: 'com.topic',
      receivers: { exclude: [1, 2 ** 53], eligibleAuthrole: ['user'] },
      resourceKey: 'key',
      message: { type: EVENT, subscription: 1, publication: 5, details: EMPTY, payload },
    },
    {
      kind: 'question',
      realm,
      caller: { id: 1, authid: 'me', authrole: 'user' },
      message: { type: CALL, request: 7, options: EMPTY, procedure: 'wamp.session.count', payload },
    },
    {
      kind: 'question',
      realm,
      caller: { id: 0, authid: '', authrole: '' },
      message: { type: CALL, request: 7, options: EMPTY, procedure: 'wamp.session.count', payload },
    },
    { kind: 'reply', realm, message: { type: RESULT, request: 7, details: EMPTY, payload } },
    { kind: 'reply', realm, message: { ...error, requestType: CALL, request: 7 } },
  ];
}

function bytesOf(message: RelayMessage): Uint8Array {
  const body = encode(message, codecs);
  assert(!(body instanceof Unencodable));
  return body;
}

describe('a relayed message', () => {
  it('comes as it was sent, with its payload untouched', () => {
    for (const payload of payloads) {
      for (const message of messages(payload)) {
        const [back] = decode(bytesOf(message), codecs)!.messages;
        assert(back, message.kind);
        assert.deepEqual(bytesOf(back), bytesOf(message));
        if (!('message' in back) || payload.items === 0) continue;
        const { bytes, start, end, format } = back.message.payload;
        assert.equal(format, payload.format);
        assert.deepEqual(
          Buffer.from(bytes.subarray(start, end)),
          Buffer.from(payload.bytes.subarray(payload.start, payload.end)),
        );
      }
    }
  });

  it('that is cut anywhere is none', () => {
    for (const message of messages(payloads[2]!)) {
      const body = bytesOf(message);
      for (let end = 0; end < body.length; end++) {
        const messages = decode(body.slice(0, end), codecs)?.messages ?? [];
        assert.equal(messages.length, 0, `${message.kind} to ${end}`);
      }
    }
  });

  it('of any bytes is none, or one that can be said again', () => {
    const samples = messages(payloads[1]!).map(bytesOf);
    const damaged = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat({ max: 255 }))
      .map(([sample, at, value]) => {
        const copy = sample.slice();
        copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), damaged), (bytes) => {
        for (const message of decode(bytes, codecs)?.messages ?? []) bytesOf(message);
      }),
      { numRuns: 3_000 },
    );
  });

  it('that is malformed does not spoil the others of its batch', () => {
    const [invocation, interrupt, answer] = messages(payloads[1]!) as [
      RelayMessage,
      RelayMessage,
      RelayMessage,
    ];
    const pen = new ByteWriter();
    writeEntry(invocation, codecs, pen);
    const second = pen.at;
    writeEntry(interrupt, codecs, pen);
    writeEntry(answer, codecs, pen);
    pen.buffer[second + 6] = 0xff; // an id beyond 2^53
    const batch = decode(batchOf('com.realm', pen.buffer.subarray(0, pen.at)), codecs)!;
    assert.deepEqual(
      batch.messages.map(({ kind }) => kind),
      ['invocation', 'answer'],
    );
    assert.equal(batch.malformed, 1);
  });

  it('without its payload still is an answer', () => {
    const [, , answer] = messages(payloads[1]!);
    const small = withoutPayload(answer!, 'wamp.error.unavailable');
    assert(small.kind === 'answer' && small.message.type === ERROR);
    assert.equal(small.message.request, 7);
    assert.equal(small.message.payload.items, 0);
    assert.equal(decode(bytesOf(small), codecs)!.messages.length, 1);
  });
});
