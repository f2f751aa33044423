/** CBOR from JavaScript values: the smallest integers, float64, definite lengths. */
import { isConstant, writeConstant } from '../constant.ts';
import { put32 } from '../big-endian.ts';
import { writeFloat64 } from '../float.ts';
import type { Dict, Value } from '../message.ts';
import { EMPTY } from '../message.ts';
import { isShort, writeShortAscii } from '../text-writer.ts';
import type { ByteWriter } from '../writer.ts';
import { BINARY, LIST, MAP, MAX_BIGNUM_BYTES, NEGATIVE, TEXT_STRING, UNSIGNED } from './skip.ts';

/** What could not be said since it was last cleared. */
export let problem: string | undefined;
export function clearProblem(): void {
  problem = undefined;
}

/** A head with its argument, 0 .. 2^53. */
export function writeHead(major: number, argument: number, into: ByteWriter): void {
  into.reserve(9);
  const { buffer } = into;
  const top = major << 5;
  let { at } = into;
  if (argument < 24) {
    buffer[at++] = top | argument;
  } else if (argument < 0x100) {
    buffer[at++] = top | 24;
    buffer[at++] = argument;
  } else if (argument < 0x10000) {
    buffer[at++] = top | 25;
    buffer[at++] = argument >>> 8;
    buffer[at++] = argument;
  } else if (argument < 0x100000000) {
    buffer[at++] = top | 26;
    at = put32(buffer, at, argument);
  } else {
    buffer[at++] = top | 27;
    at = put32(buffer, at, Math.floor(argument / 0x100000000));
    at = put32(buffer, at, argument % 0x100000000);
  }
  into.at = at;
}

/** A head with a 64-bit argument in two halves. */
export function writeHead64(major: number, high: number, low: number, into: ByteWriter): void {
  if (high < 0x200000) {
    writeHead(major, high * 0x100000000 + low, into);
    return;
  }
  into.reserve(9);
  into.buffer[into.at++] = (major << 5) | 27;
  into.at = put32(into.buffer, into.at, high);
  into.at = put32(into.buffer, into.at, low);
}

export function writeUnsigned(value: number, into: ByteWriter): void {
  writeHead(UNSIGNED, value, into);
}

export function writeFloat(value: number, into: ByteWriter): void {
  into.reserve(9);
  into.buffer[into.at++] = 0xfb;
  writeFloat64(value, into);
}

function writeNumber(value: number, into: ByteWriter): void {
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 53 || Object.is(value, -0)) {
    writeFloat(value, into);
  } else if (value >= 0) writeHead(UNSIGNED, value, into);
  else writeHead(NEGATIVE, -1 - value, into);
}

/** Beyond 64 bits a bignum (tag 2 or 3), beyond 128 a problem. */
export function writeBigint(value: bigint, into: ByteWriter): void {
  const isNegative = value < 0n;
  let magnitude = isNegative ? -1n - value : value;
  if (magnitude < 2n ** 64n) {
    const low = Number(BigInt.asUintN(32, magnitude));
    writeHead64(isNegative ? NEGATIVE : UNSIGNED, Number(magnitude >> 32n), low, into);
    return;
  }
  const bytes: number[] = [];
  for (; magnitude > 0n && bytes.length <= MAX_BIGNUM_BYTES; magnitude >>= 8n) {
    bytes.unshift(Number(magnitude & 255n));
  }
  if (bytes.length > MAX_BIGNUM_BYTES) {
    problem = 'an integer beyond 128 bits';
    return;
  }
  into.reserve(1);
  into.buffer[into.at++] = isNegative ? 0xc3 : 0xc2;
  writeHead(BINARY, bytes.length, into);
  into.append(Uint8Array.from(bytes), 0, bytes.length);
}

export function writeText(text: string, into: ByteWriter): void {
  const size = text.length;
  if (isShort(text)) {
    into.reserve(size + 2);
    const width = size < 24 ? 1 : 2;
    const { buffer, at } = into;
    if (writeShortAscii(text, buffer, at + width)) {
      if (size < 24) {
        buffer[at] = (TEXT_STRING << 5) | size;
      } else {
        buffer[at] = (TEXT_STRING << 5) | 24;
        buffer[at + 1] = size;
      }
      into.at = at + width + size;
      return;
    }
  }
  const length = Buffer.byteLength(text, 'utf8');
  writeHead(TEXT_STRING, length, into);
  into.reserve(length);
  into.at += into.buffer.write(text, into.at, 'utf8');
}

/** Leaves out undefined values. */
export function writeDict(dict: Dict, into: ByteWriter): void {
  if (dict === EMPTY) {
    writeHead(MAP, 0, into);
    return;
  }
  if (isConstant(dict)) writeConstant(dict, 'cbor', into, writeItems);
  else writeItems(dict, into);
}

function writeItems(dict: Dict, into: ByteWriter): void {
  let size = 0;
  for (const key of Object.keys(dict)) if (dict[key] !== undefined) size++;
  writeHead(MAP, size, into);
  for (const key of Object.keys(dict)) {
    const value = dict[key];
    if (value === undefined) continue;
    writeText(key, into);
    writeValue(value, into);
  }
}

export function writeByte(byte: number, into: ByteWriter): void {
  into.reserve(1);
  into.buffer[into.at++] = byte;
}

export function writeValue(value: Value | undefined, into: ByteWriter): void {
  switch (typeof value) {
    case 'string':
      return writeText(value, into);
    case 'number':
      return writeNumber(value, into);
    case 'bigint':
      return writeBigint(value, into);
    case 'boolean':
      return writeByte(value ? 0xf5 : 0xf4, into);
    case 'object':
      if (value === null) break;
      if (value instanceof Uint8Array) {
        writeHead(BINARY, value.length, into);
        return into.append(value, 0, value.length);
      }
      if (!Array.isArray(value)) return writeDict(value as Dict, into);
      writeHead(LIST, value.length, into);
      for (const item of value as readonly Value[]) writeValue(item, into);
      return;
  }
  writeByte(0xf6, into); // null, and undefined in a list
}
