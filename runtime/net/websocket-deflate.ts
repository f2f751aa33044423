/**
 * The way out of a WebSocket that negotiated permessage-deflate: `ws` compresses and queues, a message at a time.
 * Much slower than outbound.ts, so a listener offers it only when told to.
 */
import type WebSocket from 'ws';
import type { Codec } from '../wamp/codec.ts';
import { Unencodable } from '../wamp/codec.ts';
import type { RouterMessage } from '../wamp/message.ts';
import type { Debtor } from './backlog-budget.ts';
import { SMALLEST_BUFFER } from './buffer-pool.ts';
import type { Outlet, SendResult } from './connection.ts';
import type { BacklogLimits, OutboundEvents, OutboundShared } from './outbound.ts';
import type { SharedFrame } from './shared-frame.ts';

/** What `ws` keeps for a message or a pong that waits, besides its bytes. */
const QUEUED_BYTES = 512;

export class DeflateOutlet implements Outlet, Debtor {
  readonly codec: Codec;
  readonly #ws: WebSocket;
  readonly #shared: OutboundShared;
  readonly #limits: BacklogLimits;
  readonly #events: OutboundEvents;
  #backlog = 0;
  #isCongested = false;
  #isClosed = false;

  constructor(
    codec: Codec,
    ws: WebSocket,
    shared: OutboundShared,
    limits: BacklogLimits,
    events: OutboundEvents,
  ) {
    this.codec = codec;
    this.#ws = ws;
    this.#shared = shared;
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
    const { pool } = this.#shared;
    const { pen } = pool;
    pen.buffer = pool.take(SMALLEST_BUFFER);
    pen.at = 0;
    const refused = this.codec.encode(message, pen);
    const bytes = refused ? undefined : Buffer.from(pen.buffer.subarray(0, pen.at));
    pool.give(pen.buffer);
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
    const sent = this.#queued(body.length);
    if ((header[0] & 0x0f) === 0x9) this.#ws.ping(body, false, sent);
    else this.#ws.pong(body, false, sent);
    this.#check();
  }

  flushNow(): void {} // `ws` has it already

  dispose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const owed = this.#backlog;
    this.#backlog = 0;
    if (owed > 0) this.#shared.backlog.change(this, -owed, 0);
  }

  cutForRoom(): void {
    this.#events.onCutForRoom();
  }

  #send(bytes: Uint8Array): SendResult {
    const sent = this.#queued(bytes.length);
    this.#ws.send(bytes, { binary: this.codec.id !== 'json' }, sent);
    this.#check();
    return 'sent';
  }

  /** Counts what `ws` is about to queue; what it returns is called when that has left. */
  #queued(length: number): () => void {
    const size = length + QUEUED_BYTES;
    this.#backlog += size;
    this.#shared.backlog.change(this, size, this.#backlog);
    return () => this.#onSent(size);
  }

  #check(): void {
    if (this.#backlog > this.#limits.highWaterBytes) this.#onHighWater();
  }

  #onSent(size: number): void {
    if (this.#isClosed) return;
    this.#backlog -= size;
    this.#shared.backlog.change(this, -size, this.#backlog);
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
