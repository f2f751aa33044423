/**
 * Walks over CBOR (RFC 8949) without making anything: every valid encoding is taken, indefinite lengths and chunked
 * strings too; depth, claimed lengths, UTF-8 and bignums are bounded. Iterative.
 */
import { uint32 } from '../big-endian.ts';
import { BIGNUM_TOO_LONG, MALFORMED, NOT_UTF8, TOO_DEEP, TRUNCATED } from '../faults.ts';
import { isUtf8Range } from '../utf8.ts';

export const UNSIGNED = 0;
export const NEGATIVE = 1;
export const BINARY = 2;
export const TEXT_STRING = 3;
export const LIST = 4;
export const MAP = 5;
export const TAG = 6;
const SIMPLE = 7;

export const BREAK = 0xff;
export const INDEFINITE = 31;

/** Common decoders need quadratic time for long bignums, so one frame could stop a receiver. */
export const MAX_BIGNUM_BYTES = 16;

/** No limit on depth can be configured above this. */
const DEEPEST = 1024;
const outer = new Int32Array(DEEPEST); // a count never exceeds the bytes left, so 31 bits are enough
const outerForm = new Uint8Array(DEEPEST);

/** What surrounds the next item. */
const COUNTED = 0;
const ENDLESS_LIST = 1;
const ENDLESS_KEY = 2;
const ENDLESS_VALUE = 3;

/** For heads of integers, floats and simple values: how many bytes follow. Else -1. */
const FIXED = new Int8Array(256).fill(-1);
for (const major of [UNSIGNED, NEGATIVE, SIMPLE]) {
  for (let info = 0; info < 24; info++) FIXED[(major << 5) | info] = 0;
  for (let info = 24; info < 28; info++) FIXED[(major << 5) | info] = 1 << (info - 24);
}
FIXED[0xf8] = -1; // not every value may stand in two bytes

/** The position after the argument that `readArgument` read last. */
export let afterArgument = 0;

/** The argument of a head whose low bits are `info` (not 31) and whose bytes start at `at`, or a fault. */
export function readArgument(bytes: Uint8Array, at: number, end: number, info: number): number {
  if (info < 24) {
    afterArgument = at;
    return info;
  }
  if (info > 27) return MALFORMED;
  const width = 1 << (info - 24);
  if (at + width > end) return TRUNCATED;
  afterArgument = at + width;
  switch (info) {
    case 24:
      return bytes[at];
    case 25:
      return (bytes[at] << 8) | bytes[at + 1];
    case 26:
      return uint32(bytes, at);
    default:
      return uint32(bytes, at) * 0x100000000 + uint32(bytes, at + 4);
  }
}

/** The position after `items` items that start at `at`, or a fault; `depth` containers may be open at once. */
export function skip(
  bytes: Uint8Array,
  at: number,
  end: number,
  items: number,
  depth: number,
): number {
  const deepest = depth < DEEPEST ? depth : DEEPEST;
  let level = 0;
  let left = items;
  let form = COUNTED;
  let tags = 0;
  for (;;) {
    while (form === COUNTED && left === 0) {
      if (level === 0) return at;
      left = outer[--level];
      form = outerForm[level];
    }
    if (at >= end) return TRUNCATED;
    const head = bytes[at++];
    const fixed = FIXED[head];
    if (fixed >= 0) {
      at += fixed;
      if (at > end) return TRUNCATED;
      tags = 0;
      if (form === COUNTED) left--;
      else if (form !== ENDLESS_LIST) form ^= 1; // key, value, key ...
      continue;
    }
    if (head === BREAK) {
      if (form === COUNTED || form === ENDLESS_VALUE || tags > 0) return MALFORMED;
      left = outer[--level];
      form = outerForm[level];
      continue;
    }
    const major = head >> 5;
    const info = head & 31;
    if (major === TAG) {
      at = skipTag(bytes, at, end, info);
      if (at < 0) return at;
      if (level + ++tags > deepest) return TOO_DEEP;
      continue;
    }
    tags = 0;
    if (form === COUNTED) left--;
    else if (form !== ENDLESS_LIST) form ^= 1;
    if (major === LIST || major === MAP) {
      let children = 0;
      if (info !== INDEFINITE) {
        if (info < 24) children = info;
        else {
          children = readArgument(bytes, at, end, info);
          if (children < 0) return children;
          at = afterArgument;
        }
        if (major === MAP) children *= 2;
        if (children > end - at) return TRUNCATED;
      }
      if (level >= deepest) return TOO_DEEP;
      outer[level] = left;
      outerForm[level++] = form;
      left = children | 0;
      form = info !== INDEFINITE ? COUNTED : major === LIST ? ENDLESS_LIST : ENDLESS_KEY;
    } else if (major === TEXT_STRING && info < 24) {
      const stop = at + info;
      if (stop > end) return TRUNCATED;
      while (at < stop && bytes[at] < 0x80) at++;
      if (at < stop && !isUtf8Range(bytes, at, stop)) return NOT_UTF8;
      at = stop;
    } else {
      at = skipScalar(bytes, at, end, major, info);
      if (at < 0) return at;
    }
  }
}

function skipScalar(
  bytes: Uint8Array,
  at: number,
  end: number,
  major: number,
  info: number,
): number {
  if (info === INDEFINITE) {
    return major === BINARY || major === TEXT_STRING
      ? skipChunks(bytes, at, end, major)
      : MALFORMED;
  }
  const argument = readArgument(bytes, at, end, info);
  if (argument < 0) return argument;
  if (major <= NEGATIVE) return afterArgument;
  if (major === SIMPLE) return info === 24 && argument < 32 ? MALFORMED : afterArgument;
  const start = afterArgument;
  if (argument > end - start) return TRUNCATED;
  if (major === TEXT_STRING && !isUtf8Range(bytes, start, start + argument)) return NOT_UTF8;
  return start + argument;
}

/** Definite strings of the same kind up to a break; each chunk of a text is UTF-8 by itself (3.2.3). */
function skipChunks(bytes: Uint8Array, start: number, end: number, major: number): number {
  let at = start;
  while (at < end) {
    const head = bytes[at++];
    if (head === BREAK) return at;
    if (head >> 5 !== major || (head & 31) === INDEFINITE) return MALFORMED;
    at = skipScalar(bytes, at, end, major, head & 31);
    if (at < 0) return at;
  }
  return TRUNCATED;
}

function skipTag(bytes: Uint8Array, at: number, end: number, info: number): number {
  const tag = readArgument(bytes, at, end, info);
  if (tag < 0) return tag;
  const content = afterArgument;
  if (tag !== 2 && tag !== 3) return content;
  if (content >= end) return TRUNCATED;
  const head = bytes[content];
  if (head >> 5 !== BINARY) return MALFORMED;
  if ((head & 31) === INDEFINITE) return BIGNUM_TOO_LONG;
  const size = readArgument(bytes, content + 1, end, head & 31);
  if (size < 0) return size;
  return size > MAX_BIGNUM_BYTES ? BIGNUM_TOO_LONG : content;
}
