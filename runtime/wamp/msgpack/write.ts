/** MessagePack from JavaScript values: the smallest form, integers as integers whatever their size. */
import { isConstant, writeConstant } from '../constant.ts';
import { put32 } from '../big-endian.ts';
import { writeFloat64 } from '../float.ts';
import type { Dict, Value } from '../message.ts';
import { EMPTY } from '../message.ts';
import { isShort, writeShortAscii } from '../text-writer.ts';
import type { ByteWriter } from '../writer.ts';

/** What could not be said since it was last cleared. */
export let problem: string | undefined;
export function clearProblem(): void {
  problem = undefined;
}

export function writeUnsigned(value: number, into: ByteWriter): void {
  into.reserve(9);
  const { buffer } = into;
  let { at } = into;
  if (value < 0x80) {
    buffer[at++] = value;
  } else if (value < 0x100) {
    buffer[at++] = 0xcc;
    buffer[at++] = value;
  } else if (value < 0x10000) {
    buffer[at++] = 0xcd;
    buffer[at++] = value >>> 8;
    buffer[at++] = value;
  } else if (value < 0x100000000) {
    buffer[at++] = 0xce;
    at = put32(buffer, at, value);
  } else {
    buffer[at++] = 0xcf;
    at = put32(buffer, at, Math.floor(value / 0x100000000));
    at = put32(buffer, at, value % 0x100000000);
  }
  into.at = at;
}

/** A negative integer, -2^53 .. -1. */
export function writeNegative(value: number, into: ByteWriter): void {
  into.reserve(9);
  const { buffer } = into;
  let { at } = into;
  if (value >= -32) {
    buffer[at++] = value;
  } else if (value >= -0x80) {
    buffer[at++] = 0xd0;
    buffer[at++] = value;
  } else if (value >= -0x8000) {
    buffer[at++] = 0xd1;
    buffer[at++] = value >> 8;
    buffer[at++] = value;
  } else if (value >= -0x80000000) {
    buffer[at++] = 0xd2;
    at = put32(buffer, at, value);
  } else {
    const high = Math.floor(value / 0x100000000);
    buffer[at++] = 0xd3;
    at = put32(buffer, at, high);
    at = put32(buffer, at, value - high * 0x100000000);
  }
  into.at = at;
}

function writeNumber(value: number, into: ByteWriter): void {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && !Object.is(value, -0)) {
    if (value >= 0) writeUnsigned(value, into);
    else writeNegative(value, into);
    return;
  }
  into.reserve(9);
  into.buffer[into.at++] = 0xcb;
  writeFloat64(value, into);
}

function writeBigint(value: bigint, into: ByteWriter): void {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    problem = 'an integer beyond 64 bits';
    return;
  }
  if (value >= 0n && value <= 2n ** 53n) return writeUnsigned(Number(value), into);
  into.reserve(9);
  into.buffer[into.at++] = value < 0n ? 0xd3 : 0xcf;
  into.at = put32(into.buffer, into.at, Number(BigInt.asUintN(32, value >> 32n)));
  into.at = put32(into.buffer, into.at, Number(BigInt.asUintN(32, value)));
}

export function writeText(text: string, into: ByteWriter): void {
  const size = text.length;
  if (isShort(text)) {
    into.reserve(size + 2);
    const width = size < 32 ? 1 : 2;
    const { buffer, at } = into;
    if (writeShortAscii(text, buffer, at + width)) {
      if (size < 32) {
        buffer[at] = 0xa0 | size;
      } else {
        buffer[at] = 0xd9;
        buffer[at + 1] = size;
      }
      into.at = at + width + size;
      return;
    }
  }
  const length = Buffer.byteLength(text, 'utf8');
  writeTextHeader(length, into);
  into.reserve(length);
  into.at += into.buffer.write(text, into.at, 'utf8');
}

export function writeTextHeader(size: number, into: ByteWriter): void {
  if (size < 32) {
    into.reserve(1);
    into.buffer[into.at++] = 0xa0 | size;
  } else writeHeader(0xd9, size, into, true);
}

export function writeBinaryHeader(size: number, into: ByteWriter): void {
  writeHeader(0xc4, size, into, true);
}

export function writeListHeader(size: number, into: ByteWriter): void {
  if (size < 16) {
    into.reserve(1);
    into.buffer[into.at++] = 0x90 | size;
  } else writeHeader(0xdb, size, into, false);
}

export function writeMapHeader(size: number, into: ByteWriter): void {
  if (size < 16) {
    into.reserve(1);
    into.buffer[into.at++] = 0x80 | size;
  } else writeHeader(0xdd, size, into, false);
}

/** `base` is the head of the 8-bit form, which containers do not have; 16 and 32 bits follow it. */
function writeHeader(base: number, size: number, into: ByteWriter, hasByteForm: boolean): void {
  into.reserve(5);
  const { buffer } = into;
  let { at } = into;
  if (hasByteForm && size < 0x100) {
    buffer[at++] = base;
    buffer[at++] = size;
  } else if (size < 0x10000) {
    buffer[at++] = base + 1;
    buffer[at++] = size >>> 8;
    buffer[at++] = size;
  } else {
    buffer[at++] = base + 2;
    at = put32(buffer, at, size);
  }
  into.at = at;
}

/** Leaves out undefined values. */
export function writeDict(dict: Dict, into: ByteWriter): void {
  if (dict === EMPTY) {
    into.reserve(1);
    into.buffer[into.at++] = 0x80;
    return;
  }
  if (isConstant(dict)) writeConstant(dict, 'msgpack', into, writeItems);
  else writeItems(dict, into);
}

function writeItems(dict: Dict, into: ByteWriter): void {
  let size = 0;
  for (const key of Object.keys(dict)) if (dict[key] !== undefined) size++;
  writeMapHeader(size, into);
  for (const key of Object.keys(dict)) {
    const value = dict[key];
    if (value === undefined) continue;
    writeText(key, into);
    writeValue(value, into);
  }
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
      into.reserve(1);
      into.buffer[into.at++] = value ? 0xc3 : 0xc2;
      return;
    case 'object':
      if (value === null) break;
      if (value instanceof Uint8Array) {
        writeBinaryHeader(value.length, into);
        return into.append(value, 0, value.length);
      }
      if (!Array.isArray(value)) return writeDict(value as Dict, into);
      writeListHeader(value.length, into);
      for (const item of value as readonly Value[]) writeValue(item, into);
      return;
  }
  into.reserve(1); // null, and undefined in a list
  into.buffer[into.at++] = 0xc0;
}
