/** Reads a WAMP message in MessagePack: the envelope into values, the payload only walked over. */
import { uint16, uint32 } from '../big-endian.ts';
import type { DecodeLimits } from '../codec.ts';
import { Violation } from '../codec.ts';
import { assemble } from '../assemble.ts';
import { KEY_NOT_STRING, TRUNCATED, WRONG_KIND } from '../faults.ts';
import type { Dict, Message, Payload } from '../message.ts';
import { EMPTY, NO_PAYLOAD } from '../message.ts';
import type { Shape } from '../shapes.ts';
import {
  DICT,
  FIRST_ID,
  INTEGER,
  NO_TYPE,
  NOT_A_LIST,
  SECOND_ID,
  shapeOf,
  TRAILING,
  unknownType,
  wrongArguments,
  wrongElement,
  wrongLength,
} from '../shapes.ts';
import { cursor, isText, readDict, readString, readUnsigned } from './read.ts';
import { skip } from './skip.ts';

export function decode(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: DecodeLimits,
): Message | Violation {
  const elements = readListHeader(bytes, start, end) - 1;
  if (elements < 0) return new Violation(elements === -1 ? NO_TYPE : NOT_A_LIST);
  const type = readUnsigned(bytes, headerEnd, end);
  if (type < 0) return new Violation(NO_TYPE);
  const shape = shapeOf(type);
  if (shape === undefined) return unknownType(type);
  if (elements < shape.least || elements > shape.most) return wrongLength(shape);

  const { kinds } = shape;
  const fixed = elements < kinds.length ? elements : kinds.length;
  const depth = limits.maxDepth - 1; // the message is a list itself
  let at = cursor;
  let first = 0;
  let second = 0;
  let dict: Dict = EMPTY;
  let text = '';
  for (let i = 0; i < fixed; i++) {
    switch (kinds[i]) {
      case FIRST_ID:
        first = readUnsigned(bytes, at, end);
        if (first < 1) return wrongElement(shape, i, first === 0 ? WRONG_KIND : cursor);
        break;
      case SECOND_ID:
        second = readUnsigned(bytes, at, end);
        if (second < 1) return wrongElement(shape, i, second === 0 ? WRONG_KIND : cursor);
        break;
      case INTEGER:
        first = readUnsigned(bytes, at, end);
        if (first < 0) return wrongElement(shape, i, cursor);
        break;
      case DICT: {
        const read = readDict(bytes, at, end, depth, true);
        if (read === undefined) return wrongElement(shape, i, cursor);
        dict = read;
        break;
      }
      default: {
        const read = readString(bytes, at, end);
        if (read === undefined) return wrongElement(shape, i, cursor);
        text = read;
      }
    }
    at = cursor;
  }
  let payload: Payload = NO_PAYLOAD;
  if (elements > fixed) {
    const read = readPayload(shape, bytes, at, end, elements - fixed, depth);
    if (read instanceof Violation) return read;
    payload = read;
    at = read.end;
  }
  if (at !== end) return new Violation(`${shape.name}: ${TRAILING}`);
  return assemble(type, elements, first, second, dict, text, payload);
}

function readPayload(
  shape: Shape,
  bytes: Uint8Array,
  start: number,
  end: number,
  items: number,
  depth: number,
): Payload | Violation {
  if (start >= end) return wrongArguments(shape, false, TRUNCATED);
  const head = bytes[start];
  if ((head & 0xf0) !== 0x90 && head !== 0xdc && head !== 0xdd) {
    return wrongArguments(shape, false, WRONG_KIND);
  }
  let at = skip(bytes, start, end, 1, depth);
  if (at < 0) return wrongArguments(shape, false, at);
  if (items === 1) return { format: 'msgpack', bytes, start, end: at, items: 1 };
  at = skipKeywords(bytes, at, end, depth);
  if (at < 0) return wrongArguments(shape, true, at);
  return { format: 'msgpack', bytes, start, end: at, items: 2 };
}

/** The keys of ArgumentsKw are strings; those of maps inside it are the receiver's business. */
function skipKeywords(bytes: Uint8Array, start: number, end: number, depth: number): number {
  if (start >= end) return TRUNCATED;
  const head = bytes[start];
  const width = head === 0xde ? 2 : head === 0xdf ? 4 : 0;
  if (width === 0 && (head & 0xf0) !== 0x80) return WRONG_KIND;
  let at = start + 1;
  if (at + width > end) return TRUNCATED;
  const size = width === 0 ? head & 15 : width === 2 ? uint16(bytes, at) : uint32(bytes, at);
  at += width;
  for (let i = 0; i < size; i++) {
    if (at >= end) return TRUNCATED;
    if (!isText(bytes[at])) return KEY_NOT_STRING;
    at = skip(bytes, at, end, 2, depth - 1);
    if (at < 0) return at;
  }
  return at;
}

let headerEnd = 0;

/** How many elements the list claims; -1 if it is no list. */
function readListHeader(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  const head = bytes[start];
  headerEnd = start + 1;
  if ((head & 0xf0) === 0x90) return head & 15;
  const width = head === 0xdc ? 2 : head === 0xdd ? 4 : 0;
  if (width === 0 || headerEnd + width > end) return -1;
  headerEnd += width;
  return width === 2 ? uint16(bytes, start + 1) : uint32(bytes, start + 1);
}
