/** JSON values that the node itself looks at: exact integers, binaries, null-prototype dicts. */
import { base64Size, decodeBase64 } from '../base64.ts';
import { TRUNCATED, WRONG_KIND } from '../faults.ts';
import type { Dict, Value } from '../message.ts';
import { EMPTY } from '../message.ts';
import { readText, utf8Text } from '../utf8.ts';
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

/** Where the last read ended, or its fault (negative). */
export let cursor = 0;

const MAX_EXACT = 2 ** 53;
/** Longer integers are read as the nearest float; their digits would cost more than they are worth. */
const MAX_INTEGER_DIGITS = 40;

function fail(fault: number): undefined {
  cursor = fault;
  return undefined;
}

/** A dict; null values of it are left out when `dropNulls`. On a fault undefined, and `cursor` says which. */
export function readDict(
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  dropNulls: boolean,
): Dict | undefined {
  const at = skipSpace(bytes, start, end);
  if (at >= end) return fail(TRUNCATED);
  if (bytes[at] !== OPEN_DICT) return readNullAsDict(bytes, at, end, dropNulls);
  if (at + 1 < end && bytes[at + 1] === CLOSE_DICT) {
    cursor = at + 2;
    return EMPTY;
  }
  const stop = skipValue(bytes, at, end, depth);
  return stop < 0 ? fail(stop) : dictAt(bytes, at, dropNulls);
}

function readNullAsDict(
  bytes: Uint8Array,
  at: number,
  end: number,
  dropNulls: boolean,
): Dict | undefined {
  if (!dropNulls || bytes[at] !== 0x6e) return fail(WRONG_KIND);
  const stop = skipValue(bytes, at, end, 0);
  if (stop < 0) return fail(stop);
  cursor = stop;
  return EMPTY;
}

/** A value already checked by the scanner. */
export function readValue(bytes: Uint8Array, start: number): Value {
  const at = skipSpace(bytes, start, bytes.length);
  switch (bytes[at]) {
    case QUOTE:
      return stringAt(bytes, at);
    case OPEN_DICT:
      return dictAt(bytes, at, false);
    case OPEN_LIST:
      return listAt(bytes, at);
    case 0x74:
      cursor = at + 4;
      return true;
    case 0x66:
      cursor = at + 5;
      return false;
    case 0x6e:
      cursor = at + 4;
      return null;
    default:
      return numberAt(bytes, at);
  }
}

function listAt(bytes: Uint8Array, start: number): Value[] {
  const list: Value[] = [];
  let at = skipSpace(bytes, start + 1, bytes.length);
  while (bytes[at] !== CLOSE_LIST) {
    list.push(readValue(bytes, at));
    at = skipSpace(bytes, cursor, bytes.length);
    if (bytes[at] === COMMA) at++;
  }
  cursor = at + 1;
  return list;
}

function dictAt(bytes: Uint8Array, start: number, dropNulls: boolean): Dict {
  const dict = Object.create(null) as Record<string, Value>;
  let at = skipSpace(bytes, start + 1, bytes.length);
  while (bytes[at] !== CLOSE_DICT) {
    const key = textAt(bytes, skipSpace(bytes, at, bytes.length));
    const value = readValue(bytes, skipSpace(bytes, cursor, bytes.length) + 1); // after the colon
    if (value !== null || !dropNulls) dict[key] = value;
    at = skipSpace(bytes, cursor, bytes.length);
    if (bytes[at] === COMMA) at++;
  }
  cursor = at + 1;
  return dict;
}

/** The text of a string whose opening quote stands at `start`. */
function textAt(bytes: Uint8Array, start: number): string {
  let at = start + 1;
  while (bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
  if (bytes[at] === QUOTE) {
    cursor = at + 1;
    return readText(bytes, start + 1, at) as string; // checked by the scanner
  }
  cursor = skipString(bytes, at, bytes.length);
  return JSON.parse(utf8Text(bytes, start, cursor)) as string;
}

/** `"\u0000..."` is a binary if base64 follows. */
function stringAt(bytes: Uint8Array, start: number): Value {
  if (!isBinaryAt(bytes, start)) return textAt(bytes, start);
  const text = textAt(bytes, start);
  const encoded = Uint8Array.from(text.slice(1), (letter) => letter.charCodeAt(0) & 0xff);
  const size = /[^\0-\x7f]/.test(text) ? -1 : base64Size(encoded, 0, encoded.length);
  if (size < 0) return text;
  const binary = new Uint8Array(size);
  decodeBase64(encoded, 0, size, binary, 0);
  return binary;
}

export function isBinaryAt(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 1] !== BACKSLASH || bytes[start + 2] !== 0x75) return false;
  for (let i = 3; i < 7; i++) if (hexDigit(bytes[start + i]) !== 0) return false;
  return true;
}

function numberAt(bytes: Uint8Array, start: number): number | bigint {
  const stop = skipNumber(bytes, start, bytes.length);
  cursor = stop;
  if (!isFractional && stop - start <= 15 && bytes[start] !== MINUS) {
    let value = 0;
    for (let at = start; at < stop; at++) value = value * 10 + bytes[at] - 0x30;
    return value;
  }
  const text = utf8Text(bytes, start, stop);
  const near = Number(text);
  if (isFractional || Math.abs(near) < MAX_EXACT || text.length > MAX_INTEGER_DIGITS) return near;
  const exact = BigInt(text);
  return exact === BigInt(near) && Math.abs(near) === MAX_EXACT ? near : exact;
}

/** A string of the envelope; undefined on a fault. */
export function readString(bytes: Uint8Array, start: number, end: number): string | undefined {
  const at = skipSpace(bytes, start, end);
  if (at >= end) return fail(TRUNCATED);
  if (bytes[at] !== QUOTE) return fail(WRONG_KIND);
  const stop = skipString(bytes, at + 1, end);
  return stop < 0 ? fail(stop) : textAt(bytes, at);
}

/** An integer of the envelope, 0 .. 2^53; `1.0` and `1e3` are integers too. -1 on a fault. */
export function readUnsigned(bytes: Uint8Array, start: number, end: number): number {
  let at = skipSpace(bytes, start, end);
  const first = at;
  let value = 0;
  while (at < end) {
    const digit = bytes[at] - 0x30;
    if (!(digit >= 0 && digit <= 9) || at - first === 16) break;
    value = value * 10 + digit;
    at++;
  }
  const next = at < end ? bytes[at] : 0;
  const isPlain = at > first && next !== 0x2e && (next | 0x20) !== 0x65 && at - first < 16;
  if (isPlain && (bytes[first] !== 0x30 || at - first === 1)) {
    cursor = at;
    return value;
  }
  return readUnusual(bytes, first, end);
}

/** Sixteen digits and more, fractions, exponents, and what is no number. */
function readUnusual(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return failInteger(TRUNCATED);
  const code = bytes[start];
  if (code !== MINUS && !(code >= 0x30 && code <= 0x39)) return failInteger(WRONG_KIND);
  const stop = skipNumber(bytes, start, end);
  if (stop < 0) return failInteger(stop);
  const value = numberAt(bytes, start);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_EXACT) {
    return failInteger(WRONG_KIND);
  }
  cursor = stop;
  return value;
}

function failInteger(fault: number): number {
  cursor = fault;
  return -1;
}
