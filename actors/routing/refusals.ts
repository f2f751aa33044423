/** How a request is refused: an error URI and a sentence for people, in an ERROR of the request's type. */
import type { SendResult } from '../../runtime/net/connection.ts';
import type { ErrorMessage, Id, Payload } from '../../runtime/wamp/message.ts';
import { EMPTY, ERROR, NO_PAYLOAD } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Member } from './api.ts';

export interface Refusal {
  readonly error: string;
  readonly detail: string;
}

export function refusal(error: string, detail: string): Refusal {
  return { error, detail };
}

/** What a request is told that the router was handling when it died. */
export const INTERRUPTED = refusal(ERRORS.internal, 'the router failed while it handled this');

export const NOT_AUTHORIZED = refusal(ERRORS.notAuthorized, 'this session may not do that');

export function errorFor(
  member: Member,
  requestType: number,
  request: Id,
  { error, detail }: Refusal,
): ErrorMessage {
  const payload: Payload = detail === '' ? NO_PAYLOAD : member.outlet.codec.payload([detail]);
  return { type: ERROR, requestType, request, details: EMPTY, error, payload };
}

/** What the sender is told when a frame could not be sent; undefined when it was, or its reader is gone. */
export function sendFailure(sent: SendResult, what: string): Refusal | undefined {
  switch (sent) {
    case 'too_large':
      return refusal(ERRORS.payloadSizeExceeded, `${what} is larger than the receiver accepts`);
    case 'unencodable':
      return refusal(
        ERRORS.invalidPayload,
        `${what} cannot be said in the receiver's serializer; see docs/serializers.md`,
      );
    case 'sent':
    case 'closed':
      return undefined;
  }
}
