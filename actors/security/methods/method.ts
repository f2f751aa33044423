/**
 * A method of authentication: a small machine that asks one question at most (WAMP advanced/authentication.md). It
 * takes the same steps for users that exist and for those that do not, so that neither words nor time tell which.
 */
import type { Deriver } from '../../../runtime/crypto/derivation.ts';
import type { Primitives } from '../../../runtime/crypto/primitives.ts';
import type { TransportInfo } from '../../../runtime/net/connection.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import { fold } from '../policy/names.ts';
import type { EffectiveUser } from '../policy-port.ts';
import type { PasswordOptions } from '../records.ts';
import type { EntryTicket } from '../tickets/claims.ts';

/** Who somebody else says it is. */
export interface Vouched {
  readonly authid: string;
  readonly groups: readonly string[];
}

export type Step =
  /** It is who it says. `authextra` goes into WELCOME. */
  | {
      readonly kind: 'proven';
      readonly authextra?: Dict;
      readonly vouched?: Vouched;
      readonly ticket?: EntryTicket;
    }
  | { readonly kind: 'challenge'; readonly extra: Dict }
  /** No proof. The client is told the same, whatever the reason. */
  | { readonly kind: 'failed' }
  /** The client did not follow the method; told in these words, which say nothing about users. */
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'unavailable'; readonly detail: string }
  /** Delivers once; the step is made in the turn of who waits. */
  | {
      readonly kind: 'pending';
      settle(deliver: (step: () => Step) => void): void;
    };

export interface Method {
  begin(): Step;
  /** Only after a challenge, once. */
  answer(signature: string, extra: Dict): Step;
}

/** What a method knows of who claims to be whom. */
export interface Claim {
  readonly realm: string;
  /** As written in HELLO: an alias, perhaps. */
  readonly authid: string;
  /** Undefined: there is none of this name that could enter. */
  readonly user: EffectiveUser | undefined;
  readonly password: PasswordOptions;
  /** Where the user's password is kept and what holds there: its SSO realm, or this one. */
  readonly keeper?: { readonly uri: string; readonly password: PasswordOptions } | undefined;
  readonly authextra: Dict;
  readonly sessionId: number;
  readonly transport: TransportInfo;
}

export interface MethodTools {
  readonly crypto: Primitives;
  readonly deriver: Deriver;
  /**
   * What the challenges of users that do not exist are made from. Where several nodes serve a realm it is the same on all
   * of them, otherwise two answers would tell.
   */
  readonly secret: Uint8Array;
  /** Ms since 1970. */
  wall(): number;
  /** The environment failed us, not the client. */
  report(what: string): void;
}

export const FAILED: Step = { kind: 'failed' };
export const PROVEN: Step = { kind: 'proven' };

export const BUSY: Step = {
  kind: 'unavailable',
  detail: 'too many clients are proving who they are; try again',
};

/** For methods that ask nothing, and are never answered. */
export function nothingAsked(): Step {
  return { kind: 'malformed', detail: 'nothing was asked' };
}

/** The same for the same name in all its spellings, as a user's own are; as random as the secret to everybody else. */
export function mocked(
  { crypto, secret }: MethodTools,
  { realm, authid }: Claim,
  what: string,
  bytes: number,
): Uint8Array {
  const name = new TextEncoder().encode(JSON.stringify([what, realm, fold(authid)]));
  return crypto.hmac(secret, name).slice(0, bytes);
}
