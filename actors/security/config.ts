/** Knobs of authentication. */
import type { DeriverLimits } from '../../runtime/crypto/derivation.ts';
import type { LockoutConfig } from './lockout.ts';
import { LOCKOUT_DEFAULTS } from './lockout.ts';
import type { PasswordLimits } from './passwords.ts';
import type { PolicyDefaults } from './policy/view.ts';
import { DEFAULT_POLICY } from './policy/view.ts';

export interface AuthenticationConfig {
  /** False: nobody enters a realm anonymously, whatever the realm says. Not for realms of the configuration. */
  readonly allowAnonymous: boolean;
  readonly password: PasswordLimits & {
    /** When a client reveals its password, are verifiers derived anew that the realm would not derive like this any more? */
    readonly upgrades: boolean;
  };
  /** What a realm has that says nothing of its own. Fixed while the node runs, and the same on all nodes. */
  readonly defaults: PolicyDefaults;
  readonly derivation: DeriverLimits;
  readonly lockout: LockoutConfig;
}

export const AUTHENTICATION_DEFAULTS: AuthenticationConfig = {
  allowAnonymous: true,
  password: { minLength: 6, maxLength: 254, upgrades: false },
  defaults: DEFAULT_POLICY,
  derivation: { concurrency: 2, maxWaiting: 200 },
  lockout: LOCKOUT_DEFAULTS,
};
