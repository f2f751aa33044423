/** Reads a WAMP message in CBOR: the envelope into values, the payload only walked over. */
import { assemble } from '../assemble.ts';
import type { DecodeLimits } from '../codec.ts';
import { Violation } from '../codec.ts';
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
import { cursor, readDict, readString, readUnsigned } from './read.ts';
import {
  afterArgument,
  BREAK,
  INDEFINITE,
  LIST,
  MAP,
  readArgument,
  skip,
  TEXT_STRING,
} from './skip.ts';

const ENDLESS_MESSAGE = 0x9f;

export function decode(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: DecodeLimits,
): Message | Violation {
  const depth = limits.maxDepth - 1; // the message is a list itself
  const elements = countElements(bytes, start, end, depth) - 1;
  if (elements < 0) return new Violation(elements === -1 ? NO_TYPE : NOT_A_LIST);
  const type = readUnsigned(bytes, headerEnd, end);
  if (type < 0) return new Violation(NO_TYPE);
  const shape = shapeOf(type);
  if (shape === undefined) return unknownType(type);
  if (elements < shape.least || elements > shape.most) return wrongLength(shape);

  const { kinds } = shape;
  const fixed = elements < kinds.length ? elements : kinds.length;
  let at = cursor;
  let first = 0;
  let second = 0;
  let dict: Dict = EMPTY;
  let text = '';
  for (let i = 0; i < fixed; i++) {
    switch (kinds[i]) {
      case FIRST_ID:
        first = readUnsigned(bytes, at, end);
        if (!(first >= 1)) return wrongElement(shape, i, first < 0 ? cursor : WRONG_KIND);
        break;
      case SECOND_ID:
        second = readUnsigned(bytes, at, end);
        if (!(second >= 1)) return wrongElement(shape, i, second < 0 ? cursor : WRONG_KIND);
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
  if (bytes[start] === ENDLESS_MESSAGE) at++; // the break that countElements saw
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
  if (bytes[start] >> 5 !== LIST) return wrongArguments(shape, false, WRONG_KIND);
  let at = skip(bytes, start, end, 1, depth);
  if (at < 0) return wrongArguments(shape, false, at);
  if (items === 1) return { format: 'cbor', bytes, start, end: at, items: 1 };
  at = skipKeywords(bytes, at, end, depth);
  if (at < 0) return wrongArguments(shape, true, at);
  return { format: 'cbor', bytes, start, end: at, items: 2 };
}

/** The keys of ArgumentsKw are strings; those of maps inside it are the receiver's business. */
function skipKeywords(bytes: Uint8Array, start: number, end: number, depth: number): number {
  if (start >= end) return TRUNCATED;
  if (bytes[start] >> 5 !== MAP) return WRONG_KIND;
  if (depth < 1) return skip(bytes, start, end, 1, depth);
  const info = bytes[start] & 31;
  const size = info === INDEFINITE ? Infinity : readArgument(bytes, start + 1, end, info);
  if (size < 0) return size;
  let at = info === INDEFINITE ? start + 1 : afterArgument;
  for (let i = 0; i < size; i++) {
    if (at >= end) return TRUNCATED;
    if (bytes[at] === BREAK && info === INDEFINITE) return at + 1;
    if (bytes[at] >> 5 !== TEXT_STRING) return KEY_NOT_STRING;
    at = skip(bytes, at, end, 2, depth - 1);
    if (at < 0) return at;
  }
  return at;
}

let headerEnd = 0;

/** More elements than any message has. */
const TOO_MANY = 16;

/** How many elements the message has; -1 if it is no list. */
function countElements(bytes: Uint8Array, start: number, end: number, depth: number): number {
  if (start >= end || bytes[start] >> 5 !== LIST) return -1;
  const info = bytes[start] & 31;
  if (info !== INDEFINITE) {
    const size = readArgument(bytes, start + 1, end, info);
    headerEnd = afterArgument;
    return size < 0 ? -1 : size;
  }
  headerEnd = start + 1;
  let at = headerEnd;
  for (let count = 0; at < end && count < TOO_MANY; count++) {
    if (bytes[at] === BREAK) return count;
    at = skip(bytes, at, end, 1, depth);
    if (at < 0) return -1;
  }
  return -1;
}
