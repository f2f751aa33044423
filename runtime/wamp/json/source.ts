/**
 * A JSON payload as tokens. Its containers do not say their size, so a first pass counts them in the order in which
 * they open.
 */
import { base64Size, decodeBase64 } from '../base64.ts';
import type { Payload } from '../message.ts';
import type { TokenSink } from '../tokens.ts';
import { emitBigint, PROBLEMS } from '../tokens.ts';
import { utf8Text } from '../utf8.ts';
import { ByteWriter } from '../writer.ts';
import { isBinaryAt } from './read.ts';
import {
  BACKSLASH,
  CLOSE_DICT,
  CLOSE_LIST,
  COMMA,
  hexDigit,
  isFractional,
  MINUS,
  OPEN_DICT,
  OPEN_LIST,
  QUOTE,
  skipNumber,
  skipSpace,
  skipString,
  skipValue,
} from './scan.ts';

/** A 128-bit integer has at most 39 digits. */
const MAX_INTEGER_DIGITS = 39;

const unescaped = new ByteWriter();
let next = 0; // the container whose size is needed next
let at = 0;

export function emit(payload: Payload, sink: TokenSink): void {
  const { bytes, start, end, items } = payload;
  if (!isWellFormed(payload)) {
    sink.problem = PROBLEMS.malformed;
    return;
  }
  countContainers(bytes, start, end);
  next = 0;
  at = start;
  for (let i = 0; i < items; i++) {
    if (i > 0) at = skipSpace(bytes, at, end) + 1; // the comma
    sink.item(i);
    emitValue(bytes, sink);
  }
  if (sizes.length > KEPT_SIZES) sizes = new Uint32Array(64);
  if (unescaped.buffer.length > KEPT_BYTES) unescaped.buffer = Buffer.allocUnsafeSlow(4096);
}

/** Payloads are checked when they are decoded; this keeps a caller's mistake from reading beyond the range. */
function isWellFormed({ bytes, start, end, items }: Payload): boolean {
  let stop = skipValue(bytes, start, end, Infinity);
  for (let i = 1; i < items && stop >= 0; i++) {
    const comma = skipSpace(bytes, stop, end);
    if (comma >= end || bytes[comma] !== COMMA) return false;
    stop = skipValue(bytes, comma + 1, end, Infinity);
  }
  return stop >= 0 && skipSpace(bytes, stop, end) === end;
}

const KEPT_SIZES = 1 << 16;
const KEPT_BYTES = 1 << 16;
let sizes = new Uint32Array(64);
const open = new Uint32Array(1024); // as deep as the scanner goes

function countContainers(bytes: Uint8Array, start: number, end: number): void {
  let found = 0;
  let level = -1;
  for (let i = start; i < end; i++) {
    const code = bytes[i];
    if (code === QUOTE) i = skipString(bytes, i + 1, end) - 1;
    else if (code === COMMA) {
      if (level >= 0) sizes[open[level]]++;
    } else if (code === OPEN_LIST || code === OPEN_DICT) {
      if (found === sizes.length) growSizes();
      const inside = bytes[skipSpace(bytes, i + 1, end)];
      sizes[found] = inside === CLOSE_LIST || inside === CLOSE_DICT ? 0 : 1;
      open[++level] = found++;
    } else if (code === CLOSE_LIST || code === CLOSE_DICT) level--;
  }
}

function growSizes(): void {
  const grown = new Uint32Array(sizes.length * 2);
  grown.set(sizes);
  sizes = grown;
}

/** Emits the value at `at`, spaces allowed before, and moves behind it. */
function emitValue(bytes: Uint8Array, sink: TokenSink): void {
  at = skipSpace(bytes, at, bytes.length);
  switch (bytes[at]) {
    case QUOTE:
      return isBinaryAt(bytes, at) ? emitBinary(bytes, sink) : emitText(bytes, sink);
    case OPEN_LIST:
      return emitList(bytes, sink);
    case OPEN_DICT:
      return emitMap(bytes, sink);
    case 0x74: // true
      at += 4;
      return sink.boolean(true);
    case 0x66: // false
      at += 5;
      return sink.boolean(false);
    case 0x6e: // null
      at += 4;
      return sink.nil();
    default:
      return emitNumber(bytes, sink);
  }
}

function emitList(bytes: Uint8Array, sink: TokenSink): void {
  const size = sizes[next++];
  sink.openList(size);
  at++;
  for (let i = 0; i < size; i++) {
    sink.item(i);
    emitValue(bytes, sink);
    at = skipSpace(bytes, at, bytes.length);
    if (i < size - 1) at++; // the comma
  }
  at = skipSpace(bytes, at, bytes.length) + 1;
  sink.closeList(-1);
}

function emitMap(bytes: Uint8Array, sink: TokenSink): void {
  const size = sizes[next++];
  sink.openMap(size);
  at++;
  for (let i = 0; i < size; i++) {
    at = skipSpace(bytes, at, bytes.length);
    sink.key(i);
    emitText(bytes, sink);
    at = skipSpace(bytes, at, bytes.length) + 1; // the colon
    sink.value();
    emitValue(bytes, sink);
    at = skipSpace(bytes, at, bytes.length);
    if (i < size - 1) at++; // the comma
  }
  at = skipSpace(bytes, at, bytes.length) + 1;
  sink.closeMap(-1);
}

function emitText(bytes: Uint8Array, sink: TokenSink): void {
  const start = at + 1;
  const stop = skipString(bytes, start, bytes.length);
  at = stop;
  let escape = start;
  while (escape < stop && bytes[escape] !== BACKSLASH) escape++;
  if (escape === stop) return sink.text(bytes, start, stop - 1);
  unescape(bytes, start, stop - 1);
  sink.text(unescaped.buffer, 0, unescaped.at);
}

function emitBinary(bytes: Uint8Array, sink: TokenSink): void {
  const start = at + 1;
  const stop = skipString(bytes, start, bytes.length);
  at = stop;
  unescape(bytes, start, stop - 1); // some encoders write `/` as `\/`
  const encoded = unescaped.at;
  const size = base64Size(unescaped.buffer, 1, encoded); // after the U+0000
  if (size < 0) {
    sink.problem ??= PROBLEMS.base64;
    return;
  }
  unescaped.reserve(size);
  decodeBase64(unescaped.buffer, 1, size, unescaped.buffer, encoded);
  sink.binary(unescaped.buffer, encoded, encoded + size);
}

/** The content of a string as UTF-8 in `unescaped`; a lone surrogate becomes U+FFFD, as in a UTF-8 encoder. */
function unescape(bytes: Uint8Array, start: number, end: number): void {
  unescaped.at = 0;
  unescaped.reserve(end - start);
  let from = start;
  for (let i = start; i < end; i++) {
    if (bytes[i] !== BACKSLASH) continue;
    unescaped.append(bytes, from, i);
    const kind = bytes[++i];
    if (kind !== 0x75) appendCodePoint(SIMPLE_ESCAPES[kind]);
    else {
      let code = hex4(bytes, i + 1);
      i += 4;
      const isHigh = code >= 0xd800 && code < 0xdc00;
      const isPair = isHigh && i + 6 < end && bytes[i + 1] === BACKSLASH && bytes[i + 2] === 0x75;
      const low = isPair ? hex4(bytes, i + 3) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      } else if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
      appendCodePoint(code);
    }
    from = i + 1;
  }
  unescaped.append(bytes, from, end);
}

const SIMPLE_ESCAPES = new Uint8Array(128);
for (const [letter, code] of Object.entries({ b: 8, t: 9, n: 10, f: 12, r: 13 })) {
  SIMPLE_ESCAPES[letter.charCodeAt(0)] = code;
}
for (const letter of '"\\/') SIMPLE_ESCAPES[letter.charCodeAt(0)] = letter.charCodeAt(0);

function hex4(bytes: Uint8Array, start: number): number {
  let code = 0;
  for (let i = 0; i < 4; i++) code = (code << 4) | hexDigit(bytes[start + i]);
  return code;
}

function appendCodePoint(code: number): void {
  unescaped.reserve(4);
  const { buffer } = unescaped;
  if (code < 0x80) {
    buffer[unescaped.at++] = code;
    return;
  }
  const tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  buffer[unescaped.at++] = ((0xff80 >> tails) & 0xff) | (code >> (6 * tails));
  for (let i = tails - 1; i >= 0; i--) buffer[unescaped.at++] = 0x80 | ((code >> (6 * i)) & 63);
}

function emitNumber(bytes: Uint8Array, sink: TokenSink): void {
  const start = at;
  at = skipNumber(bytes, start, bytes.length);
  const isNegative = bytes[start] === MINUS;
  const digits = isNegative ? start + 1 : start;
  if (!isFractional && at - digits <= 15) {
    let magnitude = 0;
    for (let i = digits; i < at; i++) magnitude = magnitude * 10 + bytes[i] - 0x30;
    if (isNegative && magnitude === 0) return sink.float(-0);
    if (isNegative) magnitude -= 1;
    const high = Math.floor(magnitude / 0x100000000);
    return sink.integer(isNegative, high, magnitude - high * 0x100000000);
  }
  if (isFractional) {
    const value = Number(utf8Text(bytes, start, at));
    if (!Number.isFinite(value)) sink.problem ??= PROBLEMS.beyondFloat;
    return sink.float(value);
  }
  if (at - digits > MAX_INTEGER_DIGITS) {
    sink.problem ??= PROBLEMS.beyond128;
    return;
  }
  emitBigint(BigInt(utf8Text(bytes, start, at)), sink);
}
