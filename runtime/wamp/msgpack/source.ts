/** A MessagePack payload as tokens. */
import { uint16, uint32 } from '../big-endian.ts';
import { readFloat32, readFloat64 } from '../float.ts';
import type { Payload } from '../message.ts';
import type { TokenSink } from '../tokens.ts';
import { PROBLEMS } from '../tokens.ts';
import { skip } from './skip.ts';

let at = 0;

export function emit({ bytes, start, end, items }: Payload, sink: TokenSink): void {
  // Payloads are checked when they are decoded; this keeps a caller's mistake from reading beyond the range.
  if (skip(bytes, start, end, items, Infinity) !== end) {
    sink.problem = PROBLEMS.malformed;
    return;
  }
  at = start;
  for (let i = 0; i < items; i++) {
    sink.item(i);
    emitValue(bytes, sink);
  }
}

/** Emits the value at `at` and moves behind it. */
function emitValue(bytes: Uint8Array, sink: TokenSink): void {
  const head = bytes[at++];
  if (head < 0x80) return sink.integer(false, 0, head);
  if (head >= 0xe0) return sink.integer(true, 0, 255 - head);
  if (head < 0x90) return emitMap(bytes, head & 15, sink);
  if (head < 0xa0) return emitList(bytes, head & 15, sink);
  if (head < 0xc0) return emitText(bytes, head & 31, sink);
  switch (head) {
    case 0xc0:
      return sink.nil();
    case 0xc2:
    case 0xc3:
      return sink.boolean(head === 0xc3);
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return emitBinary(bytes, size(bytes, head - 0xc4), sink);
    case 0xca:
      at += 4;
      return sink.float(readFloat32(bytes, at - 4));
    case 0xcb:
      at += 8;
      return sink.float(readFloat64(bytes, at - 8));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return emitText(bytes, size(bytes, head - 0xd9), sink);
    case 0xdc:
    case 0xdd:
      return emitList(bytes, size(bytes, head - 0xdb), sink);
    case 0xde:
    case 0xdf:
      return emitMap(bytes, size(bytes, head - 0xdd), sink);
    default:
      if (head >= 0xcc && head <= 0xd3) emitInteger(bytes, head, sink);
      else emitExtension(bytes, head, sink);
  }
}

/** A length of 1, 2 or 4 bytes, and moves behind it. */
function size(bytes: Uint8Array, widthBits: number): number {
  const from = at;
  at += 1 << widthBits;
  return widthBits === 0
    ? bytes[from]
    : widthBits === 1
      ? uint16(bytes, from)
      : uint32(bytes, from);
}

function emitInteger(bytes: Uint8Array, head: number, sink: TokenSink): void {
  const width = 1 << (head & 3);
  const from = at;
  at += width;
  const isNegative = head >= 0xd0 && bytes[from] >= 0x80;
  if (width === 8) {
    const high = uint32(bytes, from);
    const low = uint32(bytes, from + 4);
    // -1 - n has the bits of n inverted
    return isNegative
      ? sink.integer(true, ~high >>> 0, ~low >>> 0)
      : sink.integer(false, high, low);
  }
  const raw = width === 1 ? bytes[from] : width === 2 ? uint16(bytes, from) : uint32(bytes, from);
  sink.integer(isNegative, 0, isNegative ? 2 ** (8 * width) - 1 - raw : raw);
}

function emitText(bytes: Uint8Array, length: number, sink: TokenSink): void {
  at += length;
  sink.text(bytes, at - length, at);
}

function emitBinary(bytes: Uint8Array, length: number, sink: TokenSink): void {
  at += length;
  sink.binary(bytes, at - length, at);
}

function emitList(bytes: Uint8Array, count: number, sink: TokenSink): void {
  sink.openList(count);
  for (let i = 0; i < count; i++) {
    sink.item(i);
    emitValue(bytes, sink);
  }
  sink.closeList(-1);
}

function emitMap(bytes: Uint8Array, count: number, sink: TokenSink): void {
  sink.openMap(count);
  for (let i = 0; i < count; i++) {
    sink.key(i);
    emitValue(bytes, sink);
    sink.value();
    emitValue(bytes, sink);
  }
  sink.closeMap(-1);
}

const TIMESTAMP = 0xff; // type -1

/** A timestamp is its seconds since 1970, as in CBOR's tag 1; msgpackr says undefined as fixext 0. */
function emitExtension(bytes: Uint8Array, head: number, sink: TokenSink): void {
  const length = head >= 0xd4 ? 1 << (head - 0xd4) : size(bytes, head - 0xc7);
  const type = bytes[at];
  const from = at + 1;
  at = from + length;
  if (head === 0xd4 && type === 0) return sink.nil();
  if (type !== TIMESTAMP) sink.problem ??= PROBLEMS.extension;
  else if (length === 4) sink.integer(false, 0, uint32(bytes, from));
  else if (length === 8) {
    const first = uint32(bytes, from);
    emitSeconds(false, first & 3, uint32(bytes, from + 4), first >>> 2, sink);
  } else if (length === 12) {
    const high = uint32(bytes, from + 4);
    const low = uint32(bytes, from + 8);
    const isNegative = high >= 0x80000000;
    const [n, m] = isNegative ? [~high >>> 0, ~low >>> 0] : [high, low];
    emitSeconds(isNegative, n, m, uint32(bytes, from), sink);
  } else sink.problem ??= PROBLEMS.extension;
}

function emitSeconds(
  isNegative: boolean,
  high: number,
  low: number,
  nanoseconds: number,
  sink: TokenSink,
): void {
  if (nanoseconds === 0) return sink.integer(isNegative, high, low);
  const magnitude = high * 0x100000000 + low;
  sink.float((isNegative ? -1 - magnitude : magnitude) + nanoseconds / 1e9);
}
