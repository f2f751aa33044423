/**
 * What a ticket says, in Bondy's words. Two claims are ours: `at`, the millisecond of `issued_at`, is compared with rows, and
 * `password_at` ties it to the password of its time, wherever the news of another has come.
 */
import type { Dict } from '../../../runtime/wamp/message.ts';
import type { TicketRecord } from '../records.ts';
import type { TicketKind } from './config.ts';

export type TicketScope = TicketRecord['scope'];

export interface TicketClaims {
  readonly id: string;
  /** Whose key has signed it: where the user's credentials are. */
  readonly authrealm: string;
  readonly authid: string;
  /** By which the session had entered that issued it. */
  readonly authmethod: string;
  /** The user, or the client that it is for. */
  readonly issuedBy: string;
  /** A node. */
  readonly issuedOn: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Ms since 1970. */
  readonly at: number;
  readonly passwordAt: number;
  readonly scope: TicketScope;
  readonly kid: string;
  /** Those of the user's groups it is good for; undefined: all of them. */
  readonly authroles: readonly string[] | undefined;
}

/** What a session remembers of the ticket that has opened it. */
export type EntryTicket = Pick<
  TicketClaims,
  'id' | 'authrealm' | 'authid' | 'scope' | 'at' | 'expiresAt'
>;

export function kindOf({ realm, clientId }: TicketScope): TicketKind {
  if (clientId === null) return realm === null ? 'sso' : 'local';
  return realm === null ? 'client_sso' : 'client_local';
}

export function writtenScope({ realm, clientId, deviceId }: TicketScope): Dict {
  return { realm, client_id: clientId, device_id: deviceId };
}

export function writtenClaims(claims: TicketClaims): Dict {
  const { id, authrealm, authid, authmethod, kid, at, authroles } = claims;
  return {
    id,
    authrealm,
    authid,
    authmethod,
    issued_by: claims.issuedBy,
    issued_on: claims.issuedOn,
    issued_at: claims.issuedAt,
    expires_at: claims.expiresAt,
    at,
    password_at: claims.passwordAt,
    scope: writtenScope(claims.scope),
    kid,
    ...(authroles && { authroles }),
  };
}

/** Undefined: not the claims of a ticket. */
export function readClaims(given: Readonly<Record<string, unknown>>): TicketClaims | undefined {
  const { id, authrealm, authid, authmethod, issued_by, issued_on, kid } = given;
  const { issued_at, expires_at, at, password_at, authroles } = given;
  const scope = readScope(given['scope']);
  if (!isName(id) || !isName(authrealm) || !isName(authid) || !isName(authmethod)) return undefined;
  if (!isName(issued_by) || !isName(issued_on) || !isName(kid) || !scope) return undefined;
  if (!isWhole(issued_at) || !isWhole(expires_at) || expires_at <= issued_at) return undefined;
  if (!isWhole(at) || Math.floor(at / 1_000) !== issued_at || !isWhole(password_at))
    return undefined;
  if (authroles !== undefined && !isNames(authroles)) return undefined;
  return {
    ...{ id, authrealm, authid, authmethod, issuedBy: issued_by, issuedOn: issued_on, kid },
    ...{ issuedAt: issued_at, expiresAt: expires_at, at, passwordAt: password_at },
    ...{ scope, authroles },
  };
}

function readScope(given: unknown): TicketScope | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { realm, client_id, device_id } = given as Readonly<Record<string, unknown>>;
  if (!isNameOrNull(realm) || !isNameOrNull(client_id) || !isNameOrNull(device_id))
    return undefined;
  return { realm, clientId: client_id, deviceId: device_id };
}

const MAX_NAME = 1_024;
const MAX_ROLES = 1_000;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME;
}

function isNameOrNull(value: unknown): value is string | null {
  return value === null || isName(value);
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= MAX_ROLES && value.every(isName);
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
