/** JSON from JavaScript values, straight into bytes; integers exact, binaries as `"\u0000" + base64`. */
import { isConstant, writeConstant } from '../constant.ts';
import { writeBase64 } from '../base64.ts';
import type { Dict, Value } from '../message.ts';
import { EMPTY } from '../message.ts';
import type { ByteWriter } from '../writer.ts';
import { CLOSE_DICT, CLOSE_LIST, COLON, COMMA, OPEN_DICT, OPEN_LIST, QUOTE } from './scan.ts';

/** What could not be said since it was last cleared. */
export let problem: string | undefined;
export function clearProblem(): void {
  problem = undefined;
}

export function writeByte(byte: number, into: ByteWriter): void {
  into.reserve(1);
  into.buffer[into.at++] = byte;
}

/** Text that is ASCII and needs no escapes. */
export function writeAscii(text: string, into: ByteWriter): void {
  const size = text.length;
  into.reserve(size);
  const { buffer, at } = into;
  for (let i = 0; i < size; i++) buffer[at + i] = text.charCodeAt(i);
  into.at = at + size;
}

const HALF = 100_000_000;

/** An integer 0 .. 2^53. */
export function writeUnsigned(value: number, into: ByteWriter): void {
  into.reserve(17);
  if (value < HALF) {
    writeDigits(value, countDigits(value), into);
    return;
  }
  const high = Math.floor(value / HALF);
  writeDigits(high, countDigits(high), into);
  writeDigits(value - high * HALF, 8, into);
}

function countDigits(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}

function writeDigits(value: number, count: number, into: ByteWriter): void {
  const { buffer } = into;
  let rest = value | 0;
  for (let at = into.at + count - 1; at >= into.at; at--) {
    const next = (rest / 10) | 0;
    buffer[at] = 0x30 + rest - next * 10;
    rest = next;
  }
  into.at += count;
}

/** A string with its quotes. Lone surrogates are escaped, as JSON allows. */
export function writeText(text: string, into: ByteWriter): void {
  const size = text.length;
  if (size <= 64) {
    into.reserve(size + 2);
    const { buffer, at } = into;
    let i = 0;
    for (; i < size; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === 0x5c) break;
      buffer[at + 1 + i] = code;
    }
    if (i === size) {
      buffer[at] = QUOTE;
      buffer[at + 1 + size] = QUOTE;
      into.at = at + size + 2;
      return;
    }
  }
  const escaped = JSON.stringify(text);
  into.reserve(escaped.length * 3);
  into.at += into.buffer.write(escaped, into.at, 'utf8');
}

/** Leaves out undefined values. */
export function writeDict(dict: Dict, into: ByteWriter): void {
  if (isConstant(dict)) writeConstant(dict, 'json', into, writeItems);
  else writeItems(dict, into);
}

function writeItems(dict: Dict, into: ByteWriter): void {
  writeByte(OPEN_DICT, into);
  if (dict !== EMPTY) {
    let isFirst = true;
    for (const key of Object.keys(dict)) {
      const value = dict[key];
      if (value === undefined) continue;
      if (!isFirst) writeByte(COMMA, into);
      isFirst = false;
      writeText(key, into);
      writeByte(COLON, into);
      writeValue(value, into);
    }
  }
  writeByte(CLOSE_DICT, into);
}

export function writeBinary(bytes: Uint8Array, start: number, end: number, into: ByteWriter): void {
  writeAscii('"\\u0000', into);
  writeBase64(bytes, start, end, into);
  writeByte(QUOTE, into);
}

/** Digits that read back as the same float: `1.0` stays apart from `1`. */
export function writeFloat(value: number, into: ByteWriter): void {
  if (!Number.isFinite(value)) problem = 'NaN or an infinity';
  else if (Object.is(value, -0)) writeAscii('-0.0', into);
  else {
    const text = String(value);
    writeAscii(/[.e]/.test(text) ? text : `${text}.0`, into);
  }
}

function writeNumber(value: number, into: ByteWriter): void {
  const isExact = Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && !Object.is(value, -0);
  if (isExact) writeAscii(String(value), into);
  else writeFloat(value, into);
}

export function writeValue(value: Value | undefined, into: ByteWriter): void {
  switch (typeof value) {
    case 'string':
      if (value.charCodeAt(0) === 0) problem = 'a string that begins with U+0000';
      return writeText(value, into);
    case 'number':
      return writeNumber(value, into);
    case 'bigint':
      return writeAscii(String(value), into);
    case 'boolean':
      return writeAscii(value ? 'true' : 'false', into);
    case 'object':
      if (value === null) break;
      if (value instanceof Uint8Array) return writeBinary(value, 0, value.length, into);
      if (Array.isArray(value)) return writeList(value as readonly Value[], into);
      return writeDict(value as Dict, into);
  }
  writeAscii('null', into); // also undefined in a list
}

function writeList(list: readonly Value[], into: ByteWriter): void {
  writeByte(OPEN_LIST, into);
  for (let i = 0; i < list.length; i++) {
    if (i > 0) writeByte(COMMA, into);
    writeValue(list[i], into);
  }
  writeByte(CLOSE_LIST, into);
}
