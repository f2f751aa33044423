/** Frames, their reader and reassembly: whatever way the bytes are cut, the same messages come out, or a violation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from '../../../../runtime/net/peer/frame-reader.ts';
import type { Frame } from '../../../../runtime/net/peer/frames.ts';
import {
  parseFrame,
  PIECE_BYTES,
  writeAck,
  writeClose,
  writeDataHead,
  writePing,
} from '../../../../runtime/net/peer/frames.ts';
import { FRAME_BYTES, MAX_STREAMS } from '../../../../runtime/net/peer/protocol.ts';
import { Reassembly } from '../../../../runtime/net/peer/reassembly.ts';
import { ByteWriter } from '../../../../runtime/wamp/writer.ts';

function read(chunks: readonly Uint8Array[]): Frame[] {
  const reader = new FrameReader(FRAME_BYTES);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let found = reader.next(); found !== 'none'; found = reader.next()) {
      assert.equal(found, 'frame');
      const frame = parseFrame(reader.bytes, reader.start, reader.end);
      // Positions are where the bytes happened to lie.
      frames.push(
        frame.kind === 'data' ? { ...frame, start: 0, end: frame.end - frame.start } : frame,
      );
    }
  }
  assert(!reader.hasMore);
  return frames;
}

/** One of each kind. */
function sample(): Uint8Array {
  const into = new ByteWriter(64);
  const plain = { service: 'relay', size: 5, sequence: 0, lowest: 0, inflatedSize: 0 } as const;
  writeDataHead(into, 1, plain, 5, true);
  into.append(Buffer.from('hello'), 0, 5);
  writeDataHead(into, 2, { ...plain, sequence: 2 ** 40, lowest: 7, inflatedSize: 999 }, 3, false);
  into.append(Buffer.from('hel'), 0, 3);
  writeDataHead(into, 2, undefined, 2, true);
  into.append(Buffer.from('lo'), 0, 2);
  writeAck(into, { contiguous: 2 ** 45, beyond: [2 ** 45 + 3, 2 ** 45 + 9] });
  writePing(into, 'ping', 0xffffffff);
  writePing(into, 'pong', 1);
  writeClose(into, 'silent', 'nothing was heard');
  return new Uint8Array(into.buffer.subarray(0, into.at));
}

describe('frames', () => {
  test('are read as they were written', () => {
    const frames = read([sample()]);
    assert.deepEqual(
      frames.map(({ kind }) => kind),
      ['data', 'data', 'data', 'ack', 'ping', 'pong', 'close'],
    );
    assert.deepEqual(frames[1], {
      kind: 'data',
      id: 2,
      head: { service: 'relay', size: 5, sequence: 2 ** 40, lowest: 7, inflatedSize: 999 },
      isLast: false,
      start: 0,
      end: 3,
    });
    assert.deepEqual(frames[3], {
      kind: 'ack',
      ack: { contiguous: 2 ** 45, beyond: [2 ** 45 + 3, 2 ** 45 + 9] },
    });
    assert.deepEqual(frames[6], { kind: 'close', reason: 'silent', text: 'nothing was heard' });
  });

  test('are the same however the stream is cut', () => {
    const bytes = sample();
    const whole = read([bytes]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        assert.deepEqual(read(chunks), whole);
      }),
    );
  });

  test('that are noise are violations, and never a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        const frame = parseFrame(bytes, 0, bytes.length);
        if (frame.kind === 'data') assert(frame.start <= frame.end && frame.end === bytes.length);
      }),
      { numRuns: 5000 },
    );
  });

  test('over the limit, or empty, are refused before they are gathered', () => {
    const reader = new FrameReader(FRAME_BYTES);
    reader.push(Uint8Array.of(0, 1));
    assert.equal(reader.next(), 'none');
    reader.push(Uint8Array.of(0, 1));
    assert.equal(reader.next(), 'too_long');
    const empty = new FrameReader(FRAME_BYTES);
    empty.push(new Uint8Array(4));
    assert.equal(empty.next(), 'empty');
  });

  test('behind a handshake are handed on, cut anywhere', () => {
    const bytes = sample();
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new FrameReader(FRAME_BYTES);
      reader.push(bytes.subarray(0, cut));
      reader.next();
      const taken = reader.rest();
      const after = Buffer.concat([...taken, bytes.subarray(cut)]);
      const frames = read([after]);
      assert(frames.length === 7 || frames.length === 6);
    }
  });
});

describe('reassembly', () => {
  const head = (size: number) =>
    ({ service: 'store', size, sequence: 0, lowest: 0, inflatedSize: 0 }) as const;
  const piece = (id: number, size: number | undefined, length: number, isLast: boolean) =>
    ({
      kind: 'data',
      id,
      head: size === undefined ? undefined : head(size),
      isLast,
      start: 0,
      end: length,
    }) as const;
  const bytes = Buffer.alloc(PIECE_BYTES, 7);

  test('joins the pieces of messages that are mixed', () => {
    const reassembly = new Reassembly(1000);
    assert.equal(reassembly.add(bytes, piece(1, 30, 10, false), false), undefined);
    assert.equal(reassembly.add(bytes, piece(2, 15, 10, false), false), undefined);
    assert.equal(reassembly.add(bytes, piece(1, undefined, 10, false), false), undefined);
    const second = reassembly.add(bytes, piece(2, undefined, 5, true), false);
    const first = reassembly.add(bytes, piece(1, undefined, 10, true), false);
    assert(typeof second === 'object' && second.body.length === 15);
    assert(typeof first === 'object' && first.body.length === 30);
    assert.equal(reassembly.unfinished, 0);
  });

  test('gives copies: the chunk of the socket can go', () => {
    const chunk = Buffer.from('hello');
    const whole = new Reassembly(1000).add(chunk, piece(1, 5, 5, true), false);
    chunk.fill(0);
    assert(typeof whole === 'object');
    assert.equal(Buffer.from(whole.body).toString(), 'hello');
    assert.notEqual(whole.body.buffer, chunk.buffer);
  });

  test('refuses sizes that do not add up', () => {
    const fresh = (): Reassembly => {
      const reassembly = new Reassembly(1000);
      reassembly.add(bytes, piece(1, 30, 10, false), false);
      return reassembly;
    };
    const wrong = [
      piece(1, undefined, 21, false), // more than it said
      piece(1, undefined, 20, false), // all of it, and not the last
      piece(1, undefined, 5, true), // the last, and not all of it
      piece(1, undefined, 0, false), // nothing
      piece(1, 30, 10, false), // begins again
      piece(9, undefined, 10, true), // of nothing
      piece(2, 10, 20, true),
      piece(2, 10, 10, false),
      piece(2, 1001, 10, false),
    ];
    for (const frame of wrong) assert.equal(typeof fresh().add(bytes, frame, false), 'string');
  });

  test('holds no more than it may, whatever is claimed', () => {
    const reassembly = new Reassembly(1000);
    assert.equal(reassembly.add(bytes, piece(1, 600, 1, false), false), undefined);
    assert.match(String(reassembly.add(bytes, piece(2, 600, 1, false), false)), /too many bytes/);
    const many = new Reassembly(1000);
    for (let id = 1; id <= MAX_STREAMS; id++) many.add(bytes, piece(id, 2, 1, false), false);
    assert.match(String(many.add(bytes, piece(99, 2, 1, false), false)), /too many unfinished/);
  });
});
