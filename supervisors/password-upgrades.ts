/** Verifiers that were derived anew at a login, put into the user's record. */
import type { FactoryTools } from '../actors/security/methods/factory.ts';
import { keyOf } from '../actors/security/policy/rows.ts';
import type { SecurityParts } from './security-parts.ts';

type Upgrade = NonNullable<FactoryTools['upgrade']>;

/**
 * It is the same password, so `passwordAt` stays and nobody's session ends. Not of a user of the configuration, and not
 * over an edit that was made meanwhile: the next login tries again.
 */
export function passwordUpgrade(
  { table, commits }: Pick<SecurityParts, 'table' | 'commits'>,
  count: (counter: string) => void,
): Upgrade {
  return ({ realm, username, passwordAt }, password) => {
    const { policy } = table;
    const user = policy.facts(realm)?.users.get(username);
    if (!user || user.passwordAt !== passwordAt || policy.isConfigured(keyOf(user))) {
      return count('password_upgrades_skipped');
    }
    const seen = new Map([[keyOf(user), user]]);
    const counter = (isStored: boolean): string =>
      isStored ? 'password_upgrades' : 'password_upgrades_skipped';
    commits.commit([{ ...user, password }], ({ kind }) => count(counter(kind === 'stored')), {
      seen,
    });
  };
}
