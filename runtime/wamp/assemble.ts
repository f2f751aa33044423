/** Makes the message out of the four variables of `shapes.ts`; one literal per type keeps its objects alike. */
import { Violation } from './codec.ts';
import type { Dict, Message, Payload } from './message.ts';
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

/** `elements`: how many came after the type, which tells a revocation from an answer. */
export function assemble(
  type: number,
  elements: number,
  first: number,
  second: number,
  dict: Dict,
  text: string,
  payload: Payload,
): Message | Violation {
  switch (type) {
    case CALL:
      return { type, request: first, options: dict, procedure: text, payload };
    case YIELD:
      return { type, request: first, options: dict, payload };
    case PUBLISH:
      return { type, request: first, options: dict, topic: text, payload };
    case RESULT:
      return { type, request: first, details: dict, payload };
    case EVENT:
      return { type, subscription: first, publication: second, details: dict, payload };
    case INVOCATION:
      return { type, request: first, registration: second, details: dict, payload };
    case ERROR:
      return { type, requestType: first, request: second, details: dict, error: text, payload };
    case HELLO:
      return { type, realm: text, details: dict };
    case WELCOME:
      return { type, session: first, details: dict };
    case ABORT:
      return { type, details: dict, reason: text, payload };
    case CHALLENGE:
      return { type, method: text, extra: dict };
    case AUTHENTICATE:
      return { type, signature: text, extra: dict };
    case GOODBYE:
      return { type, details: dict, reason: text };
    case PUBLISHED:
      return { type, request: first, publication: second };
    case SUBSCRIBE:
      return { type, request: first, options: dict, topic: text };
    case SUBSCRIBED:
      return { type, request: first, subscription: second };
    case UNSUBSCRIBE:
      return { type, request: first, subscription: second };
    case CANCEL:
      return { type, request: first, options: dict };
    case REGISTER:
      return { type, request: first, options: dict, procedure: text };
    case REGISTERED:
      return { type, request: first, registration: second };
    case UNREGISTER:
      return { type, request: first, registration: second };
    case INTERRUPT:
      return { type, request: first, options: dict };
    case UNSUBSCRIBED:
    case UNREGISTERED:
      return revocable(type, elements, first, dict);
    default:
      throw new Error(`no literal for message type ${type}`);
  }
}

/** `[35, Request]` answers, `[35, 0, Details]` revokes; nothing in between. */
function revocable(
  type: typeof UNSUBSCRIBED | typeof UNREGISTERED,
  elements: number,
  request: number,
  details: Dict,
): Message | Violation {
  const name = type === UNSUBSCRIBED ? 'UNSUBSCRIBED' : 'UNREGISTERED';
  if (elements === 2) {
    return request === 0
      ? { type, request, details }
      : new Violation(`${name}: Request must be 0 in a revocation`);
  }
  return request >= 1
    ? { type, request }
    : new Violation(`${name}: Request must be an id (1 to 2^53)`);
}
