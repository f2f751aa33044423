/** Who may be in a realm at all, asked when what let a session in may have been taken back. */
import { CLOSE } from '../../runtime/wamp/uris.ts';
import type { Principal } from './api.ts';
import { methodOf } from './negotiation.ts';
import type { Known } from './tickets/standing.ts';
import { isRevoked } from './tickets/standing.ts';

/**
 * Why a session may not stay, as a reason of GOODBYE. Where sources changed it may: they say from where one comes in, not
 * who is in.
 */
export function whyLeave(
  policy: Known,
  uri: string,
  { subject, authmethod, ticket }: Pick<Principal, 'subject' | 'authmethod' | 'ticket'>,
): string | undefined {
  if (!subject) return undefined; // a realm of the configuration, whose users are no records
  const { username, isVouchedFor = false } = subject;
  const user = username === undefined ? undefined : policy.user(uri, username);
  if (user?.enabled === false) return CLOSE.userDisabled;
  if (username !== undefined && !user && !isVouchedFor) return CLOSE.userDeleted;
  if (ticket && isRevoked(policy, ticket, uri)) return CLOSE.ticketRevoked;
  const realm = policy.realm(uri);
  if (!realm?.securityEnabled) return undefined;
  const method = methodOf(authmethod);
  return realm.authmethods.some((each) => methodOf(each) === method)
    ? undefined
    : CLOSE.methodWithdrawn;
}
