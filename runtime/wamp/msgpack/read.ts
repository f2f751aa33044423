/** MessagePack values that the node itself looks at: exact integers, null-prototype dicts, no ext surprises. */
import { uint16, uint32 } from '../big-endian.ts';
import { KEY_NOT_STRING, NOT_UTF8, TRUNCATED, WRONG_KIND } from '../faults.ts';
import { readFloat32, readFloat64 } from '../float.ts';
import type { Dict, Value } from '../message.ts';
import { EMPTY } from '../message.ts';
import { readText } from '../utf8.ts';
import { skip } from './skip.ts';

/** Where the last read ended, or its fault (negative). */
export let cursor = 0;

/** An ext was read (as null) since it was last cleared. */
export let foreign = false;
export function clearForeign(): void {
  foreign = false;
}

const MAX_EXACT = 2 ** 53;

/** A dict; null values of it are left out when `dropNulls`. On a fault undefined, and `cursor` says which. */
export function readDict(
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  dropNulls: boolean,
): Dict | undefined {
  const head = start < end ? bytes[start] : -1;
  if (head === 0x80 || (head === 0xc0 && dropNulls)) {
    cursor = start + 1;
    return EMPTY;
  }
  if ((head & 0xf0) !== 0x80 && head !== 0xde && head !== 0xdf) return fail(WRONG_KIND);
  const stop = skip(bytes, start, end, 1, depth); // from here on every length holds
  if (stop < 0) return fail(stop);
  return dictAt(bytes, start, dropNulls);
}

function fail(fault: number): undefined {
  cursor = fault;
  return undefined;
}

/** A value already skipped without a fault; undefined only if a nested key is not a string. */
export function readValue(bytes: Uint8Array, start: number): Value | undefined {
  const head = bytes[start];
  cursor = start + 1;
  if (head < 0x80) return head;
  if (head >= 0xe0) return head - 256;
  if (head < 0x90) return dictAt(bytes, start, false);
  if (head < 0xa0) return listOf(bytes, head & 15);
  if (head < 0xc0) return textOf(bytes, cursor, head & 31);
  const at = cursor;
  switch (head) {
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return binaryOf(bytes, at + 1, bytes[at]);
    case 0xc5:
      return binaryOf(bytes, at + 2, uint16(bytes, at));
    case 0xc6:
      return binaryOf(bytes, at + 4, uint32(bytes, at));
    case 0xca:
      cursor = at + 4;
      return readFloat32(bytes, at);
    case 0xcb:
      cursor = at + 8;
      return readFloat64(bytes, at);
    case 0xd9:
      return textOf(bytes, at + 1, bytes[at]);
    case 0xda:
      return textOf(bytes, at + 2, uint16(bytes, at));
    case 0xdb:
      return textOf(bytes, at + 4, uint32(bytes, at));
    case 0xdc:
      cursor = at + 2;
      return listOf(bytes, uint16(bytes, at));
    case 0xdd:
      cursor = at + 4;
      return listOf(bytes, uint32(bytes, at));
    case 0xde:
    case 0xdf:
      return dictAt(bytes, start, false);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return integerOf(bytes, at, head);
    case 0xc0:
      return null;
    default: // an ext, whose meaning only its sender knows; fixext 0 is how msgpackr says undefined
      if (head !== 0xd4 || bytes[at] !== 0) foreign = true;
      cursor = skip(bytes, start, bytes.length, 1, 0);
      return null;
  }
}

function integerOf(bytes: Uint8Array, at: number, head: number): number | bigint {
  const width = 1 << (head & 3);
  cursor = at + width;
  const isSigned = head >= 0xd0;
  if (width === 8) {
    const high = isSigned ? uint32(bytes, at) | 0 : uint32(bytes, at);
    const low = uint32(bytes, at + 4);
    const near = high * 0x100000000 + low;
    if (near > -MAX_EXACT && near < MAX_EXACT) return near;
    const exact = (BigInt(high) << 32n) + BigInt(low);
    return exact === BigInt(near) && Math.abs(near) === MAX_EXACT ? near : exact;
  }
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + bytes[at + i];
  return isSigned && bytes[at] >= 0x80 ? value - 2 ** (8 * width) : value;
}

function textOf(bytes: Uint8Array, at: number, size: number): string {
  cursor = at + size;
  return readText(bytes, at, at + size) as string; // checked by the skipper
}

function binaryOf(bytes: Uint8Array, at: number, size: number): Uint8Array {
  cursor = at + size;
  return new Uint8Array(bytes.subarray(at, at + size)); // a copy: the bytes may be a socket's chunk
}

function listOf(bytes: Uint8Array, size: number): Value[] | undefined {
  const list: Value[] = [];
  for (let i = 0; i < size; i++) {
    const value = readValue(bytes, cursor);
    if (value === undefined) return undefined;
    list.push(value);
  }
  return list;
}

function dictAt(bytes: Uint8Array, start: number, dropNulls: boolean): Dict | undefined {
  const head = bytes[start];
  const width = head === 0xde ? 2 : head === 0xdf ? 4 : 0;
  const size =
    width === 0 ? head & 15 : width === 2 ? uint16(bytes, start + 1) : uint32(bytes, start + 1);
  cursor = start + 1 + width;
  const dict = Object.create(null) as Record<string, Value>;
  for (let i = 0; i < size; i++) {
    const key = isText(bytes[cursor]) ? (readValue(bytes, cursor) as string) : undefined;
    if (key === undefined) return fail(KEY_NOT_STRING);
    const value = readValue(bytes, cursor);
    if (value === undefined) return undefined;
    if (value !== null || !dropNulls) dict[key] = value;
  }
  return dict;
}

export function isText(head: number): boolean {
  return (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb);
}

/** A string of the envelope; undefined on a fault. */
export function readString(bytes: Uint8Array, start: number, end: number): string | undefined {
  const head = start < end ? bytes[start] : 0xc0;
  let at = start + 1;
  let size = head & 31;
  if (head < 0xa0 || head >= 0xc0) {
    const width = head === 0xd9 ? 1 : head === 0xda ? 2 : head === 0xdb ? 4 : 0;
    if (width === 0) return fail(start < end ? WRONG_KIND : TRUNCATED);
    if (at + width > end) return fail(TRUNCATED);
    size = width === 1 ? bytes[at] : width === 2 ? uint16(bytes, at) : uint32(bytes, at);
    at += width;
  }
  if (at + size > end) return fail(TRUNCATED);
  const text = readText(bytes, at, at + size);
  cursor = text === undefined ? NOT_UTF8 : at + size;
  return text;
}

/** An integer of the envelope, 0 .. 2^53, also if it was sent as an integral float; -1 on a fault. */
export function readUnsigned(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return failInteger(TRUNCATED);
  const head = bytes[start];
  if (head < 0x80) {
    cursor = start + 1;
    return head;
  }
  const at = start + 1;
  if (head < 0xca || head > 0xd3) return failInteger(WRONG_KIND);
  const width = head < 0xcc ? (head === 0xca ? 4 : 8) : 1 << (head & 3);
  if (at + width > end) return failInteger(TRUNCATED);
  cursor = at + width;
  if (head === 0xcd) return uint16(bytes, at);
  if (head === 0xce) return uint32(bytes, at);
  if (head === 0xcf) {
    const high = uint32(bytes, at);
    const low = uint32(bytes, at + 4);
    if (high < 0x200000 || (high === 0x200000 && low === 0)) return high * 0x100000000 + low;
    return failInteger(WRONG_KIND);
  }
  const value =
    head === 0xca
      ? readFloat32(bytes, at)
      : head === 0xcb
        ? readFloat64(bytes, at)
        : integerOf(bytes, at, head);
  if (typeof value === 'number' && value >= 0 && value <= MAX_EXACT && Number.isInteger(value)) {
    return value;
  }
  return failInteger(WRONG_KIND);
}

function failInteger(fault: number): number {
  cursor = fault;
  return -1;
}
