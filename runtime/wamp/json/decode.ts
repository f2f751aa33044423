/** Reads a WAMP message in JSON: the envelope into values, the payload only checked. */
import { assemble } from '../assemble.ts';
import type { DecodeLimits } from '../codec.ts';
import { Violation } from '../codec.ts';
import { faultText, MALFORMED, TRUNCATED, WRONG_KIND } from '../faults.ts';
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
import { CLOSE_LIST, COMMA, OPEN_DICT, OPEN_LIST, skipSpace, skipValue } from './scan.ts';

export function decode(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: DecodeLimits,
): Message | Violation {
  let at = skipSpace(bytes, start, end);
  if (at >= end || bytes[at] !== OPEN_LIST) return new Violation(NOT_A_LIST);
  const type = readUnsigned(bytes, at + 1, end);
  if (type < 0) return new Violation(NO_TYPE);
  const shape = shapeOf(type);
  if (shape === undefined) return unknownType(type);

  const { kinds } = shape;
  const depth = limits.maxDepth - 1; // the message is a list itself
  let elements = 0;
  let first = 0;
  let second = 0;
  let dict: Dict = EMPTY;
  let text = '';
  at = nextElement(bytes, cursor, end);
  while (at >= 0 && elements < kinds.length) {
    switch (kinds[elements]) {
      case FIRST_ID:
        first = readUnsigned(bytes, at, end);
        if (!(first >= 1)) return wrongElement(shape, elements, first < 0 ? cursor : WRONG_KIND);
        break;
      case SECOND_ID:
        second = readUnsigned(bytes, at, end);
        if (!(second >= 1)) return wrongElement(shape, elements, second < 0 ? cursor : WRONG_KIND);
        break;
      case INTEGER:
        first = readUnsigned(bytes, at, end);
        if (first < 0) return wrongElement(shape, elements, cursor);
        break;
      case DICT: {
        const read = readDict(bytes, at, end, depth, true);
        if (read === undefined) return wrongElement(shape, elements, cursor);
        dict = read;
        break;
      }
      default: {
        const read = readString(bytes, at, end);
        if (read === undefined) return wrongElement(shape, elements, cursor);
        text = read;
      }
    }
    elements++;
    at = nextElement(bytes, cursor, end);
  }
  if (at < 0 && at !== CLOSED) return broken(shape, at);
  if (elements < shape.least) return wrongLength(shape);
  let payload: Payload = NO_PAYLOAD;
  if (at >= 0) {
    if (shape.most === kinds.length) return wrongLength(shape);
    const read = readPayload(shape, bytes, at, end, depth);
    if (read instanceof Violation) return read;
    payload = read;
  }
  if (skipSpace(bytes, closedAt, end) !== end) return new Violation(`${shape.name}: ${TRAILING}`);
  return assemble(type, elements, first, second, dict, text, payload);
}

/** The list ended; `closedAt` is after its bracket. */
const CLOSED = -100;
let closedAt = 0;

/** After the comma, `CLOSED`, or a fault. */
function nextElement(bytes: Uint8Array, start: number, end: number): number {
  const at = skipSpace(bytes, start, end);
  if (at >= end) return TRUNCATED;
  if (bytes[at] === COMMA) return skipSpace(bytes, at + 1, end);
  if (bytes[at] !== CLOSE_LIST) return MALFORMED;
  closedAt = at + 1;
  return CLOSED;
}

function broken(shape: Shape, fault: number): Violation {
  return new Violation(`${shape.name}: ${faultText(fault)}`);
}

/** Reads up to the end of the message. */
function readPayload(
  shape: Shape,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): Payload | Violation {
  const args = skipContainer(bytes, start, end, depth, OPEN_LIST);
  if (args < 0) return wrongArguments(shape, false, args);
  let at = nextElement(bytes, args, end);
  if (at === CLOSED) return { format: 'json', bytes, start, end: args, items: 1 };
  if (at < 0) return broken(shape, at);
  const kwargs = skipContainer(bytes, at, end, depth, OPEN_DICT);
  if (kwargs < 0) return wrongArguments(shape, true, kwargs);
  at = nextElement(bytes, kwargs, end);
  if (at === CLOSED) return { format: 'json', bytes, start, end: kwargs, items: 2 };
  return at < 0 ? broken(shape, at) : wrongLength(shape);
}

function skipContainer(
  bytes: Uint8Array,
  at: number,
  end: number,
  depth: number,
  opener: number,
): number {
  if (at >= end) return TRUNCATED;
  return bytes[at] === opener ? skipValue(bytes, at, end, depth) : WRONG_KIND;
}
