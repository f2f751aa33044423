import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Framing } from '../../../runtime/net/framing.ts';
import { splitBatch } from '../../../runtime/net/websocket-batch.ts';
import { BatchedFraming, WebSocketFraming } from '../../../runtime/net/websocket-frames.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import { batched, unbatched } from '../../support/transports.ts';

/** Unmasked frames, as RFC 6455 section 5.2 has them. */
function framesIn(bytes: Buffer): { opcode: number; body: Buffer }[] {
  const frames: { opcode: number; body: Buffer }[] = [];
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1];
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      size === 2
        ? short
        : size === 4
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    assert.ok(size === 2 || length > 125, 'the shortest header is used');
    assert.ok(size < 10 || length > 65535, 'the shortest header is used');
    frames.push({ opcode: bytes[at], body: bytes.subarray(at + size, at + size + length) });
    at += size + length;
  }
  return frames;
}

function write(framing: Framing, pen: ByteWriter, body: Uint8Array): void {
  const start = pen.at;
  framing.begin(pen);
  pen.append(body, 0, body.length);
  assert.equal(framing.end(pen, start), true);
}

function body(size: number, fill: number): Uint8Array {
  return new Uint8Array(size).fill(fill);
}

const SIZES = [0, 1, 124, 125, 126, 127, 1000, 65_535, 65_536, 70_000, 3, 126, 65_535, 5];

test('frames every length with the shortest header, whatever came before', () => {
  const framing = new WebSocketFraming('msgpack');
  const pen = new ByteWriter(8);
  SIZES.forEach((size, i) => write(framing, pen, body(size, i)));
  const frames = framesIn(pen.buffer.subarray(0, pen.at));
  assert.deepEqual(
    frames.map((frame) => frame.body),
    SIZES.map((size, i) => Buffer.from(body(size, i))),
  );
  assert.ok(frames.every((frame) => frame.opcode === 0x82));
});

test('frames JSON as text', () => {
  const pen = new ByteWriter(8);
  write(new WebSocketFraming('json'), pen, Buffer.from('[1]'));
  assert.deepEqual([...pen.buffer.subarray(0, pen.at)], [0x81, 3, 0x5b, 0x31, 0x5d]);
});

for (const serializer of ['json', 'msgpack', 'cbor'] as const) {
  test(`puts the messages of a turn into one batched ${serializer} frame`, () => {
    const framing = new BatchedFraming(serializer);
    const pen = new ByteWriter(8);
    const messages = [10, 200, 1].map((size, i) => body(size, 65 + i));
    for (const message of messages) write(framing, pen, message);
    framing.seal(pen);
    const frames = framesIn(pen.buffer.subarray(0, pen.at));
    assert.equal(frames.length, 1);
    assert.deepEqual(frames[0].body, batched(serializer, messages));
  });

  test(`takes a batched ${serializer} message back without a trace`, () => {
    const framing = new BatchedFraming(serializer);
    const pen = new ByteWriter(1024);
    for (const isFirst of [true, false]) {
      pen.at = 0;
      if (!isFirst) write(framing, pen, body(20, 65));
      const start = pen.at;
      framing.begin(pen);
      pen.append(body(30, 66), 0, 30);
      pen.at = start;
      framing.abandon(start);
      write(framing, pen, body(40, 67));
      framing.seal(pen);
      const [frame] = framesIn(pen.buffer.subarray(0, pen.at));
      const messages = [...(isFirst ? [] : [body(20, 65)]), body(40, 67)];
      assert.deepEqual(frame.body, batched(serializer, messages));
    }
  });

  test(`starts a new frame when a batch of ${serializer} gets long`, () => {
    const framing = new BatchedFraming(serializer);
    const pen = new ByteWriter(8);
    const messages = SIZES.filter((size) => size > 0).map((size, i) => body(size, 65 + i));
    for (const message of messages) write(framing, pen, message);
    framing.seal(pen);
    const frames = framesIn(pen.buffer.subarray(0, pen.at));
    assert.ok(frames.length > 1);
    const got = frames.flatMap((frame) => unbatched(serializer, frame.body));
    assert.deepEqual(
      got,
      messages.map((message) => Buffer.from(message)),
    );
  });

  test(`survives a ${serializer} message whose encoder threw in the middle`, () => {
    const framing = new BatchedFraming(serializer);
    const pen = new ByteWriter(1024);
    framing.begin(pen);
    pen.at = 0; // the owner of the buffer never kept it
    write(framing, pen, body(12, 65));
    framing.seal(pen);
    const [frame] = framesIn(pen.buffer.subarray(0, pen.at));
    assert.deepEqual(frame.body, batched(serializer, [body(12, 65)]));
  });

  test(`finds the messages of any ${serializer} batch, in a chunk with other things around it`, () => {
    const message = fc.uint8Array({ min: 0x20, max: 0x7e, minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1 }), fc.nat(20), (messages, offset) => {
        const batch = batched(serializer, messages);
        const chunk = Buffer.concat([body(offset, 0x1e), batch, body(9, 0x1e)]);
        const ranges: number[] = [];
        const isJson = serializer === 'json';
        assert.equal(splitBatch(isJson, chunk, offset, offset + batch.length, ranges), undefined);
        const found = messages.map((_, i) => chunk.subarray(ranges[2 * i], ranges[2 * i + 1]));
        assert.deepEqual(
          found,
          messages.map((each) => Buffer.from(each)),
        );
        assert.equal(ranges.length, 2 * messages.length);
      }),
    );
  });
}

const MALFORMED: readonly [string, boolean, number[]][] = [
  ['an empty JSON batch', true, []],
  ['an empty binary batch', false, []],
  ['a JSON batch without its last 1e', true, [0x5b, 0x5d, 0x1e, 0x5b, 0x5d]],
  ['an empty JSON message', true, [0x5b, 0x5d, 0x1e, 0x1e]],
  ['half a length', false, [0, 0]],
  ['a length and no message', false, [0, 0, 0, 1]],
  ['a length over what follows', false, [0, 0, 0, 2, 9]],
  ['the largest length', false, [0xff, 0xff, 0xff, 0xff, 9]],
  ['an empty binary message', false, [0, 0, 0, 0]],
];

for (const [what, isJson, bytes] of MALFORMED) {
  test(`refuses ${what}`, () => {
    const batch = Uint8Array.from(bytes);
    assert.equal(typeof splitBatch(isJson, batch, 0, batch.length, []), 'string');
  });
}
