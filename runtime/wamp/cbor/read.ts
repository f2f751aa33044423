/** CBOR values that the node itself looks at: exact integers, bignums, null-prototype dicts. */
import { uint32 } from '../big-endian.ts';
import { KEY_NOT_STRING, NOT_UTF8, TRUNCATED, WRONG_KIND } from '../faults.ts';
import { readFloat16, readFloat32, readFloat64 } from '../float.ts';
import type { Dict, Value } from '../message.ts';
import { EMPTY } from '../message.ts';
import { readText } from '../utf8.ts';
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

/** Where the last read ended, or its fault (negative). */
export let cursor = 0;

/** A tag or simple value without meaning here was read since it was last cleared. */
export let foreign = false;
export function clearForeign(): void {
  foreign = false;
}

const MAX_EXACT = 2 ** 53;
const NULL = 0xf6;
const UNDEFINED = 0xf7;

function fail(fault: number): undefined {
  cursor = fault;
  return undefined;
}

/** A dict; null and undefined values of it are left out when `dropNulls`. On a fault undefined, see `cursor`. */
export function readDict(
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  dropNulls: boolean,
): Dict | undefined {
  const head = start < end ? bytes[start] : -1;
  if (head === 0xa0 || (dropNulls && (head === NULL || head === UNDEFINED))) {
    cursor = start + 1;
    return EMPTY;
  }
  if (head >> 5 !== MAP) return fail(start < end ? WRONG_KIND : TRUNCATED);
  const stop = skip(bytes, start, end, 1, depth); // from here on every length holds
  if (stop < 0) return fail(stop);
  return dictAt(bytes, start, dropNulls);
}

/** An item already skipped without a fault; undefined only if a nested key is not a string. */
export function readValue(bytes: Uint8Array, start: number): Value | undefined {
  const head = bytes[start];
  const info = head & 31;
  const at = start + 1;
  switch (head >> 5) {
    case UNSIGNED:
      return integerAt(bytes, at, info, false);
    case NEGATIVE:
      return integerAt(bytes, at, info, true);
    case BINARY:
      return binaryAt(bytes, start);
    case TEXT_STRING:
      return textAt(bytes, start);
    case LIST:
      return listAt(bytes, at, info);
    case MAP:
      return dictAt(bytes, start, false);
    case TAG:
      return taggedAt(bytes, at, info);
    default:
      return simpleAt(bytes, at, info);
  }
}

function integerAt(
  bytes: Uint8Array,
  at: number,
  info: number,
  isNegative: boolean,
): number | bigint {
  const near = readArgument(bytes, at, bytes.length, info);
  cursor = afterArgument;
  if (near < MAX_EXACT) return isNegative ? -1 - near : near;
  const exact = (BigInt(uint32(bytes, at)) << 32n) | BigInt(uint32(bytes, at + 4));
  return narrow(isNegative ? -1n - exact : exact);
}

/** A bigint only where a number would not be exact. */
function narrow(value: bigint): number | bigint {
  return value >= -9007199254740992n && value <= 9007199254740992n ? Number(value) : value;
}

function taggedAt(bytes: Uint8Array, at: number, info: number): Value | undefined {
  const tag = readArgument(bytes, at, bytes.length, info);
  const content = afterArgument;
  if (tag !== 2 && tag !== 3) {
    if (!isTransparentTag(tag)) foreign = true;
    return readValue(bytes, content);
  }
  const magnitude = binaryAt(bytes, content).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return narrow(tag === 2 ? magnitude : -1n - magnitude);
}

function simpleAt(bytes: Uint8Array, at: number, info: number): Value {
  readArgument(bytes, at, bytes.length, info);
  cursor = afterArgument;
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
    case 23:
      return null;
    case 25:
      return readFloat16(bytes, at);
    case 26:
      return readFloat32(bytes, at);
    case 27:
      return readFloat64(bytes, at);
    default:
      foreign = true;
      return null;
  }
}

function textAt(bytes: Uint8Array, start: number): string {
  const info = bytes[start] & 31;
  if (info !== INDEFINITE) {
    const size = readArgument(bytes, start + 1, bytes.length, info);
    const from = afterArgument;
    cursor = from + size;
    return readText(bytes, from, from + size) as string; // checked by the skipper
  }
  let text = '';
  cursor = start + 1;
  while (bytes[cursor] !== BREAK) text += textAt(bytes, cursor);
  cursor++;
  return text;
}

/** A copy: the bytes may be a socket's chunk. */
function binaryAt(bytes: Uint8Array, start: number): Uint8Array {
  const info = bytes[start] & 31;
  if (info !== INDEFINITE) {
    const size = readArgument(bytes, start + 1, bytes.length, info);
    const from = afterArgument;
    cursor = from + size;
    return new Uint8Array(bytes.subarray(from, from + size));
  }
  const chunks: Uint8Array[] = [];
  cursor = start + 1;
  while (bytes[cursor] !== BREAK) chunks.push(binaryAt(bytes, cursor));
  cursor++;
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Whether another item of a container follows at `cursor`; takes the break of an endless one. */
function hasNext(bytes: Uint8Array, done: number, size: number): boolean {
  if (size >= 0) return done < size;
  if (bytes[cursor] !== BREAK) return true;
  cursor++;
  return false;
}

/** The size of a container, -1 for an endless one; `cursor` is at its first item. */
function sizeAt(bytes: Uint8Array, at: number, info: number): number {
  const size = info === INDEFINITE ? -1 : readArgument(bytes, at, bytes.length, info);
  cursor = size < 0 ? at : afterArgument;
  return size;
}

function listAt(bytes: Uint8Array, at: number, info: number): Value[] | undefined {
  const size = sizeAt(bytes, at, info);
  const list: Value[] = [];
  while (hasNext(bytes, list.length, size)) {
    const value = readValue(bytes, cursor);
    if (value === undefined) return undefined;
    list.push(value);
  }
  return list;
}

function dictAt(bytes: Uint8Array, start: number, dropNulls: boolean): Dict | undefined {
  const size = sizeAt(bytes, start + 1, bytes[start] & 31);
  const dict = Object.create(null) as Record<string, Value>;
  for (let i = 0; hasNext(bytes, i, size); i++) {
    if (bytes[cursor] >> 5 !== TEXT_STRING) return fail(KEY_NOT_STRING);
    const key = textAt(bytes, cursor);
    const value = readValue(bytes, cursor);
    if (value === undefined) return undefined;
    if (value !== null || !dropNulls) dict[key] = value;
  }
  return dict;
}

/** A string of the envelope; undefined on a fault. */
export function readString(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start >= end) return fail(TRUNCATED);
  const head = bytes[start];
  if (head >> 5 !== TEXT_STRING) return fail(WRONG_KIND);
  if ((head & 31) === INDEFINITE) {
    const stop = skip(bytes, start, end, 1, 0);
    return stop < 0 ? fail(stop) : textAt(bytes, start);
  }
  const size = readArgument(bytes, start + 1, end, head & 31);
  if (size < 0) return fail(size);
  const from = afterArgument;
  if (size > end - from) return fail(TRUNCATED);
  const text = readText(bytes, from, from + size);
  cursor = text === undefined ? NOT_UTF8 : from + size;
  return text;
}

/** An integer of the envelope, 0 .. 2^53, also if it was sent as an integral float; -1 on a fault. */
export function readUnsigned(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return failInteger(TRUNCATED);
  const head = bytes[start];
  if (head >> 5 === UNSIGNED) {
    const value = readArgument(bytes, start + 1, end, head);
    if (value < 0) return failInteger(value);
    cursor = afterArgument;
    if (value < MAX_EXACT) return value;
    const isExactlyMax = value === MAX_EXACT && bytes[cursor - 1] === 0;
    return isExactlyMax ? value : failInteger(WRONG_KIND);
  }
  if (head < 0xf9 || head > 0xfb) return failInteger(WRONG_KIND);
  const at = start + 1;
  if (at + (1 << (head - 0xf8)) > end) return failInteger(TRUNCATED);
  const value = simpleAt(bytes, at, head & 31) as number;
  if (value >= 0 && value <= MAX_EXACT && Number.isInteger(value)) return value;
  return failInteger(WRONG_KIND);
}

function failInteger(fault: number): number {
  cursor = fault;
  return -1;
}
