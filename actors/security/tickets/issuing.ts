/** Who may have a ticket, and for what: Bondy's four kinds, each with a resource of its own for `bondy.issue`. */
import type { ErrorName } from '../../../runtime/wamp/uris.ts';
import { fold, whyNoGroupName } from '../policy/names.ts';
import type { EffectiveUser, PolicyPort } from '../policy-port.ts';
import type { TicketScope } from './claims.ts';
import { kindOf } from './claims.ts';
import type { IssuingMethod, TicketsConfig } from './config.ts';
import { ISSUING_METHODS } from './config.ts';

/** The session, or the request, that asks. */
export interface Holder {
  readonly realm: string;
  readonly username: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly isVouchedFor?: boolean | undefined;
  readonly authmethod: string | undefined;
  /** Of the ticket it has entered with. */
  readonly scope?: TicketScope | undefined;
}

export interface TicketWish {
  /** Seconds. */
  readonly expiry?: number | undefined;
  readonly allowSso?: boolean | undefined;
  readonly clientId?: string | undefined;
  readonly deviceId?: string | undefined;
}

export interface TicketRefusal {
  readonly kind: 'refused';
  readonly error: ErrorName;
  readonly message: string;
  readonly path?: string;
}

export function refuse(error: ErrorName, message: string, path?: string): TicketRefusal {
  return { kind: 'refused', error, message, ...(path !== undefined && { path }) };
}

/** The user who gets it. */
export function holderOf(
  policy: Pick<PolicyPort, 'user'>,
  { authmethods }: TicketsConfig,
  { realm, username, isVouchedFor, authmethod, scope }: Holder,
): EffectiveUser | TicketRefusal {
  if (username === undefined) return refuse('notAuthorized', 'tickets are for users of the realm');
  const isIssuing = ISSUING_METHODS.some((method) => method === authmethod);
  const isAllowed =
    authmethods.includes('all') || authmethods.includes(authmethod as IssuingMethod);
  const isUnclear = authmethod === 'ticket' && scope === undefined;
  if (!isIssuing || !isAllowed || isUnclear || isVouchedFor === true) {
    const message = `who has entered by ${authmethod ?? 'no method'} may not issue tickets`;
    return refuse('notAuthorized', message);
  }
  const user = policy.user(realm, username);
  return user?.enabled ? user : refuse('notAuthorized', `${username} is no user who may enter`);
}

/** `client`: what the client's own ticket says, if it was shown. */
export function scopeOf(
  user: EffectiveUser,
  holder: Holder,
  wish: TicketWish,
  client: { readonly authid: string; readonly scope: TicketScope } | undefined,
): TicketScope | TicketRefusal {
  if (holder.scope && holder.scope.clientId !== null) {
    return refuse('invalidRequest', 'a client may not pass on the ticket it has entered with');
  }
  if (client && client.scope.clientId !== null) {
    return refuse('invalidRequest', 'the ticket of the client is itself for a client');
  }
  const named = namesOf(wish);
  if (named.kind === 'refused') return named;
  const clientId = client?.authid ?? named.clientId;
  if (client && named.clientId !== null && named.clientId !== clientId) {
    return refuse('invalidRequest', 'the ticket is of another client', 'client_id');
  }
  if (clientId === user.username) {
    return refuse('invalidRequest', 'a user is no client of its own');
  }
  // What was good for one realm must not become good for all.
  const isSso =
    user.ssoRealmUri !== undefined &&
    wish.allowSso !== false &&
    (holder.scope?.realm ?? null) === null;
  return {
    realm: isSso ? null : user.realm,
    clientId,
    deviceId: named.deviceId ?? client?.scope.deviceId ?? null,
  };
}

export function isGranted(
  policy: Pick<PolicyPort, 'allows'>,
  { realm, username, groups, isVouchedFor }: Holder,
  scope: TicketScope,
): boolean {
  const resource = `bondy.ticket.scope.${kindOf(scope)}`;
  return policy.allows(realm, { username, groups, isVouchedFor }, 'bondy.issue', resource, 'exact');
}

function namesOf({ clientId, deviceId }: TicketWish) {
  for (const [path, given] of [
    ['client_id', clientId],
    ['device_id', deviceId],
  ] as const) {
    const why = given === undefined ? undefined : whyNoGroupName(fold(given));
    if (why !== undefined) return refuse('invalidArgument', why, path);
  }
  return {
    kind: 'names',
    clientId: clientId === undefined ? null : fold(clientId),
    deviceId: deviceId === undefined ? null : fold(deviceId),
  } as const;
}
