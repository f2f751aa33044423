/** A ticket before it is signed: what it will say, whether there is room for it, and whose key signs it. */
import { keyOf } from '../policy/rows.ts';
import type { EffectiveUser } from '../policy-port.ts';
import type { RealmKeyRecord } from '../records.ts';
import type { TicketClaims, TicketScope } from './claims.ts';
import type { TicketsConfig } from './config.ts';
import type { Holder, TicketWish } from './issuing.ts';
import type { Known } from './standing.ts';
import { authrealmOf, knownRow, rowOf } from './standing.ts';

export interface Signer {
  readonly kid: string;
  readonly privateKey: string;
}

/** The newest that this node can open. */
export function newestSigner(
  keys: readonly RealmKeyRecord[],
  open: (key: RealmKeyRecord) => string | undefined,
): Signer | undefined {
  for (const key of [...keys].sort((a, b) => b.at - a.at || (a.kid < b.kid ? -1 : 1))) {
    const privateKey = open(key);
    if (privateKey !== undefined) return { kid: key.kid, privateKey };
  }
  return undefined;
}

/** `now`: ms since 1970. */
export function claimsFor(
  known: Known,
  { expiryMs, maxExpiryMs }: TicketsConfig,
  of: {
    readonly user: EffectiveUser;
    readonly holder: Holder;
    readonly wish: TicketWish;
    readonly scope: TicketScope;
    readonly node: string;
    readonly id: string;
    readonly kid: string;
  },
  now: number,
): TicketClaims {
  const { user, holder, wish, scope, node, id, kid } = of;
  const { username: authid, passwordAt } = user;
  const draft = { authrealm: authrealmOf(user), authid, scope };
  const at = Math.max(now, ...earliest(known, user.realm, draft));
  const issuedAt = Math.floor(at / 1_000);
  const wanted = wish.expiry ?? Math.floor(expiryMs / 1_000);
  const lifetime = Math.min(wanted, Math.floor(maxExpiryMs / 1_000));
  return {
    ...{ ...draft, id, kid, at, issuedAt, passwordAt },
    authmethod: holder.authmethod ?? '',
    issuedBy: scope.clientId ?? authid,
    issuedOn: node,
    expiresAt: issuedAt + Math.max(1, lifetime),
    authroles: holder.groups,
  };
}

/** It is younger than what it replaces and what was revoked before, whatever the clocks of other nodes say. */
function earliest(
  known: Known,
  realm: string,
  draft: Pick<TicketClaims, 'authrealm' | 'authid' | 'scope'>,
): readonly number[] {
  const { authrealm, authid } = draft;
  const before = knownRow(known, draft);
  const facts = [authrealm, realm].map((uri) => known.facts(uri));
  const cutoffs = facts.map((each) => each?.ticketCutoffs.get(authid));
  return [
    ...[before, ...cutoffs].map((each) => (each?.at ?? -1) + 1),
    ...facts.flatMap((each) => [each?.realm?.since ?? 0, each?.users.get(authid)?.since ?? 0]),
  ];
}

/** Expired ones, and the one it replaces, take none. */
export function hasRoom(
  known: Known,
  { maxPerUser }: TicketsConfig,
  user: EffectiveUser,
  scope: TicketScope,
  now: number,
): boolean {
  const [authrealm, authid] = [authrealmOf(user), user.username];
  const same = keyOf(rowOf({ authrealm, authid, scope, id: '', expiresAt: 0 }, true));
  let others = 0;
  for (const [key, { expiresAt }] of known.facts(authrealm)?.ticketsOf.get(authid) ?? []) {
    if (key !== same && now < expiresAt * 1_000) others += 1;
  }
  return others < maxPerUser;
}
