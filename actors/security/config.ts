/** Knobs of authentication. */
import type { DeriverLimits } from '../../runtime/crypto/derivation.ts';
import type { LockoutConfig } from './lockout.ts';
import { LOCKOUT_DEFAULTS } from './lockout.ts';
import type { PasswordLimits } from './passwords.ts';

export interface AuthenticationConfig {
  /** False: nobody enters a realm anonymously, whatever the realm says. Not for realms of the configuration. */
  readonly allowAnonymous: boolean;
  readonly password: PasswordLimits & {
    /** When a client reveals its password, are verifiers derived anew that the realm would not derive like this any more? */
    readonly upgrades: boolean;
  };
  readonly derivation: DeriverLimits;
  readonly lockout: LockoutConfig;
}

export const AUTHENTICATION_DEFAULTS: AuthenticationConfig = {
  allowAnonymous: true,
  password: { minLength: 6, maxLength: 254, upgrades: false },
  derivation: { concurrency: 2, maxWaiting: 200 },
  lockout: LOCKOUT_DEFAULTS,
};
