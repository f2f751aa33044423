/**
 * Checks JSON text (RFC 8259) in bytes without making anything: grammar, UTF-8, bounded depth.
 * Accepts what `JSON.parse` accepts and nothing else. Iterative.
 */
import { MALFORMED, NOT_UTF8, TOO_DEEP, TRUNCATED } from '../faults.ts';
import { sequenceEnd } from '../utf8.ts';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN_DICT = 0x7b;
export const CLOSE_DICT = 0x7d;

/** No limit on depth can be configured above this. */
const DEEPEST = 1024;
const closers = new Uint8Array(DEEPEST);

/** Bytes a string holds as they are. */
const plain = new Uint8Array(256);
for (let code = 0x20; code < 0x80; code++) {
  if (code !== QUOTE && code !== BACKSLASH) plain[code] = 1;
}

export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const code = bytes[at];
    if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) break;
    at++;
  }
  return at;
}

/** The position after the value that starts at `start` (spaces allowed before), or a fault. */
export function skipValue(bytes: Uint8Array, start: number, end: number, depth: number): number {
  const deepest = depth < DEEPEST ? depth : DEEPEST;
  let level = 0;
  let at = start;
  for (;;) {
    at = skipSpace(bytes, at, end);
    if (at >= end) return TRUNCATED;
    const code = bytes[at];
    if (code === QUOTE) {
      at = skipString(bytes, at + 1, end);
      if (at < 0) return at;
    } else if (code === OPEN_DICT || code === OPEN_LIST) {
      if (level >= deepest) return TOO_DEEP;
      const closer = code + 2;
      at = skipSpace(bytes, at + 1, end);
      if (at < end && bytes[at] === closer) at++;
      else {
        closers[level++] = closer;
        if (code === OPEN_DICT && (at = skipKey(bytes, at, end)) < 0) return at;
        continue;
      }
    } else {
      at = skipAtom(bytes, at, end);
      if (at < 0) return at;
    }
    // after a value: close what ends here, go on after a comma
    for (;;) {
      if (level === 0) return at;
      if (at < end && bytes[at] <= 0x20) at = skipSpace(bytes, at, end);
      if (at >= end) return TRUNCATED;
      const next = bytes[at++];
      if (next === COMMA) {
        if (closers[level - 1] === CLOSE_DICT && (at = skipKey(bytes, at, end)) < 0) return at;
        break;
      }
      if (next !== closers[level - 1]) return MALFORMED;
      level--;
    }
  }
}

/** A key and its colon, spaces allowed before both. */
function skipKey(bytes: Uint8Array, start: number, end: number): number {
  let at = skipSpace(bytes, start, end);
  if (at >= end) return TRUNCATED;
  if (bytes[at] !== QUOTE) return MALFORMED;
  at = skipString(bytes, at + 1, end);
  if (at < 0) return at;
  at = skipSpace(bytes, at, end);
  if (at >= end) return TRUNCATED;
  return bytes[at] === COLON ? at + 1 : MALFORMED;
}

/** From after the opening quote to after the closing one. */
export function skipString(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    while (
      at + 4 <= end &&
      (plain[bytes[at]] & plain[bytes[at + 1]] & plain[bytes[at + 2]] & plain[bytes[at + 3]]) === 1
    ) {
      at += 4;
    }
    while (at < end && plain[bytes[at]] === 1) at++;
    if (at >= end) return TRUNCATED;
    const code = bytes[at];
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) {
      at = skipEscape(bytes, at + 1, end);
      if (at < 0) return at;
    } else if (code < 0x20) return MALFORMED;
    else if ((at = sequenceEnd(bytes, at, end)) < 0) return NOT_UTF8;
  }
}

function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return TRUNCATED;
  switch (bytes[at]) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 1;
    case 0x75: // u
      if (at + 5 > end) return TRUNCATED;
      for (let i = 1; i <= 4; i++) if (hexDigit(bytes[at + i]) < 0) return MALFORMED;
      return at + 5;
    default:
      return MALFORMED;
  }
}

export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function skipAtom(bytes: Uint8Array, at: number, end: number): number {
  const code = bytes[at];
  if (code === MINUS || (code >= 0x30 && code <= 0x39)) return skipNumber(bytes, at, end);
  if (code === 0x74) return skipWord(bytes, at, end, TRUE);
  if (code === 0x66) return skipWord(bytes, at, end, FALSE);
  if (code === 0x6e) return skipWord(bytes, at, end, NULL);
  return MALFORMED;
}

const wordOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const TRUE = wordOf('true');
const FALSE = wordOf('false');
const NULL = wordOf('null');

function skipWord(bytes: Uint8Array, at: number, end: number, word: Uint8Array): number {
  if (at + word.length > end) return TRUNCATED;
  for (let i = 1; i < word.length; i++) if (bytes[at + i] !== word[i]) return MALFORMED;
  return at + word.length;
}

function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] >= 0x30 && bytes[at] <= 0x39) at++;
  if (at === start) return at < end ? MALFORMED : TRUNCATED;
  return at;
}

/** Whether the number `skipNumber` walked over last had a fraction or an exponent. */
export let isFractional = false;

export function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  isFractional = false;
  let at = bytes[start] === MINUS ? start + 1 : start;
  if (at < end && bytes[at] === 0x30) at++;
  else if ((at = skipDigits(bytes, at, end)) < 0) return at;
  if (at < end && bytes[at] === 0x2e) {
    isFractional = true;
    if ((at = skipDigits(bytes, at + 1, end)) < 0) return at;
  }
  if (at < end && (bytes[at] | 0x20) === 0x65) {
    isFractional = true;
    at++;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === MINUS)) at++;
    if ((at = skipDigits(bytes, at, end)) < 0) return at;
  }
  return at;
}
