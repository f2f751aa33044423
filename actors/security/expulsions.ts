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

/** Of one realm. */
export interface Leaving {
  readonly users: ReadonlyMap<string, Expulsion>;
  /** Users whose tickets were revoked: their sessions are asked about. */
  readonly holders: ReadonlySet<string>;
  /** The realm, its prototype or its SSO realm is another: all who are in are asked about. */
  readonly isChanged: boolean;
}

interface Draft {
  readonly users: Map<string, Expulsion>;
  readonly holders: Set<string>;
  isChanged: boolean;
}

/** By realm, so that its sessions are looked through once; of a user the severest word counts. */
export function expulsions(changes: readonly PolicyChange[]): ReadonlyMap<string, Leaving> {
  const realms = new Map<string, Draft>();
  const of = (realm: string) => {
    const known = realms.get(realm);
    if (known) return known;
    const made = {
      users: new Map<string, Expulsion>(),
      holders: new Set<string>(),
      isChanged: false,
    };
    realms.set(realm, made);
    return made;
  };
  for (const change of changes) {
    if (change.kind === 'realm' && change.what === 'changed') of(change.uri).isChanged = true;
    if (change.kind === 'tickets') of(change.realm).holders.add(change.username);
    if (change.kind !== 'user') continue;
    const { users } = of(change.realm);
    const known = users.get(change.username);
    if (known === undefined || STRICTNESS[change.what] > STRICTNESS[known]) {
      users.set(change.username, change.what);
    }
  }
  return realms;
}
