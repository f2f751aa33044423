/**
 * Is a ticket, whose signature holds, good for entering a realm as this user? Its row says whether it was revoked or
 * replaced; cutoffs, the user and the realm say whether all of that time were.
 *
 * The row may be on its way: without one a ticket is good for the replication lag and no longer. A node that has never
 * heard of a ticket must not let it in for a month because it has not heard of its revocation either.
 */
import type { Policy } from '../policy/policy.ts';
import { keyOf } from '../policy/rows.ts';
import type { EffectiveUser, PolicyPort } from '../policy-port.ts';
import type { TicketRecord } from '../records.ts';
import type { EntryTicket, TicketClaims } from './claims.ts';
import { kindOf } from './claims.ts';
import type { TicketsConfig } from './config.ts';

export type Known = Pick<PolicyPort, 'realm' | 'user'> & Pick<Policy, 'record' | 'facts'>;

export const TICKET_WORDS = {
  malformed: 'is no ticket',
  unsigned: 'is not signed by a key of its realm',
  expired: 'has expired',
  other_user: 'is of another user, or the user may not enter',
  other_realm: 'is of another realm',
  outdated: 'is older than the credentials of its user, or all of its time were revoked',
  revoked: 'was revoked',
  replaced: 'was replaced by another',
  unknown: 'is not known here',
} as const;
export type WhyNot = keyof typeof TICKET_WORDS;

/** The row it has, if its kind is kept. */
export function rowOf(
  claims: Pick<TicketClaims, 'authrealm' | 'authid' | 'scope' | 'id' | 'expiresAt'>,
  held: boolean,
): TicketRecord {
  const { authrealm: realm, authid, scope, id, expiresAt } = claims;
  return { kind: 'ticket', held, at: 0, since: 0, realm, authid, scope, id, expiresAt };
}

/** The row of its realm, client and device; perhaps of a later one. */
export function knownRow(
  known: Pick<Known, 'record'>,
  ticket: Pick<TicketClaims, 'authrealm' | 'authid' | 'scope'>,
): TicketRecord | undefined {
  const key = keyOf(rowOf({ ...ticket, id: '', expiresAt: 0 }, true));
  return known.record(key) as TicketRecord | undefined;
}

/** Where the user's credentials are, and so whose key signs its tickets. */
export function authrealmOf(user: EffectiveUser): string {
  return user.ssoRealmUri ?? user.realm;
}

/** Undefined: it is good. `now`: ms since 1970. */
export function whyNotGood(
  known: Known,
  config: TicketsConfig,
  claims: TicketClaims,
  { realm, username, now }: { realm: string; username: string; now: number },
): WhyNot | undefined {
  if (now >= claims.expiresAt * 1_000) return 'expired';
  const user = known.user(realm, username);
  if (!user?.enabled || user.username !== claims.authid) return 'other_user';
  if (claims.authrealm !== authrealmOf(user) || !isForRealm(known, claims, user)) {
    return 'other_realm';
  }
  if (claims.passwordAt !== user.passwordAt || isCutOff(known, claims, user)) return 'outdated';
  return whyNotByRow(known, config, claims, now);
}

/** Of SSO realms, the user's standing says already whether this realm may use them. */
function isForRealm(known: Known, { scope, authrealm }: TicketClaims, { realm }: EffectiveUser) {
  if (scope.realm !== null) return scope.realm === realm;
  return known.realm(authrealm)?.isSsoRealm === true;
}

/** May whoever came into this realm by it not stay? One that was replaced or has expired was not revoked. */
export function isRevoked(
  known: Pick<Known, 'record' | 'facts'>,
  ticket: EntryTicket,
  realm: string,
): boolean {
  const row = knownRow(known, ticket);
  return isCutOff(known, ticket, { realm }) || (row !== undefined && isTakenBack(row, ticket));
}

/** When, in ms since 1970, a session ends by itself whose ticket expires; one that was issued in its place counts. */
export function endOf(
  known: Pick<Known, 'record'>,
  { endsSessions }: TicketsConfig,
  ticket: EntryTicket,
): number | undefined {
  if (!endsSessions) return undefined;
  const row = knownRow(known, ticket);
  return Math.max(ticket.expiresAt, row?.held ? row.expiresAt : 0) * 1_000;
}

/** The realm or the user was made anew since, in the realm that is entered or in that of the credentials. */
function isCutOff(
  known: Pick<Known, 'facts'>,
  { at, authrealm, authid }: Pick<TicketClaims, 'at' | 'authrealm' | 'authid'>,
  { realm }: Pick<EffectiveUser, 'realm'>,
) {
  return [authrealm, realm].some((uri) => {
    const facts = known.facts(uri);
    const cutoff = facts?.ticketCutoffs.get(authid);
    const since = Math.max(facts?.realm?.since ?? 0, facts?.users.get(authid)?.since ?? 0);
    return at < since || (cutoff !== undefined && at <= cutoff.at);
  });
}

/** The row may be of a later ticket. */
function isTakenBack(row: TicketRecord, { id, at }: Pick<TicketClaims, 'id' | 'at'>): boolean {
  return at < row.since || (!row.held && (row.id === id || row.at >= at));
}

function whyNotByRow(
  known: Known,
  { persistence, allowNotFound, replicationLagMs }: TicketsConfig,
  claims: TicketClaims,
  now: number,
): WhyNot | undefined {
  const row = knownRow(known, claims);
  if (row && isTakenBack(row, claims)) return 'revoked';
  if (row?.id === claims.id) return undefined;
  if (!persistence[kindOf(claims.scope)]) return undefined;
  if (row && row.at >= claims.at) return 'replaced';
  const isYoung = Math.abs(now - claims.at) <= replicationLagMs;
  return allowNotFound && isYoung ? undefined : 'unknown';
}
