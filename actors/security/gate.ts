/** The door of a node whose security data is not read yet: nobody comes in, whoever it is. */
import type { TransportInfo } from '../../runtime/net/connection.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Authentication, Authenticator, Verdict } from './api.ts';

export class Gate implements Authenticator {
  readonly #isOpen: () => boolean;
  readonly #inner: Authenticator;

  constructor(isOpen: () => boolean, inner: Authenticator) {
    this.#isOpen = isOpen;
    this.#inner = inner;
  }

  attempt(realm: string, transport: TransportInfo, sessionId: number): Authentication | undefined {
    return this.#isOpen() ? this.#inner.attempt(realm, transport, sessionId) : CLOSED;
  }
}

const REFUSED: Verdict = {
  kind: 'refused',
  reason: ERRORS.unavailable,
  detail: 'this node does not know yet who may enter; try again, or another node',
};
const CLOSED: Authentication = { begin: () => REFUSED, answer: () => REFUSED };
