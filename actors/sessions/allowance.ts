/**
 * What a realm allows a session to send: bytes of a message, requests per second. A realm may be stricter than the
 * listener it is entered by; what is too much is refused by itself, and the session goes on.
 */
import type { Payload } from '../../runtime/wamp/message.ts';
import {
  CALL,
  CANCEL,
  EMPTY,
  ERROR,
  INVOCATION,
  PUBLISH,
  YIELD,
} from '../../runtime/wamp/message.ts';
import type { ErrorMessage } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { UseLimits } from '../realms/api.ts';
import type { Request } from '../routing/api.ts';

export interface Excess {
  readonly error: string;
  readonly detail: string;
  readonly counter: 'messages_too_long' | 'requests_too_many';
}

/** What is done about a request that is refused. */
export type Refused =
  | { readonly kind: 'answer' | 'forward'; readonly message: ErrorMessage }
  /** It wants no answer. */
  | { readonly kind: 'drop' }
  /** A part of something that goes on, which would be something else without it. */
  | { readonly kind: 'abort' };

export class Allowance {
  /** A burst of a second's worth, then the rate. */
  #tokens: number | undefined;
  #at = 0;

  /** Undefined: it may be sent. `now` in ms. */
  excess(
    { maxMessageBytes, maxRate }: UseLimits,
    request: Request,
    bytes: number,
    now: number,
  ): Excess | undefined {
    if (maxMessageBytes !== null && bytes > maxMessageBytes) {
      const detail = `this realm takes no message longer than ${maxMessageBytes} bytes`;
      return { error: ERRORS.payloadSizeExceeded, detail, counter: 'messages_too_long' };
    }
    if (maxRate === null || !isCounted(request) || this.#take(maxRate, now)) return undefined;
    const detail = `this realm takes no more than ${maxRate} requests a second of a session`;
    return { error: ERRORS.limitExceeded, detail, counter: 'requests_too_many' };
  }

  #take(rate: number, now: number): boolean {
    const most = Math.max(1, rate);
    const earned = ((now - this.#at) / 1_000) * rate;
    const tokens = Math.min(most, (this.#tokens ?? most) + earned);
    this.#at = now;
    this.#tokens = tokens >= 1 ? tokens - 1 : tokens;
    return tokens >= 1;
  }
}

export function refused(request: Request, { error }: Excess, payload: Payload): Refused {
  const shared = { type: ERROR, request: request.request, details: EMPTY, error, payload } as const;
  switch (request.type) {
    case YIELD:
    case ERROR: // its caller waits
      return { kind: 'forward', message: { ...shared, requestType: INVOCATION } };
    case CANCEL:
      return { kind: 'abort' };
    case CALL:
      if ('continues' in request) return { kind: 'abort' };
      return { kind: 'answer', message: { ...shared, requestType: CALL } };
    case PUBLISH:
      if (request.options.acknowledge !== true) return { kind: 'drop' };
      return { kind: 'answer', message: { ...shared, requestType: PUBLISH } };
    default:
      return { kind: 'answer', message: { ...shared, requestType: request.type } };
  }
}

/** What answers others, or takes back, is not held up. */
function isCounted({ type }: Request): boolean {
  return type !== YIELD && type !== ERROR && type !== CANCEL;
}
