/**
 * Who may enter a realm, by all methods of `methods/`: realms of the configuration first, then those of the policy.
 */
import type { Deriver } from '../../runtime/crypto/derivation.ts';
import type { TokenChecker } from '../../runtime/crypto/json-web-token.ts';
import type { Ed25519Signer, Primitives } from '../../runtime/crypto/primitives.ts';
import type { TransportInfo } from '../../runtime/net/connection.ts';
import type { Authentication, Authenticator } from './api.ts';
import { Attempt } from './attempt.ts';
import type { AttemptTools } from './attempt.ts';
import type { AuthenticationConfig } from './config.ts';
import { ConfiguredEntrance } from './configured-entrance.ts';
import type { RealmCredentials } from './configured-entrance.ts';
import type { Entrance } from './entrance.ts';
import { Lockout } from './lockout.ts';
import { MethodFactory } from './methods/factory.ts';
import type { FactoryTools } from './methods/factory.ts';
import type { TicketPort } from './methods/ticket.ts';
import { Passwords } from './passwords.ts';
import { PolicyEntrance } from './policy-entrance.ts';
import type { PolicyPort } from './policy-port.ts';

export interface MethodAuthenticatorDependencies {
  readonly config: () => AuthenticationConfig;
  /** Undefined: not a realm of the configuration with credentials of its own. */
  configured(realm: string): RealmCredentials | undefined;
  /** Undefined: this node knows no other realms. */
  readonly policy: Pick<PolicyPort, 'realm' | 'user' | 'methodsFrom'> | undefined;
  readonly crypto: Primitives;
  readonly deriver: Deriver;
  readonly tokens: TokenChecker;
  readonly tickets?: TicketPort | undefined;
  readonly router?: Ed25519Signer | undefined;
  readonly upgrade?: FactoryTools['upgrade'];
  /** 32 random bytes; the same on all nodes of a cluster, so that what unknown users are asked is too. */
  readonly secret: Uint8Array;
  /** Constant-time comparison. */
  equal(given: string, known: string): boolean;
  /** Ms since 1970. */
  wall(): number;
  /** Ms, of a clock that only goes forward. */
  now(): number;
  count(counter: string): void;
}

export class MethodAuthenticator implements Authenticator {
  readonly #d: MethodAuthenticatorDependencies;
  readonly #methods: MethodFactory;
  readonly #tools: AttemptTools;
  readonly #entrances = new WeakMap<RealmCredentials, Entrance>();
  /** For the admin API and the procedures that set passwords: they share the queue with sessions. */
  readonly passwords: Passwords;

  constructor(dependencies: MethodAuthenticatorDependencies) {
    const { config, crypto, deriver, tokens, tickets, router, secret } = dependencies;
    this.#d = dependencies;
    const lockout = new Lockout(() => config().lockout);
    this.#tools = {
      lockout,
      now: () => dependencies.now(),
      count: (counter) => dependencies.count(counter),
    };
    this.passwords = new Passwords({ crypto, deriver, limits: () => config().password });
    const { upgrade } = dependencies;
    this.#methods = new MethodFactory({
      crypto,
      deriver,
      tokens,
      tickets,
      router,
      secret,
      passwords: this.passwords,
      upgrade:
        upgrade && ((of, stored) => void (config().password.upgrades && upgrade(of, stored))),
      wall: () => dependencies.wall(),
      report: (what) => dependencies.count(what),
    });
  }

  attempt(realm: string, transport: TransportInfo, sessionId: number): Authentication | undefined {
    const entrance = this.#entrance(realm);
    if (!entrance) return undefined;
    return new Attempt(this.#tools, entrance, { transport, sessionId });
  }

  #entrance(uri: string): Entrance | undefined {
    const configured = this.#d.configured(uri);
    if (configured) return this.#configured(configured);
    const { policy, config } = this.#d;
    const realm = policy?.realm(uri);
    if (!policy || !realm) return undefined;
    return new PolicyEntrance(realm, {
      policy,
      methods: this.#methods,
      allowsAnonymous: () => config().allowAnonymous,
    });
  }

  /** One for all who enter a realm, as long as its configuration is the same object. */
  #configured(realm: RealmCredentials): Entrance {
    const known = this.#entrances.get(realm);
    if (known) return known;
    const entrance = new ConfiguredEntrance(realm, this.#d.equal);
    this.#entrances.set(realm, entrance);
    return entrance;
  }
}
