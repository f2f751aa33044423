/**
 * Our side of a WebSocket (RFC 6455 section 5.2), written straight into the output buffer: unmasked, unfragmented,
 * with a header of 2, 4 or 10 bytes. The size of the header is guessed from the message before, and the message
 * moved by a few bytes when the guess was wrong.
 */
import type { ByteWriter } from '../wamp/writer.ts';
import type { SerializerId } from '../wamp/message.ts';
import type { Framing } from './framing.ts';

const FINAL = 0x80;
const TEXT = 0x1;
const BINARY = 0x2;
const PING = 0x9;
const PONG = 0xa;
/** A batch this long is a frame of its own; the header of what is shorter has 4 bytes. */
const MAX_BATCH = 60_000;
const RECORD_END = 0x1e;
const LENGTH_PREFIX = 4;

export function dataOpcode(serializer: SerializerId): number {
  return FINAL | (serializer === 'json' ? TEXT : BINARY);
}

/** The header of a control frame; `length` is at most 125. */
export function controlHeader(type: 'ping' | 'pong', length: number): Uint8Array {
  return Uint8Array.of(FINAL | (type === 'ping' ? PING : PONG), length);
}

/** One message, one frame. */
export class WebSocketFraming implements Framing {
  readonly #opcode: number;
  #room = 2;

  constructor(serializer: SerializerId) {
    this.#opcode = dataOpcode(serializer);
  }

  begin(pen: ByteWriter): void {
    pen.reserve(this.#room);
    pen.at += this.#room;
  }

  end(pen: ByteWriter, start: number): boolean {
    this.#room = writeHeader(pen, start, this.#room, this.#opcode);
    return true;
  }

  abandon(): void {}

  seal(): void {}
}

/**
 * All messages of a turn in one frame (WAMP advanced/transport_batched_websocket.md): JSON ends each with 0x1e,
 * the binary serializers put a length of four bytes before each.
 */
export class BatchedFraming implements Framing {
  readonly #isJson: boolean;
  readonly #opcode: number;
  #room = 4;
  /** Where the open frame begins in the buffer; -1: none is open. */
  #openAt = -1;

  constructor(serializer: SerializerId) {
    this.#isJson = serializer === 'json';
    this.#opcode = dataOpcode(serializer);
  }

  begin(pen: ByteWriter): void {
    pen.reserve(this.#room + LENGTH_PREFIX);
    // An open frame at or behind the pen belongs to a message that was cut off.
    if (this.#openAt < 0 || this.#openAt >= pen.at) {
      this.#openAt = pen.at;
      pen.at += this.#room;
    }
    if (!this.#isJson) pen.at += LENGTH_PREFIX;
  }

  end(pen: ByteWriter, start: number): boolean {
    if (this.#isJson) {
      pen.reserve(1);
      pen.buffer[pen.at++] = RECORD_END;
    } else {
      const prefix = start === this.#openAt ? start + this.#room : start;
      writeUint32(pen.buffer, prefix, pen.at - prefix - LENGTH_PREFIX);
    }
    // Not in `begin`: a message that is taken back must not have moved what was there before it.
    if (pen.at - this.#openAt >= MAX_BATCH) this.seal(pen);
    return true;
  }

  abandon(start: number): void {
    if (this.#openAt === start) this.#openAt = -1;
  }

  seal(pen: ByteWriter): void {
    if (this.#openAt < 0) return;
    this.#room = writeHeader(pen, this.#openAt, this.#room, this.#opcode);
    this.#openAt = -1;
  }
}

/** Fills in the header of the frame that reaches from `start` to the pen; returns the size it has. */
function writeHeader(pen: ByteWriter, start: number, room: number, opcode: number): number {
  const length = pen.at - start - room;
  const size = length < 126 ? 2 : length < 65536 ? 4 : 10;
  if (size !== room) {
    if (size > room) pen.reserve(size - room);
    pen.buffer.copyWithin(start + size, start + room, pen.at);
    pen.at += size - room;
  }
  const { buffer } = pen;
  buffer[start] = opcode;
  if (size === 2) {
    buffer[start + 1] = length;
  } else if (size === 4) {
    buffer[start + 1] = 126;
    buffer[start + 2] = length >> 8;
    buffer[start + 3] = length;
  } else {
    buffer[start + 1] = 127;
    writeUint32(buffer, start + 2, Math.floor(length / 2 ** 32));
    writeUint32(buffer, start + 6, length);
  }
  return size;
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
