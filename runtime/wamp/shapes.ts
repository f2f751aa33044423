/**
 * The shape of every WAMP message, once for the three decoders (spec: basic/messages.md, advanced/messages.md).
 *
 * No message has more than two integers, one dict and one string before its payload, so a decoder reads them into
 * four variables in the order of `kinds` and `assemble` makes the message, each type by its own literal.
 */
import { Violation } from './codec.ts';
import { faultText, WRONG_KIND } from './faults.ts';
import {
  ABORT,
  AUTHENTICATE,
  CALL,
  CANCEL,
  CHALLENGE,
  ERROR,
  EVENT,
  GOODBYE,
  HELLO,
  INTERRUPT,
  INVOCATION,
  PUBLISH,
  PUBLISHED,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTER,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  WELCOME,
  YIELD,
} from './message.ts';

/** An id, 1 .. 2^53, the first or the second of the message. */
export const FIRST_ID = 0;
export const SECOND_ID = 1;
/** Any integer from 0, into the first variable. */
export const INTEGER = 2;
export const DICT = 3;
export const TEXT = 4;
export type Kind = 0 | 1 | 2 | 3 | 4;

export interface Shape {
  readonly name: string;
  /** What stands after the type, without the payload. */
  readonly kinds: readonly Kind[];
  /** Names of these elements in the spec. */
  readonly names: readonly string[];
  /** Fewest and most elements after the type. */
  readonly least: number;
  readonly most: number;
}

const MUST_BE = ['an id (1 to 2^53)', 'an id (1 to 2^53)', 'an integer', 'a dict', 'a string'];

const PAYLOAD = 2;
const table: (Shape | undefined)[] = new Array<Shape | undefined>(256).fill(undefined);

function define(type: number, name: string, elements: string, kinds: Kind[], extra = 0): void {
  const names = elements.split(' ');
  table[type] = { name, kinds, names, least: kinds.length, most: kinds.length + extra };
}

/** A revocation (`[35, 0, Details]`) has one element more than the plain answer. */
function defineRevocable(type: number, name: string, elements: string): void {
  const names = elements.split(' ');
  table[type] = { name, kinds: [INTEGER, DICT], names, least: 1, most: 2 };
}

define(HELLO, 'HELLO', 'Realm Details', [TEXT, DICT]);
define(WELCOME, 'WELCOME', 'Session Details', [FIRST_ID, DICT]);
define(ABORT, 'ABORT', 'Details Reason', [DICT, TEXT], PAYLOAD);
define(CHALLENGE, 'CHALLENGE', 'AuthMethod Extra', [TEXT, DICT]);
define(AUTHENTICATE, 'AUTHENTICATE', 'Signature Extra', [TEXT, DICT]);
define(GOODBYE, 'GOODBYE', 'Details Reason', [DICT, TEXT]);
define(
  ERROR,
  'ERROR',
  'REQUEST.Type REQUEST.Request Details Error',
  [INTEGER, SECOND_ID, DICT, TEXT],
  PAYLOAD,
);
define(PUBLISH, 'PUBLISH', 'Request Options Topic', [FIRST_ID, DICT, TEXT], PAYLOAD);
define(PUBLISHED, 'PUBLISHED', 'Request Publication', [FIRST_ID, SECOND_ID]);
define(SUBSCRIBE, 'SUBSCRIBE', 'Request Options Topic', [FIRST_ID, DICT, TEXT]);
define(SUBSCRIBED, 'SUBSCRIBED', 'Request Subscription', [FIRST_ID, SECOND_ID]);
define(UNSUBSCRIBE, 'UNSUBSCRIBE', 'Request Subscription', [FIRST_ID, SECOND_ID]);
defineRevocable(UNSUBSCRIBED, 'UNSUBSCRIBED', 'Request Details');
define(EVENT, 'EVENT', 'Subscription Publication Details', [FIRST_ID, SECOND_ID, DICT], PAYLOAD);
define(CALL, 'CALL', 'Request Options Procedure', [FIRST_ID, DICT, TEXT], PAYLOAD);
define(CANCEL, 'CANCEL', 'Request Options', [FIRST_ID, DICT]);
define(RESULT, 'RESULT', 'Request Details', [FIRST_ID, DICT], PAYLOAD);
define(REGISTER, 'REGISTER', 'Request Options Procedure', [FIRST_ID, DICT, TEXT]);
define(REGISTERED, 'REGISTERED', 'Request Registration', [FIRST_ID, SECOND_ID]);
define(UNREGISTER, 'UNREGISTER', 'Request Registration', [FIRST_ID, SECOND_ID]);
defineRevocable(UNREGISTERED, 'UNREGISTERED', 'Request Details');
define(
  INVOCATION,
  'INVOCATION',
  'Request Registration Details',
  [FIRST_ID, SECOND_ID, DICT],
  PAYLOAD,
);
define(INTERRUPT, 'INTERRUPT', 'Request Options', [FIRST_ID, DICT]);
define(YIELD, 'YIELD', 'Request Options', [FIRST_ID, DICT], PAYLOAD);

export function shapeOf(type: number): Shape | undefined {
  return type < 256 ? table[type] : undefined;
}

/** Element `index` of the fixed part is not what the shape says, or its bytes are faulty. */
export function wrongElement(shape: Shape, index: number, fault: number): Violation {
  const place = `${shape.name}: ${shape.names[index]}`;
  return new Violation(
    fault === WRONG_KIND
      ? `${place} must be ${MUST_BE[shape.kinds[index]]}`
      : `${place}: ${faultText(fault)}`,
  );
}

export function wrongArguments(shape: Shape, keyword: boolean, fault: number): Violation {
  const place = `${shape.name}: ${keyword ? 'ArgumentsKw' : 'Arguments'}`;
  const wanted = keyword ? 'a dict' : 'a list';
  return new Violation(
    fault === WRONG_KIND ? `${place} must be ${wanted}` : `${place}: ${faultText(fault)}`,
  );
}

export function wrongLength(shape: Shape): Violation {
  const { name, least, most } = shape;
  const wanted = least === most ? `${least + 1}` : `${least + 1} to ${most + 1}`;
  return new Violation(`${name}: must have ${wanted} elements`);
}

export function unknownType(type: number): Violation {
  return new Violation(`unknown message type ${type}`);
}

export const NOT_A_LIST = 'a message must be a list';
export const NO_TYPE = 'a message must start with an integer type';
export const TRAILING = 'bytes after the message';
