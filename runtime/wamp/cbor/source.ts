/** A CBOR payload as tokens. */
import { uint32 } from '../big-endian.ts';
import { readFloat16, readFloat32, readFloat64 } from '../float.ts';
import type { Payload } from '../message.ts';
import type { TokenSink } from '../tokens.ts';
import { emitBigint, PROBLEMS } from '../tokens.ts';
import { ByteWriter } from '../writer.ts';
import {
  afterArgument,
  BINARY,
  BREAK,
  INDEFINITE,
  LIST,
  MAP,
  NEGATIVE,
  readArgument,
  skip,
  TAG,
  TEXT_STRING,
  UNSIGNED,
} from './skip.ts';
import { isTransparentTag } from './tags.ts';

/** Chunked strings are put together here. */
const joined = new ByteWriter();
const KEPT_BYTES = 1 << 16;

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
  if (joined.buffer.length > KEPT_BYTES) joined.buffer = Buffer.allocUnsafeSlow(4096);
}

/** Emits the item at `at` and moves behind it. */
function emitValue(bytes: Uint8Array, sink: TokenSink): void {
  const head = bytes[at++];
  const info = head & 31;
  switch (head >> 5) {
    case UNSIGNED:
      return emitInteger(bytes, info, false, sink);
    case NEGATIVE:
      return emitInteger(bytes, info, true, sink);
    case BINARY:
      return emitString(bytes, info, BINARY, sink);
    case TEXT_STRING:
      return emitString(bytes, info, TEXT_STRING, sink);
    case LIST:
      return emitList(bytes, info, sink);
    case MAP:
      return emitMap(bytes, info, sink);
    case TAG:
      return emitTagged(bytes, info, sink);
    default:
      return emitSimple(bytes, info, sink);
  }
}

/** The argument of the head before `at`, and moves behind it. */
function argument(bytes: Uint8Array, info: number): number {
  const value = readArgument(bytes, at, bytes.length, info);
  at = afterArgument;
  return value;
}

function emitInteger(bytes: Uint8Array, info: number, isNegative: boolean, sink: TokenSink): void {
  const value = argument(bytes, info);
  if (info < 27) return sink.integer(isNegative, 0, value);
  sink.integer(isNegative, uint32(bytes, at - 8), uint32(bytes, at - 4));
}

function emitString(bytes: Uint8Array, info: number, major: number, sink: TokenSink): void {
  if (info !== INDEFINITE) {
    const size = argument(bytes, info);
    at += size;
    if (major === BINARY) sink.binary(bytes, at - size, at);
    else sink.text(bytes, at - size, at);
    return;
  }
  joined.at = 0;
  while (bytes[at] !== BREAK) {
    const chunk = bytes[at++] & 31;
    const size = argument(bytes, chunk);
    joined.append(bytes, at, at + size);
    at += size;
  }
  at++;
  if (major === BINARY) sink.binary(joined.buffer, 0, joined.at);
  else sink.text(joined.buffer, 0, joined.at);
}

/** Whether item `index` follows; takes the break of an endless container. */
function hasNext(bytes: Uint8Array, index: number, size: number): boolean {
  if (size >= 0) return index < size;
  if (bytes[at] !== BREAK) return true;
  at++;
  return false;
}

function emitList(bytes: Uint8Array, info: number, sink: TokenSink): void {
  const size = info === INDEFINITE ? -1 : argument(bytes, info);
  sink.openList(size);
  let count = 0;
  for (; hasNext(bytes, count, size); count++) {
    sink.item(count);
    emitValue(bytes, sink);
  }
  sink.closeList(size < 0 ? count : -1);
}

function emitMap(bytes: Uint8Array, info: number, sink: TokenSink): void {
  const size = info === INDEFINITE ? -1 : argument(bytes, info);
  sink.openMap(size);
  let count = 0;
  for (; hasNext(bytes, count, size); count++) {
    sink.key(count);
    emitValue(bytes, sink);
    sink.value();
    emitValue(bytes, sink);
  }
  sink.closeMap(size < 0 ? count : -1);
}

function emitTagged(bytes: Uint8Array, info: number, sink: TokenSink): void {
  const tag = argument(bytes, info);
  if (tag === 2 || tag === 3) return emitBignum(bytes, tag === 3, sink);
  if (!isTransparentTag(tag)) sink.problem ??= PROBLEMS.tag;
  emitValue(bytes, sink);
}

/** The skipper has seen to it that a definite string of few bytes follows. */
function emitBignum(bytes: Uint8Array, isNegative: boolean, sink: TokenSink): void {
  const size = argument(bytes, bytes[at++] & 31);
  let magnitude = 0n;
  for (const stop = at + size; at < stop; at++) magnitude = (magnitude << 8n) | BigInt(bytes[at]);
  emitBigint(isNegative ? -1n - magnitude : magnitude, sink);
}

function emitSimple(bytes: Uint8Array, info: number, sink: TokenSink): void {
  const from = at;
  argument(bytes, info);
  switch (info) {
    case 20:
    case 21:
      return sink.boolean(info === 21);
    case 22:
    case 23: // undefined
      return sink.nil();
    case 25:
      return sink.float(readFloat16(bytes, from));
    case 26:
      return sink.float(readFloat32(bytes, from));
    case 27:
      return sink.float(readFloat64(bytes, from));
    default:
      sink.problem ??= PROBLEMS.simple;
  }
}
