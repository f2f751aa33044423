import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BacklogBudget } from '../../../runtime/net/backlog-budget.ts';
import { BufferPool } from '../../../runtime/net/buffer-pool.ts';
import { FlushList } from '../../../runtime/net/flush-list.ts';
import type { BacklogLimits, Sink } from '../../../runtime/net/outbound.ts';
import { Outbound } from '../../../runtime/net/outbound.ts';
import { RawSocketFraming } from '../../../runtime/net/rawsocket-frames.ts';
import { SharedFrame } from '../../../runtime/net/shared-frame.ts';
import { BatchedFraming } from '../../../runtime/net/websocket-frames.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import type { RouterMessage } from '../../../runtime/wamp/message.ts';
import { msgpack } from '../../../runtime/wamp/msgpack.ts';
import { encoded, event, rawFrame } from '../../support/net.ts';

const LIMITS: BacklogLimits = {
  highWaterBytes: 1000,
  lowWaterBytes: 500,
  maxBacklogBytes: 1_000_000,
};

/** A socket whose operating system takes bytes when told to. */
class SlowSink implements Sink {
  readonly writes: Buffer[] = [];
  isFast = true;
  #waiting: { readonly size: number; readonly written: () => void }[] = [];

  get writableLength(): number {
    return this.#waiting.reduce((sum, { size }) => sum + size, 0);
  }

  write(chunk: Uint8Array, written: () => void): boolean {
    this.writes.push(Buffer.from(chunk));
    if (this.isFast && this.#waiting.length === 0) queueMicrotask(written);
    else this.#waiting.push({ size: chunk.length, written });
    return true;
  }

  /** The operating system takes the oldest write. */
  take(): void {
    this.#waiting.shift()?.written();
  }
}

function outboundTo(
  sink: Sink,
  {
    codec = msgpack as Codec,
    peerMaxBytes = 1 << 24,
    limits = LIMITS,
    backlog = new BacklogBudget(() => Infinity),
  } = {},
) {
  const pool = new BufferPool();
  const flushes = new FlushList();
  const heard: string[] = [];
  const outbound = new Outbound(
    codec,
    sink,
    new RawSocketFraming(peerMaxBytes),
    { pool, flushes, backlog },
    limits,
    {
      onCongestion: (isCongested) => heard.push(isCongested ? 'congested' : 'free'),
      onOverflow: () => heard.push('overflow'),
      onCutForRoom: () => {
        heard.push('cut');
        outbound.dispose();
      },
      onProgress: () => {},
    },
  );
  return { outbound, pool, flushes, heard };
}

function frames(...messages: RouterMessage[]): Buffer {
  return Buffer.concat(messages.map((message) => rawFrame(encoded(msgpack, message))));
}

test('writes everything of a turn at once when the turn ends', () => {
  const sink = new SlowSink();
  const { outbound, flushes } = outboundTo(sink);
  const messages = [1, 2, 3].map((i) => event(msgpack, i, 'text'));
  for (const message of messages) outbound.send(message);
  assert.equal(sink.writes.length, 0);
  flushes.flushAll();
  assert.deepEqual(sink.writes, [frames(...messages)]);
  flushes.flushAll();
  assert.equal(sink.writes.length, 1);
});

test('writes what was sent outside of a turn in the check phase', async () => {
  const sink = new SlowSink();
  const { outbound } = outboundTo(sink);
  outbound.send(event(msgpack, 1));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sink.writes, [frames(event(msgpack, 1))]);
});

test('appends while the last write is under way, and writes all of it when that is done', () => {
  const sink = new SlowSink();
  sink.isFast = false;
  const { outbound, flushes } = outboundTo(sink);
  for (let i = 1; i <= 5; i++) {
    outbound.send(event(msgpack, i));
    flushes.flushAll();
  }
  assert.deepEqual(sink.writes, [frames(event(msgpack, 1))]);
  sink.take();
  assert.deepEqual(sink.writes[1], frames(...[2, 3, 4, 5].map((i) => event(msgpack, i))));
  sink.take();
  assert.equal(outbound.backlog, 0);
  assert.equal(sink.writes.length, 2);
});

test('holds no buffer when it has nothing to say', async () => {
  const sink = new SlowSink();
  const { outbound, flushes, pool } = outboundTo(sink);
  outbound.send(event(msgpack, 1));
  assert.equal(pool.idle, 0);
  flushes.flushAll();
  assert.equal(pool.idle, 1, 'at once when the operating system took it at once');
  await Promise.resolve(); // callbacks come in order
  sink.isFast = false;
  outbound.send(event(msgpack, 2));
  flushes.flushAll();
  assert.equal(pool.idle, 0);
  sink.take();
  assert.equal(pool.idle, 1);
  assert.equal(outbound.backlog, 0);
});

test('never gives a buffer away that the operating system has not taken', () => {
  const sink = new SlowSink();
  sink.isFast = false;
  const { outbound, flushes, pool } = outboundTo(sink);
  outbound.send(event(msgpack, 1, 'first'));
  flushes.flushAll();
  const other = pool.take(10).fill(0xee); // what somebody else would get
  assert.deepEqual(sink.writes, [frames(event(msgpack, 1, 'first'))]);
  outbound.dispose();
  assert.equal(pool.idle, 0, 'not even when the socket is gone');
  assert.equal(other.length, 4096);
});

test('leaves nothing of a message behind that is too large or cannot be said', () => {
  const failing: Codec = {
    ...msgpack,
    encode(message, into) {
      if (message.type !== 36 || message.publication !== 13) return msgpack.encode(message, into);
      const { at } = into;
      into.append(new Uint8Array(10_000), 0, 10_000);
      into.at = at;
      return new Unencodable('13');
    },
  };
  const sink = new SlowSink();
  const { outbound, flushes, pool } = outboundTo(sink, { codec: failing, peerMaxBytes: 512 });
  const large = event(msgpack, 2, 'x'.repeat(5000));
  assert.equal(outbound.send(large), 'too_large');
  assert.equal(outbound.sendShared(new SharedFrame(large)), 'too_large');
  assert.equal(outbound.send(event(msgpack, 13)), 'unencodable');
  assert.equal(outbound.sendShared(new SharedFrame(event(msgpack, 13))), 'unencodable');
  assert.equal(outbound.backlog, 0);
  flushes.flushAll();
  assert.equal(sink.writes.length, 0);
  outbound.send(event(msgpack, 1));
  assert.equal(outbound.send(large), 'too_large');
  assert.equal(outbound.send(event(msgpack, 13)), 'unencodable');
  outbound.send(event(msgpack, 3));
  flushes.flushAll();
  assert.deepEqual(sink.writes, [frames(event(msgpack, 1), event(msgpack, 3))]);
  assert.equal(
    new Set(Array.from({ length: 8 }, () => pool.take(4096))).size,
    8,
    'no buffer twice',
  );
});

test('writes early instead of growing without end in one turn', () => {
  const sink = new SlowSink();
  const { outbound, flushes } = outboundTo(sink);
  const messages = Array.from({ length: 40 }, (_, i) => event(msgpack, i + 1, 'x'.repeat(10_000)));
  for (const message of messages) outbound.send(message);
  flushes.flushAll();
  assert.ok(sink.writes.length > 1);
  assert.deepEqual(Buffer.concat(sink.writes), frames(...messages));
  assert.ok(sink.writes.every((write) => write.length < 64 * 1024 + 11_000));
});

test('tells once when it is congested, once when it is free again', () => {
  const sink = new SlowSink();
  sink.isFast = false;
  const { outbound, flushes, heard } = outboundTo(sink);
  for (let i = 1; i <= 4; i++) outbound.send(event(msgpack, i, 'x'.repeat(400)));
  assert.equal(outbound.isCongested, true);
  flushes.flushAll();
  assert.ok(outbound.backlog > LIMITS.highWaterBytes);
  assert.deepEqual(heard, ['congested']);
  sink.take();
  assert.equal(outbound.isCongested, false);
  assert.deepEqual(heard, ['congested', 'free']);
});

test('tells when the backlog is over its last limit', () => {
  const sink = new SlowSink();
  sink.isFast = false;
  const limits = { ...LIMITS, maxBacklogBytes: 2000 };
  const { outbound, heard } = outboundTo(sink, { limits });
  for (let i = 1; i <= 6; i++) outbound.send(event(msgpack, i, 'x'.repeat(400)));
  assert.ok(heard.includes('overflow'));
});

test('tells the common budget what the operating system has not taken, and nothing else', () => {
  const backlog = new BacklogBudget(() => Infinity);
  const [fast, slow] = [new SlowSink(), new SlowSink()];
  slow.isFast = false;
  const one = outboundTo(fast, { backlog });
  const two = outboundTo(slow, { backlog });
  for (const { outbound, flushes } of [one, two]) {
    outbound.send(event(msgpack, 1, 'x'.repeat(300)));
    flushes.flushAll();
  }
  assert.equal(backlog.bytes, slow.writableLength);
  slow.take();
  assert.equal(backlog.bytes, 0);
  two.outbound.send(event(msgpack, 2));
  two.flushes.flushAll();
  assert.ok(backlog.bytes > 0);
  two.outbound.dispose();
  assert.equal(backlog.bytes, 0);
});

test('when all together leave too much unread, those that owe most are cut until there is room', () => {
  const backlog = new BacklogBudget(() => 10_000);
  const slow = [100, 3000, 200, 4000, 300].map((size) => {
    const sink = new SlowSink();
    sink.isFast = false;
    const one = outboundTo(sink, { backlog });
    one.outbound.send(event(msgpack, 1, 'x'.repeat(size)));
    one.flushes.flushAll();
    return one;
  });
  const sink = new SlowSink();
  sink.isFast = false;
  const last = outboundTo(sink, { backlog });
  last.outbound.send(event(msgpack, 1, 'x'.repeat(3500)));
  last.flushes.flushAll();
  const isCut = [...slow, last].map(({ heard }) => heard.includes('cut'));
  assert.deepEqual(isCut, [false, false, false, true, false, false]);
  assert.ok(backlog.bytes < 10_000 * (7 / 8));
});

test('puts a control frame between whole frames', () => {
  const sink = new SlowSink();
  const pool = new BufferPool();
  const flushes = new FlushList();
  const none = {
    onCongestion: () => {},
    onOverflow: () => {},
    onCutForRoom: () => {},
    onProgress: () => {},
  };
  const backlog = new BacklogBudget(() => Infinity);
  const framing = new BatchedFraming('json');
  const outbound = new Outbound(msgpack, sink, framing, { pool, flushes, backlog }, LIMITS, none);
  outbound.send(event(msgpack, 1));
  outbound.control(Uint8Array.of(0x8a, 1), Uint8Array.of(42));
  outbound.send(event(msgpack, 2));
  flushes.flushAll();
  const one = encoded(msgpack, event(msgpack, 1));
  const two = encoded(msgpack, event(msgpack, 2));
  assert.deepEqual(sink.writes, [
    Buffer.concat([
      Buffer.from([0x81, one.length + 1]),
      one,
      Buffer.from([0x1e, 0x8a, 1, 42]),
      Buffer.from([0x81, two.length + 1]),
      two,
      Buffer.from([0x1e]),
    ]),
  ]);
});

test('keeps a bounded number of idle buffers', () => {
  const pool = new BufferPool(8192);
  const buffers = [1, 2, 3].map(() => pool.take(100));
  for (const buffer of buffers) pool.give(buffer);
  assert.equal(pool.idle, 2);
  assert.equal(pool.take(100), buffers[1], 'the last one back is the first one out');
  pool.give(Buffer.alloc(5000)); // not one of ours
  assert.equal(pool.idle, 1);
});
