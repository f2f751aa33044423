import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RawFrameSplitter, RawSocketFraming } from '../../../runtime/net/rawsocket-frames.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import { framesOf, rawFrame } from '../../support/net.ts';

type Seen = ['message' | 'ping', string] | ['pong'];

/** Feeds chunks until one is refused; what came out, in order. */
function split(
  maxBytes: number,
  ...chunks: Uint8Array[]
): { seen: Seen[]; batches: number[]; violation: string | undefined } {
  const splitter = new RawFrameSplitter(maxBytes);
  const seen: Seen[] = [];
  const batches: number[] = [];
  let violation: string | undefined;
  for (const chunk of chunks) {
    violation = splitter.push(chunk, {
      onBatch: (batch) => {
        batches.push(batch.ranges.length / 2);
        for (const frame of framesOf(batch)) seen.push(['message', frame.toString('hex')]);
      },
      onPing: (body) => seen.push(['ping', Buffer.from(body).toString('hex')]),
      onPong: () => seen.push(['pong']),
    });
    if (violation !== undefined) break;
  }
  return { seen, batches, violation };
}

test('makes one batch of the frames of a chunk', () => {
  const chunk = Buffer.concat([1, 2, 3].map((i) => rawFrame(Uint8Array.of(i))));
  const { seen, batches } = split(512, chunk);
  assert.deepEqual(batches, [3]);
  assert.deepEqual(seen, [
    ['message', '01'],
    ['message', '02'],
    ['message', '03'],
  ]);
});

test('finds the same frames however the stream is cut', () => {
  const frame = fc.record({
    type: fc.constantFrom(0, 0, 0, 1, 2),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  const stream = fc.tuple(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(600)));
  fc.assert(
    fc.property(stream, ([frames, cuts]) => {
      const bytes = Buffer.concat(frames.map(({ type, body }) => rawFrame(body, type)));
      const at = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
      const expected = frames.map(({ type, body }): Seen => {
        if (type === 2) return ['pong'];
        return [type === 0 ? 'message' : 'ping', Buffer.from(body).toString('hex')];
      });
      assert.deepEqual(split(512, ...chunks).seen, expected);
      const single = [...bytes].map((byte) => Uint8Array.of(byte));
      assert.deepEqual(split(512, ...single).seen, expected);
    }),
  );
});

test('refuses a length over the announced one from its header alone', () => {
  const { seen, violation } = split(512, rawFrame(new Uint8Array(512)), Uint8Array.of(0, 0, 2, 1));
  assert.equal(seen.length, 1);
  assert.match(violation ?? '', /frame of 513 bytes; at most 512/);
});

test('holds pings to the same length', () => {
  assert.match(split(512, Uint8Array.of(1, 0xff, 0xff, 0xff)).violation ?? '', /16777215 bytes/);
});

for (let type = 3; type < 8; type++) {
  test(`refuses the reserved frame type ${type}, after delivering what came before it`, () => {
    const { seen, violation } = split(
      512,
      Buffer.concat([rawFrame(Uint8Array.of(9)), rawFrame(new Uint8Array(0), type)]),
    );
    assert.deepEqual(seen, [['message', '09']]);
    assert.equal(violation, `reserved frame type ${type}`);
  });
}

for (const bit of [0x10, 0x20, 0x40, 0x80]) {
  test(`refuses the reserved bit ${bit.toString(16)}, also when the header comes in pieces`, () => {
    const header = Uint8Array.of(bit, 0, 0, 1);
    assert.match(split(512, header).violation ?? '', /reserved bits/);
    const pieces = [...header].map((byte) => Uint8Array.of(byte));
    assert.match(split(512, ...pieces).violation ?? '', /reserved bits/);
  });
}

test('reads bit X with length 0 as exactly 16 MiB, and refuses it with another length', () => {
  const body = new Uint8Array(1 << 24).fill(7);
  const splitter = new RawFrameSplitter(1 << 24);
  let size = 0;
  const sink = {
    onBatch: ({ ranges }: { readonly ranges: readonly number[] }) => (size = ranges[1] - ranges[0]),
    onPing: () => {},
    onPong: () => {},
  };
  assert.equal(splitter.push(Uint8Array.of(8, 0, 0, 0), sink), undefined);
  for (let at = 0; at < body.length; at += 1 << 16) {
    assert.equal(splitter.push(body.subarray(at, at + (1 << 16)), sink), undefined);
  }
  assert.equal(size, 1 << 24);
  assert.match(split(1 << 24, Uint8Array.of(8, 0, 0, 1)).violation ?? '', /length bit 24/);
  assert.match(split(1 << 23, Uint8Array.of(8, 0, 0, 0)).violation ?? '', /16777216 bytes/);
});

test('delivers what came before a ping before the ping', () => {
  const chunk = Buffer.concat([
    rawFrame(Uint8Array.of(1)),
    rawFrame(Uint8Array.of(2), 1),
    rawFrame(Uint8Array.of(3)),
  ]);
  assert.deepEqual(split(512, chunk).seen, [
    ['message', '01'],
    ['ping', '02'],
    ['message', '03'],
  ]);
});

test('writes the header of what was appended, and says when it is over the limit of the peer', () => {
  const framing = new RawSocketFraming(512);
  for (const [size, isSent] of [
    [0, true],
    [511, true],
    [512, true],
    [513, false],
  ] as const) {
    const pen = new ByteWriter(16);
    framing.begin(pen);
    pen.append(new Uint8Array(size).fill(5), 0, size);
    assert.equal(framing.end(pen, 0), isSent, `${size} bytes`);
    if (isSent) {
      assert.deepEqual(pen.buffer.subarray(0, pen.at), rawFrame(new Uint8Array(size).fill(5)));
    }
  }
});

test('writes exactly 16 MiB with bit X', () => {
  const framing = new RawSocketFraming(1 << 24);
  const pen = new ByteWriter(16);
  framing.begin(pen);
  pen.append(new Uint8Array(1 << 24), 0, 1 << 24);
  assert.equal(framing.end(pen, 0), true);
  assert.deepEqual([...pen.buffer.subarray(0, 4)], [8, 0, 0, 0]);
});
