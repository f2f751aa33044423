/** Whose sessions must end after changes of the policy, and with which words (Bondy's reasons of GOODBYE). */
import { CLOSE } from '../../runtime/wamp/uris.ts';
import type { PolicyChange } from './policy-port.ts';

export const CLOSE_USER = {
  removed: CLOSE.userDeleted,
  disabled: CLOSE.userDisabled,
  rekeyed: CLOSE.credentialsChanged,
} as const;

export type Expulsion = Extract<PolicyChange, { kind: 'user' }>['what'];

const STRICTNESS: Readonly<Record<Expulsion, number>> = { rekeyed: 0, disabled: 1, removed: 2 };

/** By realm and username, so that the sessions of a realm are looked through once; the severest word counts. */
export function expulsions(
  changes: readonly PolicyChange[],
): ReadonlyMap<string, ReadonlyMap<string, Expulsion>> {
  const realms = new Map<string, Map<string, Expulsion>>();
  for (const change of changes) {
    if (change.kind !== 'user') continue;
    let users = realms.get(change.realm);
    if (!users) realms.set(change.realm, (users = new Map<string, Expulsion>()));
    const known = users.get(change.username);
    if (known === undefined || STRICTNESS[change.what] > STRICTNESS[known]) {
      users.set(change.username, change.what);
    }
  }
  return realms;
}
