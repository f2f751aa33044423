/**
 * The way out of a socket: messages are encoded straight into a pooled buffer behind their frame's header, and the
 * buffer leaves in one write at the end of the turn. While the operating system has not taken the last write, more
 * is appended instead of written, up to `EARLY_WRITE` bytes.
 */
import type { Codec } from '../wamp/codec.ts';
import { Unencodable } from '../wamp/codec.ts';
import type { RouterMessage } from '../wamp/message.ts';
import type { BacklogBudget, Debtor } from './backlog-budget.ts';
import type { BufferPool } from './buffer-pool.ts';
import { SMALLEST_BUFFER } from './buffer-pool.ts';
import type { Outlet, SendResult } from './connection.ts';
import type { FlushList } from './flush-list.ts';
import type { Framing } from './framing.ts';
import type { SharedFrame } from './shared-frame.ts';

/** A buffer this full is written before the turn ends: memory stays bounded, and the gain of coalescing is had. */
const EARLY_WRITE = 64 * 1024;

/** What `Outbound` needs of a socket. */
export interface Sink {
  write(chunk: Uint8Array, written: (error?: Error | null) => void): boolean;
  readonly writableLength: number;
}

export interface BacklogLimits {
  /** Bytes accepted and not taken by the operating system at which `isCongested` becomes true. */
  readonly highWaterBytes: number;
  /** ... and under which it becomes false again. */
  readonly lowWaterBytes: number;
  /** A backlog over this ends the connection at once, whatever its session thinks. */
  readonly maxBacklogBytes: number;
}

/** What the owner of an outbound queue hears. */
export interface OutboundEvents {
  onCongestion(isCongested: boolean): void;
  /** The backlog is over `maxBacklogBytes`. */
  onOverflow(): void;
  /** All backlogs together are over the limit, and this is one of the largest. */
  onCutForRoom(): void;
  /** The operating system took bytes: somebody is alive on the other side. */
  onProgress(): void;
}

export interface OutboundShared {
  readonly pool: BufferPool;
  readonly flushes: FlushList;
  readonly backlog: BacklogBudget;
}

export class Outbound implements Outlet, Debtor {
  readonly codec: Codec;
  readonly #sink: Sink;
  readonly #framing: Framing;
  readonly #pool: BufferPool;
  readonly #flushes: FlushList;
  readonly #budget: BacklogBudget;
  readonly #events: OutboundEvents;
  readonly #limits: BacklogLimits;
  #buffer: Buffer | undefined;
  #at = 0;
  /** Buffers of writes that have not called back, oldest first; undefined: already back in the pool. */
  readonly #written: (Buffer | undefined)[] = [];
  readonly #sizes: number[] = [];
  /** Bytes of those writes. */
  #unsent = 0;
  /** What of it the budget knows. Most writes are over at once, and it never hears of them. */
  #reported = 0;
  #isListed = false;
  #isCongested = false;
  #isClosed = false;

  constructor(
    codec: Codec,
    sink: Sink,
    framing: Framing,
    shared: OutboundShared,
    limits: BacklogLimits,
    events: OutboundEvents,
  ) {
    this.codec = codec;
    this.#sink = sink;
    this.#framing = framing;
    this.#pool = shared.pool;
    this.#flushes = shared.flushes;
    this.#budget = shared.backlog;
    this.#limits = limits;
    this.#events = events;
  }

  get backlog(): number {
    return this.#unsent + this.#at;
  }

  get isCongested(): boolean {
    return this.#isCongested;
  }

  send(message: RouterMessage): SendResult {
    if (this.#isClosed) return 'closed';
    const pen = this.#open();
    this.#framing.begin(pen);
    const refused = this.codec.encode(message, pen);
    return refused === undefined ? this.#complete() : this.#rewind('unencodable');
  }

  sendShared(frame: SharedFrame): SendResult {
    if (this.#isClosed) return 'closed';
    const bytes = frame.bytes(this.codec);
    if (bytes instanceof Unencodable) return 'unencodable';
    const pen = this.#open();
    this.#framing.begin(pen);
    pen.append(bytes, 0, bytes.length);
    return this.#complete();
  }

  /** Appends a whole frame of the transport itself (a pong). */
  control(header: Uint8Array, body: Uint8Array): void {
    if (this.#isClosed) return;
    const pen = this.#open();
    this.#framing.seal(pen);
    pen.append(header, 0, header.length);
    pen.append(body, 0, body.length);
    this.#keep();
  }

  /** Called by the flush list. Waits while an earlier write is under way: its callback writes the rest. */
  flush(): void {
    this.#isListed = false;
    if (this.#at > 0 && this.#unsent === 0) this.#write();
  }

  /** Hands over what there is, before a close. */
  flushNow(): void {
    if (this.#at > 0 && !this.#isClosed) this.#write();
  }

  /** The socket is gone. Buffers of unfinished writes are left to the garbage collector. */
  dispose(): void {
    this.#isClosed = true;
    if (this.#buffer) this.#pool.give(this.#buffer);
    this.#buffer = undefined;
    this.#at = 0;
    this.#unsent = 0;
    this.#report();
  }

  cutForRoom(): void {
    this.#events.onCutForRoom();
  }

  /** Points the pen at the end of our buffer. */
  #open() {
    const { pen } = this.#pool;
    pen.buffer = this.#buffer ??= this.#pool.take(SMALLEST_BUFFER);
    pen.at = this.#at;
    return pen;
  }

  #complete(): SendResult {
    if (!this.#framing.end(this.#pool.pen, this.#at)) return this.#rewind('too_large');
    this.#keep();
    return 'sent';
  }

  /** Leaves nothing of the message behind. */
  #rewind(result: 'too_large' | 'unencodable'): SendResult {
    this.#framing.abandon(this.#at);
    const { pen } = this.#pool;
    if (pen.buffer !== this.#buffer) this.#pool.give(pen.buffer); // ours still holds what was before
    if (this.#at === 0) this.#giveBack();
    return result;
  }

  #keep(): void {
    const { pen } = this.#pool;
    if (pen.buffer !== this.#buffer) {
      if (this.#buffer) this.#pool.give(this.#buffer);
      this.#buffer = pen.buffer;
    }
    this.#at = pen.at;
    if (this.#at >= EARLY_WRITE) this.#write();
    else if (!this.#isListed && this.#unsent === 0) {
      this.#isListed = true;
      this.#flushes.add(this);
    }
    if (this.backlog > this.#limits.highWaterBytes) this.#onHighWater();
  }

  #giveBack(): void {
    if (this.#buffer) this.#pool.give(this.#buffer);
    this.#buffer = undefined;
  }

  #write(): void {
    const pen = this.#open();
    this.#framing.seal(pen);
    const { buffer } = pen;
    const size = pen.at;
    if (buffer !== this.#buffer) this.#giveBack();
    this.#buffer = undefined;
    this.#at = 0;
    const last = this.#written.push(buffer) - 1;
    this.#sizes.push(size);
    this.#unsent += size;
    this.#sink.write(buffer.subarray(0, size), this.#onWritten);
    if (this.#sink.writableLength > 0 || this.#written.length <= last) return this.#report();
    // All of it is with the operating system already; the callbacks come later and find nothing to do.
    for (let i = 0; i <= last; i++) this.#release(i);
    this.#report();
  }

  #report(): void {
    const by = this.#unsent - this.#reported;
    if (by === 0) return;
    this.#reported = this.#unsent;
    this.#budget.change(this, by, this.#unsent);
  }

  /** The write at `index` is done: its buffer and bytes are free. */
  #release(index: number): void {
    const buffer = this.#written[index];
    if (buffer === undefined) return;
    this.#written[index] = undefined;
    this.#unsent -= this.#sizes[index];
    this.#pool.give(buffer);
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (this.#isClosed || error) return; // the socket's own error and close events say the rest
    this.#release(0);
    this.#written.shift();
    this.#sizes.shift();
    this.#report();
    this.#events.onProgress();
    if (this.#unsent === 0 && this.#at > 0 && !this.#isListed) this.#write();
    if (this.#isCongested && this.backlog < this.#limits.lowWaterBytes) {
      this.#isCongested = false;
      this.#events.onCongestion(false);
    }
  };

  #onHighWater(): void {
    if (!this.#isCongested) {
      this.#isCongested = true;
      this.#events.onCongestion(true);
    }
    if (this.backlog > this.#limits.maxBacklogBytes) this.#events.onOverflow();
  }
}
