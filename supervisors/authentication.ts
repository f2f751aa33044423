/** Who may enter, put together: methods, their cryptography, and what of the configuration they follow. */
import { MethodAuthenticator } from '../actors/security/method-authenticator.ts';
import type { MethodAuthenticatorDependencies } from '../actors/security/method-authenticator.ts';
import type { RealmDirectory } from '../actors/realms/api.ts';
import { ThreadPoolDeriver } from '../runtime/crypto/derivation.ts';
import { JwtChecker } from '../runtime/crypto/json-web-token.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { equalSecrets } from '../runtime/crypto/secrets.ts';
import type { Clock } from '../runtime/kernel/actor.ts';
import type { NodeConfig } from './config.ts';

export interface AuthenticationParts {
  readonly config: () => NodeConfig;
  readonly directory: RealmDirectory;
  readonly clock: Clock;
  /** Realms with users; undefined: only those of the configuration. */
  readonly policy: MethodAuthenticatorDependencies['policy'];
  readonly tickets?: MethodAuthenticatorDependencies['tickets'];
  readonly upgrade?: MethodAuthenticatorDependencies['upgrade'];
  /** `unknownUsersSecret`. */
  readonly secret: Uint8Array;
  count(counter: string): void;
}

export function authentication(parts: AuthenticationParts): MethodAuthenticator {
  const { config, directory, clock, policy, tickets, upgrade, secret } = parts;
  return new MethodAuthenticator({
    config: () => config().authentication,
    configured: (uri) => {
      const realm = directory.lookup(uri)?.config;
      // Without methods of its own the policy says how it is entered.
      return realm && realm.authmethods.length > 0 ? realm : undefined;
    },
    policy,
    tickets,
    upgrade,
    crypto: primitives,
    deriver: new ThreadPoolDeriver(() => config().authentication.derivation),
    tokens: new JwtChecker({ wall: () => clock.wall() }),
    secret,
    equal: equalSecrets,
    wall: () => clock.wall(),
    now: () => clock.now(),
    count: (counter) => parts.count(counter),
  });
}
