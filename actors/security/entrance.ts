/** The ways into a realm: what `attempt.ts` needs of the realm to carry out one attempt. */
import type { TransportInfo } from '../../runtime/net/connection.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { Authentication, Principal, Verdict } from './api.ts';
import type { Guesser } from './lockout.ts';
import type { Method, Step } from './methods/method.ts';

export type Refused = Extract<Verdict, { kind: 'refused' }>;
export type Proven = Extract<Step, { kind: 'proven' }>;
export type Hello = Parameters<Authentication['begin']>[0];

/** A method that was chosen, and what comes of it. */
export interface Entry {
  readonly kind: 'entry';
  /** In the client's spelling. */
  readonly spelling: string;
  readonly method: Method;
  /** Who is counted when it fails; undefined: there is nothing to be guessed. */
  readonly guesser: Guesser | undefined;
  /** Proven: as whom it comes in, by what holds now. */
  admit(proof: Proven): Principal | Refused;
}

export interface Visit {
  readonly hello: Hello;
  readonly transport: TransportInfo;
  readonly sessionId: number;
}

export interface Entrance {
  open(visit: Visit): Entry | Refused;
}

export function refused(reason: string, detail: string): Refused {
  return { kind: 'refused', reason, detail };
}

/** The one answer to every proof that does not hold, and to who must wait. */
export const NOT_PROVEN: Refused = refused(
  ERRORS.authenticationFailed,
  'what you sent does not prove who you are',
);

export function noneInCommon(offered: readonly string[]): Refused {
  const list = offered.join(', ') || 'none';
  return refused(ERRORS.noMatchingAuthMethod, `this realm offers ${list}`);
}

export function needsAuthid(method: string): Refused {
  return refused(ERRORS.noSuchPrincipal, `${method} authentication needs an authid`);
}
