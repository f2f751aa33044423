/**
 * One socket to another node, after its handshake: frames in under a time budget, frames out in one write per turn.
 * Heartbeats are said and not asked for: each side speaks at least once per interval, because the answer to a question
 * would wait behind whatever its reader has not read yet, and a busy peer would look dead.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/actor.ts';
import { ByteWriter } from '../../wamp/writer.ts';
import type { BufferPool } from '../buffer-pool.ts';
import type { Flushable, FlushList } from '../flush-list.ts';
import type { BulkWindow } from './bulk-window.ts';
import { Flight } from './flight.ts';
import { FrameReader } from './frame-reader.ts';
import type { Ack, MessageHead } from './frames.ts';
import { parseFrame, writeAck, writeClose, writeDataHead, writePing } from './frames.ts';
import type { CloseReason } from './protocol.ts';
import { FRAME_BYTES } from './protocol.ts';
import type { WholeMessage } from './reassembly.ts';
import { Reassembly } from './reassembly.ts';
import type { TurnBudget } from './turn-budget.ts';

/** Bytes given to the socket and not taken by the operating system, over which nothing more is cut. */
const HIGH_WATER = 256 * 1024;
/** Written before the turn ends. */
const EARLY_WRITE = 64 * 1024;
/** A piece this long is bulk: it is written from where it is, and waits for the window of the link. */
const BULK = 8 * 1024;
/** Frames between two looks at the clock; one of 64 KiB counts as 16. */
const LOOK_EVERY = 16;
const LARGE_FRAME = 4 * 1024;
/** Far above what bulk asks. */
const MAX_UNANSWERED = 10_000;
/** Until a message that nobody took is offered again. */
const HOLD_MS = 5;
/** From our last word to the cut. */
const LINGER_MS = 500;

export interface ConnectionHost {
  readonly clock: Clock;
  readonly pool: BufferPool;
  readonly flushes: FlushList;
  /** Shared, except by those that must not wait for others. */
  readonly budget: TurnBudget;
  /** Of the link. */
  readonly bulkWindow: BulkWindow;
  readonly maxMessageBytes: number;
  /** A mistake of ours was met while reading; the connection is cut. */
  onFault(error: unknown): void;
}

export interface ConnectionEvents {
  /** `hold`: nobody can take it now, ask again; nothing else is read meanwhile. A text: the peer breaks the protocol. */
  onMessage(message: WholeMessage): 'taken' | 'hold' | { readonly violation: string };
  /** Everything of a chunk has been read, or a part of it within the budget. */
  onBatch(): void;
  onAck(ack: Ack): void;
  onRoundTrip(ms: number): void;
  /** There is room for more. */
  onDrain(): void;
  /** Once, whoever ended it. */
  onClosed(reason: CloseReason, detail: string): void;
}

export class PeerConnection implements Flushable {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader = new FrameReader(FRAME_BYTES);
  readonly #reassembly: Reassembly;
  readonly #flight = new Flight();
  #events: ConnectionEvents | undefined;
  #pen: ByteWriter | undefined;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #isListed = false;
  #isClosed = false;
  #held: WholeMessage | undefined;
  /** Bytes wait for the next turn, or a message is held. */
  #isBusy = false;
  #isStarted = false;
  /** The peer has read bulk. */
  #isRoomier = false;
  #unlooked = 0;
  #isPaused = true;
  #heardAt: number;
  #saidAt: number;
  #askedAt = 0;

  /** `rest`: bytes that came behind the handshake. Nothing is read before `start`. */
  constructor(socket: Socket, host: ConnectionHost, rest: readonly Uint8Array[]) {
    this.#socket = socket;
    this.#host = host;
    this.#reassembly = new Reassembly(host.maxMessageBytes);
    this.#heardAt = this.#saidAt = host.clock.now();
    for (const chunk of rest) this.#reader.push(chunk);
    socket.pause();
    socket.on('error', () => {}); // always followed by close
    socket.on('close', () => this.#closed('failed', 'the connection was lost'));
  }

  /** Hears of the connection's end and of room, but no messages yet. */
  attach(events: ConnectionEvents): void {
    this.#events = events;
    this.#socket.on('drain', () => events.onDrain());
    if (this.#socket.destroyed) this.#closed('failed', 'the connection was lost');
  }

  start(): void {
    if (this.#isClosed) return;
    this.#isStarted = true;
    this.#heardAt = this.#host.clock.now();
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heardAt = this.#host.clock.now();
      this.#reader.push(chunk);
      if (!this.#isBusy) this.#drain();
    });
    this.#drain();
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  get sentBytes(): number {
    return this.#socket.bytesWritten;
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead;
  }

  get unfinishedMessages(): number {
    return this.#reassembly.unfinished;
  }

  /** Bytes the operating system has not taken. */
  get backlog(): number {
    return (this.#pen?.at ?? 0) + this.#chunkBytes + this.#socket.writableLength;
  }

  /** Whether a piece of so many bytes may be written now. */
  canTake(size: number): boolean {
    if (this.#isClosed || this.backlog >= HIGH_WATER) return false;
    if (size < BULK || this.#flight.unanswered === 0) return true;
    const { bulkWindow } = this.#host;
    if (this.#flight.bytes + size <= bulkWindow.bytes) return true;
    bulkWindow.filled();
    return false;
  }

  /** The bytes of the piece are written later, so they must not change. */
  write(
    id: number,
    head: MessageHead | undefined,
    body: Uint8Array,
    start: number,
    end: number,
  ): void {
    const pen = this.#open();
    writeDataHead(pen, id, head, end - start, end === body.length);
    if (end - start < BULK) {
      pen.append(body, start, end);
      return this.#said();
    }
    this.#seal();
    this.#chunks.push(body.subarray(start, end));
    this.#chunkBytes += end - start;
    if (this.#flight.sent(end - start, this.#host.bulkWindow.pingBytes)) this.#ask();
    else this.#said();
  }

  acknowledge(ack: Ack): void {
    if (this.#isClosed) return;
    writeAck(this.#open(), ack);
    this.#said();
  }

  /** Speaks when it is time to; `always`: also to measure. Cuts a peer that was silent for too long. */
  tick(
    now: number,
    rules: { readonly pingIntervalMs: number; readonly silenceMs: number },
    always: boolean,
  ): void {
    if (this.#isClosed) return;
    if (this.#isBusy || !this.#isStarted) this.#heardAt = now; // it is we who do not listen
    if (now - this.#heardAt >= rules.silenceMs) {
      return this.close('silent', `nothing was heard for ${Math.round(now - this.#heardAt)} ms`);
    }
    const since = always ? this.#askedAt : this.#saidAt;
    if (now - since < rules.pingIntervalMs) return;
    if (this.#flight.unanswered >= MAX_UNANSWERED) return this.close('silent', 'no pongs');
    this.#askedAt = now;
    this.#ask();
  }

  /** Our own loop stood still: that is not the peer's silence. */
  forgive(ms: number): void {
    this.#heardAt += ms;
  }

  flush(): void {
    this.#isListed = false;
    if (this.#isClosed) return;
    this.#seal();
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    this.#chunks = [];
    this.#chunkBytes = 0;
    if (chunks.length === 1) return void this.#socket.write(chunks[0]);
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  close(reason: CloseReason, detail: string): void {
    if (this.#isClosed) return;
    writeClose(this.#open(), reason, detail);
    this.flush();
    this.#closed(reason, detail);
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
    this.#socket.resume(); // or its end would never be seen
  }

  #closed(reason: CloseReason, detail: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pen = undefined;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#held = undefined;
    this.#events?.onClosed(reason, detail);
  }

  #open(): ByteWriter {
    return (this.#pen ??= new ByteWriter(4096, (size) => this.#host.pool.take(size)));
  }

  #seal(): void {
    const pen = this.#pen;
    if (pen === undefined || pen.at === 0) return;
    this.#chunks.push(pen.buffer.subarray(0, pen.at));
    this.#chunkBytes += pen.at;
    this.#pen = undefined;
  }

  #ask(): void {
    writePing(this.#open(), 'ping', this.#flight.ask(this.#host.clock.now()));
    this.#said();
  }

  #onPong(token: number): void {
    const asked = this.#flight.answered(token);
    if (asked === undefined) return this.#violated('a pong that nobody waits for');
    const now = this.#host.clock.now();
    this.#host.bulkWindow.answered(asked.at, now, asked.bytes > 0);
    this.#events!.onRoundTrip(now - asked.at);
    this.#isRoomier ||= asked.bytes > 0;
  }

  #said(): void {
    this.#saidAt = this.#host.clock.now();
    if ((this.#pen?.at ?? 0) + this.#chunkBytes >= EARLY_WRITE) return this.flush();
    if (this.#isListed) return;
    this.#isListed = true;
    this.#host.flushes.add(this);
  }

  #drain(): void {
    if (this.#isClosed) return;
    this.#isBusy = false;
    try {
      const wait = this.#readOn();
      if (this.#isClosed) return;
      this.#events!.onBatch();
      if (this.#isRoomier) this.#events!.onDrain();
      this.#isRoomier = false;
      if (wait === undefined) return this.#read(true);
      this.#isBusy = true;
      this.#read(false);
      if (wait === 'next_turn') setImmediate(() => this.#drain());
      else setTimeout(() => this.#drain(), HOLD_MS);
    } catch (error) {
      this.#host.onFault(error);
      this.close('failed', 'internal error');
    }
  }

  #read(isWanted: boolean): void {
    if (this.#isPaused !== isWanted) return;
    this.#isPaused = !isWanted;
    if (isWanted) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Undefined: everything is read, and there is time for more. */
  #readOn(): 'next_turn' | 'soon' | undefined {
    if (this.#held !== undefined && !this.#offer(this.#held)) return 'soon';
    while (!this.#isClosed) {
      const found = this.#reader.next();
      if (found === 'none') return undefined;
      if (found !== 'frame') {
        this.#violated(found === 'empty' ? 'an empty frame' : 'a frame over the limit');
        return undefined;
      }
      if (!this.#onFrame()) return 'soon';
      const { start, end } = this.#reader;
      this.#unlooked += 1 + (end - start) / LARGE_FRAME;
      if (this.#unlooked < LOOK_EVERY) continue;
      this.#unlooked = 0;
      if (this.#host.budget.isSpent) return 'next_turn';
    }
    return undefined;
  }

  /** False: a message is held. */
  #onFrame(): boolean {
    const { bytes, start, end, isOwn } = this.#reader;
    const frame = parseFrame(bytes, start, end);
    switch (frame.kind) {
      case 'data': {
        const whole = this.#reassembly.add(bytes, frame, isOwn);
        if (whole === undefined) return true;
        if (typeof whole !== 'string') return this.#offer(whole);
        this.#violated(whole);
        return true;
      }
      case 'ack':
        this.#events!.onAck(frame.ack);
        return true;
      case 'ping':
        writePing(this.#open(), 'pong', frame.token);
        this.#said();
        return true;
      case 'pong':
        this.#onPong(frame.token);
        return true;
      case 'close':
        this.#closed(frame.reason, frame.text);
        this.#socket.destroySoon();
        return true;
      case 'violation':
        this.#violated(frame.detail);
        return true;
      default:
        return never(frame);
    }
  }

  #offer(message: WholeMessage): boolean {
    const outcome = this.#events!.onMessage(message);
    this.#held = outcome === 'hold' ? message : undefined;
    if (typeof outcome === 'object') this.#violated(outcome.violation);
    return outcome !== 'hold';
  }

  #violated(detail: string): void {
    this.close('violation', detail);
  }
}

function never(frame: never): never {
  throw new Error(`unexpected frame ${JSON.stringify(frame)}`);
}
