/**
 * The way out of a WebSocket that negotiated permessage-deflate: `ws` compresses and queues, a message at a time.
 * Much slower than outbound.ts, so a listener offers it only when told to.
 */
import type WebSocket from 'ws';
import type { Codec } from '../wamp/codec.ts';
import { Unencodable } from '../wamp/codec.ts';
import type { RouterMessage } from '../wamp/message.ts';
import type { BufferPool } from './buffer-pool.ts';
import { SMALLEST_BUFFER } from './buffer-pool.ts';
import type { Outlet, SendResult } from './connection.ts';
import type { BacklogLimits, OutboundEvents } from './outbound.ts';
import type { SharedFrame } from './shared-frame.ts';

export class DeflateOutlet implements Outlet {
  readonly codec: Codec;
  readonly #ws: WebSocket;
  readonly #pool: BufferPool;
  readonly #limits: BacklogLimits;
  readonly #events: OutboundEvents;
  #backlog = 0;
  #isCongested = false;
  #isClosed = false;

  constructor(
    codec: Codec,
    ws: WebSocket,
    pool: BufferPool,
    limits: BacklogLimits,
    events: OutboundEvents,
  ) {
    this.codec = codec;
    this.#ws = ws;
    this.#pool = pool;
    this.#limits = limits;
    this.#events = events;
  }

  get backlog(): number {
    return this.#backlog;
  }

  get isCongested(): boolean {
    return this.#isCongested;
  }

  send(message: RouterMessage): SendResult {
    if (this.#isClosed) return 'closed';
    const { pen } = this.#pool;
    pen.buffer = this.#pool.take(SMALLEST_BUFFER);
    pen.at = 0;
    const refused = this.codec.encode(message, pen);
    const bytes = refused ? undefined : Buffer.from(pen.buffer.subarray(0, pen.at));
    this.#pool.give(pen.buffer);
    if (bytes === undefined) return 'unencodable';
    return this.#send(bytes);
  }

  sendShared(frame: SharedFrame): SendResult {
    if (this.#isClosed) return 'closed';
    const bytes = frame.bytes(this.codec);
    return bytes instanceof Unencodable ? 'unencodable' : this.#send(bytes);
  }

  /** `ws` frames control messages itself; the opcode in the header says which. */
  control(header: Uint8Array, body: Uint8Array): void {
    if (this.#isClosed) return;
    if ((header[0] & 0x0f) === 0x9) this.#ws.ping(body);
    else this.#ws.pong(body);
  }

  flushNow(): void {} // `ws` has it already

  dispose(): void {
    this.#isClosed = true;
  }

  #send(bytes: Uint8Array): SendResult {
    const size = bytes.length;
    this.#backlog += size;
    this.#ws.send(bytes, { binary: this.codec.id !== 'json' }, () => this.#onSent(size));
    if (this.#backlog > this.#limits.highWaterBytes) this.#onHighWater();
    return 'sent';
  }

  #onSent(size: number): void {
    this.#backlog -= size;
    if (this.#isClosed) return;
    this.#events.onProgress();
    if (!this.#isCongested || this.#backlog >= this.#limits.lowWaterBytes) return;
    this.#isCongested = false;
    this.#events.onCongestion(false);
  }

  #onHighWater(): void {
    if (!this.#isCongested) {
      this.#isCongested = true;
      this.#events.onCongestion(true);
    }
    if (this.#backlog > this.#limits.maxBacklogBytes) this.#events.onOverflow();
  }
}
