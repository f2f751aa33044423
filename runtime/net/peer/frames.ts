/**
 * Frames between nodes: a length of four bytes, a type, and what the type says. A message is cut into data frames of
 * at most 64 KiB; those of one message share an id, and frames of other messages may stand between them.
 *
 *   data   flags, id, [service, size, [sequence, lowest], [inflated size]], bytes     the bracket only in the first
 *   ack    contiguous, count, sequences beyond it
 *   ping   token          pong   token          close   reason, text
 */
import { put32, uint16, uint32 } from '../../wamp/big-endian.ts';
import { utf8Text } from '../../wamp/utf8.ts';
import type { ByteWriter } from '../../wamp/writer.ts';
import type { ServiceName } from './port.ts';
import type { CloseReason } from './protocol.ts';
import { CLOSE_REASONS, COMPRESSED_BYTES, FRAME_BYTES, SERVICES, WINDOW } from './protocol.ts';

const DATA = 1;
const ACK = 2;
const PING = 3;
const PONG = 4;
const CLOSE = 5;

const FIRST = 1;
const LAST = 2;
const ACKNOWLEDGED = 4;
const COMPRESSED = 8;
const ALL_FLAGS = FIRST | LAST | ACKNOWLEDGED | COMPRESSED;

export const LENGTH_BYTES = 4;
const LONGEST_HEAD = 32;
/** Bytes of a message in one frame. */
export const PIECE_BYTES = FRAME_BYTES - LONGEST_HEAD;
const MAX_TEXT = 256;

/** What the first frame says of its message. */
export interface MessageHead {
  readonly service: ServiceName;
  /** Bytes on the wire. */
  readonly size: number;
  /** 0: not acknowledged. */
  readonly sequence: number;
  /** The sender keeps no unacknowledged message below it. */
  readonly lowest: number;
  /** 0: not compressed. */
  readonly inflatedSize: number;
}

export interface Ack {
  /** Every sequence up to here has arrived. */
  readonly contiguous: number;
  /** ... and these beyond it. */
  readonly beyond: readonly number[];
}

export type Frame =
  | {
      readonly kind: 'data';
      readonly id: number;
      /** Undefined: a later piece. */
      readonly head: MessageHead | undefined;
      readonly isLast: boolean;
      /** The piece, within the bytes that were parsed. */
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'ack'; readonly ack: Ack }
  | { readonly kind: 'ping' | 'pong'; readonly token: number }
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly text: string }
  /** The peer breaks the protocol. */
  | { readonly kind: 'violation'; readonly detail: string };

/** Writes everything of a data frame but its `size` bytes. */
export function writeDataHead(
  into: ByteWriter,
  id: number,
  head: MessageHead | undefined,
  size: number,
  isLast: boolean,
): void {
  into.reserve(LENGTH_BYTES + LONGEST_HEAD);
  const { buffer, at: start } = into;
  let flags = isLast ? LAST : 0;
  let at = start + LENGTH_BYTES + 2;
  at = put32(buffer, at, id);
  if (head !== undefined) {
    flags |= FIRST;
    buffer[at++] = SERVICES.indexOf(head.service);
    at = put32(buffer, at, head.size);
    if (head.sequence > 0) {
      flags |= ACKNOWLEDGED;
      at = put64(buffer, at, head.sequence);
      at = put64(buffer, at, head.lowest);
    }
    if (head.inflatedSize > 0) {
      flags |= COMPRESSED;
      at = put32(buffer, at, head.inflatedSize);
    }
  }
  buffer[start + LENGTH_BYTES] = DATA;
  buffer[start + LENGTH_BYTES + 1] = flags;
  put32(buffer, start, at - start - LENGTH_BYTES + size);
  into.at = at;
}

export function writeAck(into: ByteWriter, { contiguous, beyond }: Ack): void {
  const size = 1 + 8 + 2 + beyond.length * 8;
  let at = begin(into, size, ACK);
  const { buffer } = into;
  at = put64(buffer, at, contiguous);
  buffer[at++] = beyond.length >>> 8;
  buffer[at++] = beyond.length;
  for (const sequence of beyond) at = put64(buffer, at, sequence);
  into.at = at;
}

export function writePing(into: ByteWriter, kind: 'ping' | 'pong', token: number): void {
  const at = begin(into, 1 + 4, kind === 'ping' ? PING : PONG);
  into.at = put32(into.buffer, at, token);
}

export function writeClose(into: ByteWriter, reason: CloseReason, text: string): void {
  const bytes = Buffer.from(text.slice(0, MAX_TEXT / 4), 'utf8');
  const at = begin(into, 2 + bytes.length, CLOSE);
  into.buffer[at] = CLOSE_REASONS.indexOf(reason);
  into.at = at + 1;
  into.append(bytes, 0, bytes.length);
}

function begin(into: ByteWriter, size: number, type: number): number {
  into.reserve(LENGTH_BYTES + size);
  const at = put32(into.buffer, into.at, size);
  into.buffer[at] = type;
  return at + 1;
}

/** The frame that is all of `[start, end)`. */
export function parseFrame(bytes: Uint8Array, start: number, end: number): Frame {
  const size = end - start;
  switch (bytes[start]) {
    case DATA:
      return parseData(bytes, start, end);
    case ACK:
      return parseAck(bytes, start + 1, end);
    case PING:
    case PONG:
      if (size !== 5) return violation('a ping of the wrong size');
      return { kind: bytes[start] === PING ? 'ping' : 'pong', token: uint32(bytes, start + 1) };
    case CLOSE:
      if (size < 2 || size > 2 + MAX_TEXT) return violation('a close of the wrong size');
      return {
        kind: 'close',
        reason: CLOSE_REASONS[bytes[start + 1]] ?? 'unknown',
        text: utf8Text(bytes, start + 2, end),
      };
    default:
      return violation(`unknown frame type ${bytes[start]}`);
  }
}

function parseData(bytes: Uint8Array, start: number, end: number): Frame {
  if (end - start < 6) return violation('a data frame ends in its head');
  const flags = bytes[start + 1];
  if ((flags & ~ALL_FLAGS) !== 0) return violation(`unknown flags ${flags}`);
  const id = uint32(bytes, start + 2);
  const isLast = (flags & LAST) !== 0;
  let at = start + 6;
  if ((flags & FIRST) === 0) {
    if ((flags & (ACKNOWLEDGED | COMPRESSED)) !== 0) return violation('a later piece with a head');
    return { kind: 'data', id, head: undefined, isLast, start: at, end };
  }
  const isAcknowledged = (flags & ACKNOWLEDGED) !== 0;
  const isCompressed = (flags & COMPRESSED) !== 0;
  if (end - at < 5 + (isAcknowledged ? 16 : 0) + (isCompressed ? 4 : 0)) {
    return violation('a data frame ends in its head');
  }
  const service = SERVICES[bytes[at]];
  if (service === undefined) return violation(`unknown service ${bytes[at]}`);
  const size = uint32(bytes, at + 1);
  at += 5;
  let sequence = 0;
  let lowest = 0;
  if (isAcknowledged) {
    sequence = uint64(bytes, at);
    lowest = uint64(bytes, at + 8);
    if (!isSequence(sequence) || !isSequence(lowest) || lowest > sequence) {
      return violation('an impossible sequence');
    }
    at += 16;
  }
  let inflatedSize = 0;
  if (isCompressed) {
    inflatedSize = uint32(bytes, at);
    if (inflatedSize === 0 || inflatedSize > COMPRESSED_BYTES) {
      return violation('an impossible inflated size');
    }
    at += 4;
  }
  const head = { service, size, sequence, lowest, inflatedSize };
  return { kind: 'data', id, head, isLast, start: at, end };
}

function parseAck(bytes: Uint8Array, start: number, end: number): Frame {
  if (end - start < 10) return violation('an ack ends too early');
  const contiguous = uint64(bytes, start);
  const count = uint16(bytes, start + 8);
  if (!Number.isSafeInteger(contiguous)) return violation('an impossible sequence');
  if (count > WINDOW || end - start !== 10 + count * 8)
    return violation('an ack of the wrong size');
  const beyond: number[] = [];
  for (let at = start + 10; at < end; at += 8) beyond.push(uint64(bytes, at));
  return { kind: 'ack', ack: { contiguous, beyond } };
}

function violation(detail: string): Frame {
  return { kind: 'violation', detail };
}

function isSequence(value: number): boolean {
  return value > 0 && Number.isSafeInteger(value);
}

function uint64(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) * 0x100000000 + uint32(bytes, at + 4);
}

function put64(buffer: Uint8Array, at: number, value: number): number {
  return put32(buffer, put32(buffer, at, Math.floor(value / 0x100000000)), value % 0x100000000);
}
