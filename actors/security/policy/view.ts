/**
 * A realm as it is in force: its own facts with those of its prototype (one level). What counts and what does not is
 * decided here, for all questions alike.
 *
 * A fact counts if it is held and not older than those it is about: `since` in records.ts.
 */
import type { MethodName } from '../negotiation.ts';
import { lists } from '../negotiation.ts';
import type { EffectiveRealm } from '../policy-port.ts';
import type { GroupRecord, PasswordOptions, RealmRecord, UserRecord } from '../records.ts';
import type { RealmFacts } from './facts.ts';
import { groupKey } from './rows.ts';

export interface PolicyDefaults {
  readonly authmethods: readonly string[];
  /** `auto`: a realm keeps the verifiers that its methods need. */
  readonly protocol: 'auto' | 'cra' | 'scram';
  readonly password: Omit<PasswordOptions, 'protocols'>;
}

/** Bondy's. What a realm offers is further narrowed by sources, so none of them is open by default. */
export const DEFAULT_POLICY: PolicyDefaults = {
  authmethods: ['anonymous', 'password', 'oauth2', 'wampcra', 'ticket'],
  protocol: 'auto',
  password: {
    scramKdf: 'pbkdf2',
    iterations: 10_000,
    memory: 65_536,
    passes: 3,
  },
};

/** Facts of a realm that exists. */
export interface Layer {
  readonly facts: RealmFacts;
  readonly realm: RealmRecord;
}

/** A group, and the realm whose group it is. */
export interface FoundGroup {
  readonly group: GroupRecord;
  readonly owner: Layer;
}

export class RealmView {
  readonly own: Layer;
  readonly prototype: Layer | undefined;
  /** Own facts first. */
  readonly layers: readonly Layer[];
  readonly effective: EffectiveRealm;
  /** Keys of rows that are there and cannot be read. */
  readonly #unreadable: ReadonlySet<string>;

  constructor(
    own: Layer,
    prototype: Layer | undefined,
    defaults: PolicyDefaults,
    isConfigured: boolean,
    unreadable: ReadonlySet<string>,
  ) {
    this.#unreadable = unreadable;
    this.own = own;
    this.prototype = prototype;
    this.layers = prototype ? [own, prototype] : [own];
    this.effective = effectiveRealm(own.realm, prototype?.realm, defaults, isConfigured);
  }

  user(username: string): UserRecord | undefined {
    const user = this.own.facts.users.get(username);
    return user && user.at >= this.own.realm.since ? user : undefined;
  }

  /** A group of the realm hides the prototype's of the same name. */
  group(name: string): FoundGroup | undefined {
    for (const owner of this.layers) {
      // It may be there to hide the prototype's.
      if (this.#unreadable.size > 0 && this.#unreadable.has(groupKey(owner.realm.uri, name))) {
        return undefined;
      }
      const group = owner.facts.groups.get(name);
      if (group && group.at >= owner.realm.since) return { group, owner };
    }
    return undefined;
  }

  /** How old what is said about this user may be. */
  sinceUser(user: UserRecord | undefined): number {
    return Math.max(this.own.realm.since, user?.since ?? 0);
  }

  groupsOfUser(user: UserRecord): readonly string[] {
    return this.#groupsOf(this.own, `user/${user.username}`, user.since);
  }

  /** The groups that a group is in. */
  parentsOf({ group, owner }: FoundGroup): readonly string[] {
    return this.#groupsOf(owner, `group/${group.name}`, group.since);
  }

  #groupsOf({ facts, realm }: Layer, member: string, since: number): readonly string[] {
    const names: string[] = [];
    const oldest = Math.max(realm.since, since);
    const prototype = facts === this.own.facts ? this.prototype?.facts : undefined;
    for (const { group: name, at } of facts.membershipsOf.get(member)?.values() ?? []) {
      if (at < oldest || at < facts.sinceOfGroup(name, prototype)) continue;
      if (this.group(name)) names.push(name);
    }
    return names.sort(); // rows arrive in any order
  }
}

function effectiveRealm(
  realm: RealmRecord,
  prototype: RealmRecord | undefined,
  defaults: PolicyDefaults,
  isConfigured: boolean,
): EffectiveRealm {
  const { uri, description, isPrototype, isSsoRealm, info } = realm;
  const authmethods = realm.authmethods ?? prototype?.authmethods ?? defaults.authmethods;
  const inherited = <K extends keyof RealmRecord>(field: K) => realm[field] ?? prototype?.[field];
  return {
    uri,
    description,
    isPrototype,
    prototypeUri: realm.prototypeUri ?? undefined,
    isSsoRealm,
    ssoRealmUri: isSsoRealm ? undefined : (inherited('ssoRealmUri') ?? undefined),
    allowedRealms: realm.allowedRealms ?? undefined,
    // A prototype is no place to be.
    allowConnections: !isPrototype && (inherited('allowConnections') ?? true),
    authmethods,
    securityEnabled: inherited('securityEnabled') ?? true,
    password: inherited('password') ?? {
      protocols: protocolsFor(authmethods, defaults),
      ...defaults.password,
    },
    limits: {
      uriStrictness: realm.limits.uriStrictness ?? prototype?.limits.uriStrictness ?? null,
      allowDisclosure: realm.limits.allowDisclosure ?? prototype?.limits.allowDisclosure ?? null,
      maxSessions: realm.limits.maxSessions ?? prototype?.limits.maxSessions ?? null,
      maxSubscriptionsPerSession:
        realm.limits.maxSubscriptionsPerSession ??
        prototype?.limits.maxSubscriptionsPerSession ??
        null,
      maxMessageBytes: realm.limits.maxMessageBytes ?? prototype?.limits.maxMessageBytes ?? null,
      maxRate: realm.limits.maxRate ?? prototype?.limits.maxRate ?? null,
    },
    info,
    isConfigured,
  };
}

/**
 * The key that CRA needs is as good as the password: it is kept only where somebody may use it. `cra` and `scram` keep
 * what this method needs whatever the realm offers now, and `scram` never the key of CRA.
 */
export function protocolsFor(
  authmethods: readonly string[],
  { protocol }: Pick<PolicyDefaults, 'protocol'>,
): PasswordOptions['protocols'] {
  const offers = (method: MethodName): boolean => lists(authmethods, method);
  const protocols: PasswordOptions['protocols'][number][] = ['hash'];
  if (protocol === 'scram' || offers('wamp-scram')) protocols.push('scram');
  if (protocol === 'cra' || (protocol === 'auto' && offers('wampcra'))) protocols.push('cra');
  return protocols;
}
