/**
 * Judges a body before anything is made of it: the CBOR that our own writer makes and nothing else (definite lengths,
 * no tags but short bignums, text keys), bounded in depth and in items, because an empty list is one byte on the wire
 * and dozens in memory. Iterative.
 */
import { BIGNUM_TOO_LONG, KEY_NOT_STRING, MALFORMED } from '../../wamp/faults.ts';
import { NOT_UTF8, TOO_DEEP, TRUNCATED } from '../../wamp/faults.ts';
import {
  afterArgument,
  BINARY,
  INDEFINITE,
  LIST,
  MAP,
  MAX_BIGNUM_BYTES,
  NEGATIVE,
  readArgument,
  TAG,
  TEXT_STRING,
} from '../../wamp/cbor/skip.ts';
import { isUtf8Range } from '../../wamp/utf8.ts';

/** A fault of this file only: more values than the limits allow. */
export const TOO_MANY_ITEMS = -100;

const DEEPEST = 64;
const lefts = new Int32Array(DEEPEST);
const maps = new Uint8Array(DEEPEST);

const FALSE = 0xf4;
const NULL = 0xf6;
const FLOAT16 = 0xf9;
const FLOAT64 = 0xfb;

/** The position after the one item at 0, or a fault (negative). */
export function prescan(bytes: Uint8Array, maxDepth: number, maxItems: number): number {
  const deepest = Math.min(maxDepth, DEEPEST);
  const end = bytes.length;
  let at = 0;
  let level = 0;
  let left = 1;
  /** In a map items alternate; an even number left means that a key is next. */
  let isMap = 0;
  let items = 0;
  for (;;) {
    while (left === 0) {
      if (level === 0) return at;
      left = lefts[--level];
      isMap = maps[level];
    }
    if (at >= end) return TRUNCATED;
    if (++items > maxItems) return TOO_MANY_ITEMS;
    const head = bytes[at++];
    const major = head >> 5;
    const info = head & 31;
    if (isMap === 1 && (left & 1) === 0 && major !== TEXT_STRING) return KEY_NOT_STRING;
    left--;
    if (major <= NEGATIVE) {
      if (info === INDEFINITE) return MALFORMED;
      if (info >= 24) {
        if (readArgument(bytes, at, end, info) < 0) return TRUNCATED;
        at = afterArgument;
      }
    } else if (major === LIST || major === MAP) {
      if (info === INDEFINITE) return MALFORMED;
      const size = readArgument(bytes, at, end, info);
      if (size < 0) return size;
      at = afterArgument;
      const children = major === MAP ? size * 2 : size;
      if (children > end - at) return TRUNCATED;
      if (level >= deepest) return TOO_DEEP;
      lefts[level] = left;
      maps[level++] = isMap;
      left = children;
      isMap = major === MAP ? 1 : 0;
    } else {
      at = scalar(bytes, at, end, head);
      if (at < 0) return at;
    }
  }
}

function scalar(bytes: Uint8Array, at: number, end: number, head: number): number {
  const major = head >> 5;
  const info = head & 31;
  if (major === TEXT_STRING || major === BINARY) return text(bytes, at, end, major, info);
  if (major === TAG) return bignum(bytes, at, end, info);
  if (head >= FALSE && head <= NULL) return at;
  if (head < FLOAT16 || head > FLOAT64) return MALFORMED;
  const after = at + (1 << (head - FLOAT16 + 1));
  return after > end ? TRUNCATED : after;
}

function text(bytes: Uint8Array, at: number, end: number, major: number, info: number): number {
  if (info === INDEFINITE) return MALFORMED;
  const size = readArgument(bytes, at, end, info);
  if (size < 0) return size;
  const start = afterArgument;
  if (size > end - start) return TRUNCATED;
  if (major === TEXT_STRING && !isUtf8Range(bytes, start, start + size)) return NOT_UTF8;
  return start + size;
}

function bignum(bytes: Uint8Array, at: number, end: number, tag: number): number {
  if (tag !== 2 && tag !== 3) return MALFORMED;
  if (at >= end) return TRUNCATED;
  const head = bytes[at];
  if (head >> 5 !== BINARY) return MALFORMED;
  const stop = text(bytes, at + 1, end, BINARY, head & 31);
  return stop >= 0 && stop - at > MAX_BIGNUM_BYTES + 1 ? BIGNUM_TOO_LONG : stop;
}
