/**
 * Frames of RawSocket, both ways (WAMP advanced/transport_rawsocket.md): four octets `RRRR XTTT` and a 24 bit
 * length, then the body. X with length 0 means exactly 16 MiB; T is 0 message, 1 PING, 2 PONG.
 *
 * Inward, all whole messages of a chunk become one batch without copying. A frame that is longer than its chunk is
 * collected in a buffer that grows with what really arrived, never with what the header claims.
 */
import type { ByteWriter } from '../wamp/writer.ts';
import type { FrameBatch } from './connection.ts';
import type { Framing } from './framing.ts';

const HEADER = 4;
const SIXTEEN_MIB = 1 << 24;
const MESSAGE = 0;
const PING = 1;
const PONG = 2;
const FIRST_COLLECT = 4096;

/** Where the frames of a chunk go, in their order. */
export interface RawFrameSink {
  onBatch(batch: FrameBatch): void;
  /** Answer with PONG and the same bytes. They are the chunk's own: copy to keep. */
  onPing(body: Uint8Array): void;
  onPong(): void;
}

export class RawFrameSplitter {
  readonly #maxBytes: number;
  /** A frame that has begun, header included; `#have` bytes of it are there. */
  #partial: Uint8Array | undefined;
  #have = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A sentence when the peer broke the rules: what came before is delivered, nothing after may be given. */
  push(chunk: Uint8Array, sink: RawFrameSink): string | undefined {
    let at = 0;
    if (this.#partial) {
      at = this.#collect(chunk, 0);
      if (this.#have < HEADER) return undefined;
      const size = frameSize(this.#partial, 0, this.#maxBytes);
      if (typeof size === 'string') return size;
      if (this.#have < size) {
        at += this.#collectTo(size, chunk, at);
        if (this.#have < size) return undefined;
      }
      const whole = this.#partial;
      this.#partial = undefined;
      this.#have = 0;
      deliver(whole, size, sink);
    }
    return this.#split(chunk, at, sink);
  }

  #split(chunk: Uint8Array, from: number, sink: RawFrameSink): string | undefined {
    let at = from;
    let ranges: number[] = [];
    let violation: string | undefined;
    while (chunk.length - at >= HEADER) {
      const size = frameSize(chunk, at, this.#maxBytes);
      if (typeof size === 'string') {
        violation = size;
        break;
      }
      const end = at + size;
      if (end > chunk.length) break;
      if (chunk[at] === MESSAGE || (chunk[at] & 7) === MESSAGE) {
        ranges.push(at + HEADER, end);
      } else {
        // In order: what came before the ping is delivered before the pong is written.
        if (ranges.length > 0) sink.onBatch({ bytes: chunk, ranges });
        ranges = [];
        control(chunk, at, end, sink);
      }
      at = end;
    }
    if (ranges.length > 0) sink.onBatch({ bytes: chunk, ranges });
    if (violation === undefined && at < chunk.length) this.#begin(chunk, at);
    return violation;
  }

  #begin(chunk: Uint8Array, at: number): void {
    const rest = chunk.length - at;
    this.#partial = new Uint8Array(Math.max(rest, FIRST_COLLECT));
    this.#partial.set(chunk.subarray(at), 0);
    this.#have = rest;
  }

  /** Completes the header of the partial frame. Returns how many bytes of the chunk that took. */
  #collect(chunk: Uint8Array, from: number): number {
    return this.#have < HEADER ? this.#collectTo(HEADER, chunk, from) : 0;
  }

  /** Collects until the partial frame has `size` bytes or the chunk ends. */
  #collectTo(size: number, chunk: Uint8Array, from: number): number {
    const taken = Math.min(size - this.#have, chunk.length - from);
    const wanted = this.#have + taken;
    let partial = this.#partial as Uint8Array;
    if (wanted > partial.length) {
      partial = new Uint8Array(Math.min(size, Math.max(wanted, partial.length * 2)));
      partial.set((this.#partial as Uint8Array).subarray(0, this.#have), 0);
      this.#partial = partial;
    }
    partial.set(chunk.subarray(from, from + taken), this.#have);
    this.#have = wanted;
    return taken;
  }
}

function deliver(bytes: Uint8Array, size: number, sink: RawFrameSink): void {
  if ((bytes[0] & 7) === MESSAGE) sink.onBatch({ bytes, ranges: [HEADER, size] });
  else control(bytes, 0, size, sink);
}

function control(bytes: Uint8Array, at: number, end: number, sink: RawFrameSink): void {
  if ((bytes[at] & 7) === PING) sink.onPing(bytes.subarray(at + HEADER, end));
  else sink.onPong();
}

/** Header and body together, or what is wrong with the header. */
function frameSize(bytes: Uint8Array, at: number, maxBytes: number): number | string {
  const first = bytes[at];
  let length = (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  if (first > PONG) {
    if (first & 0xf0) return 'reserved bits set in a frame header';
    if ((first & 7) > PONG) return `reserved frame type ${first & 7}`;
    if (length !== 0) return 'length bit 24 set beside other length bits';
    length = SIXTEEN_MIB;
  }
  if (length > maxBytes) return `frame of ${length} bytes; at most ${maxBytes} were announced`;
  return HEADER + length;
}

/** The header of a control frame of ours. */
export function controlHeader(type: 'ping' | 'pong', length: number): Uint8Array {
  const header = new Uint8Array(HEADER);
  writeHeader(header, 0, type === 'ping' ? PING : PONG, length);
  return header;
}

export class RawSocketFraming implements Framing {
  readonly #peerMaxBytes: number;

  constructor(peerMaxBytes: number) {
    this.#peerMaxBytes = peerMaxBytes;
  }

  begin(pen: ByteWriter): void {
    pen.reserve(HEADER);
    pen.at += HEADER;
  }

  end(pen: ByteWriter, start: number): boolean {
    const length = pen.at - start - HEADER;
    if (length > this.#peerMaxBytes) return false;
    writeHeader(pen.buffer, start, MESSAGE, length);
    return true;
  }

  abandon(): void {}

  seal(): void {}
}

function writeHeader(into: Uint8Array, at: number, type: number, length: number): void {
  into[at] = length === SIXTEEN_MIB ? type | 8 : type;
  into[at + 1] = length >> 16;
  into[at + 2] = length >> 8;
  into[at + 3] = length;
}
