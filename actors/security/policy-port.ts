/** What the rest of the node asks of who may do what. Answered from memory, in the turn of whoever asks. */
import type { Dict } from '../../runtime/wamp/message.ts';
import type { PasswordOptions, RealmLimits, StoredPassword } from './records.ts';

/** A realm after inheritance and defaults. */
export interface EffectiveRealm {
  readonly uri: string;
  readonly description: string;
  readonly isPrototype: boolean;
  readonly prototypeUri: string | undefined;
  readonly isSsoRealm: boolean;
  readonly ssoRealmUri: string | undefined;
  readonly allowedRealms: readonly string[] | undefined;
  readonly allowConnections: boolean;
  readonly authmethods: readonly string[];
  readonly securityEnabled: boolean;
  readonly password: PasswordOptions;
  readonly limits: RealmLimits;
  readonly info: Dict;
  /** It is the configuration's, and cannot be changed while the node runs. */
  readonly isConfigured: boolean;
}

/** A user with what its SSO realm knows of it. */
export interface EffectiveUser {
  readonly realm: string;
  readonly username: string;
  readonly enabled: boolean;
  readonly ssoRealmUri: string | undefined;
  readonly meta: Dict;
  /** Direct groups. */
  readonly groups: readonly string[];
  readonly aliases: readonly string[];
  readonly authorizedKeys: readonly string[];
  readonly password: StoredPassword | undefined;
  readonly passwordAt: number;
}

export type Match = 'exact' | 'prefix' | 'wildcard';

/** Who asks: what a session knows of its principal. */
export interface Subject {
  /** Undefined: anonymous. */
  readonly username: string | undefined;
  /** Chosen at HELLO among the user's groups; undefined: all of them. Counts only while the user is in them. */
  readonly groups: readonly string[] | undefined;
  /**
   * Somebody else vouches for it (an issuer of tokens, a dynamic authenticator): no user of the realm is needed, and
   * `groups` count as given. A user of the same name that is disabled still is.
   */
  readonly isVouchedFor?: boolean | undefined;
}

/** A grant that was looked at. */
export interface Step {
  /** The realm that has it: the subject's, or its prototype. */
  readonly realm: string;
  /** Who holds a grant that was looked at: `all`, `group/NAME`, `user/NAME`. */
  readonly role: string;
  /** How the subject comes to have this role: the chain of groups, the nearest first. */
  readonly via: readonly string[];
  readonly permission: string;
  readonly uri: string;
  readonly match: Match | 'any';
  readonly verdict: 'grants' | 'other_permission' | 'other_resource';
}

/** Why something is allowed or not, in the order in which it was decided. */
export interface Explanation {
  readonly allowed: boolean;
  readonly reason:
    | 'granted'
    | 'no_grant'
    | 'security_disabled'
    | 'no_such_realm'
    | 'no_such_user'
    | 'user_disabled';
  readonly roles: readonly string[];
  /** Grants for this permission or this resource; those for neither are not told. */
  readonly steps: readonly Step[];
  /** How many more steps there are. */
  readonly omitted: number;
}

/** What a change of records means to those who hold sessions and caches. */
export type PolicyChange =
  | { readonly kind: 'realm'; readonly uri: string; readonly what: 'added' | 'changed' | 'removed' }
  /** Its sessions must end. `rekeyed`: its password or its keys are others. */
  | {
      readonly kind: 'user';
      readonly realm: string;
      readonly username: string;
      readonly what: 'removed' | 'disabled' | 'rekeyed';
    }
  /** Tickets of this user were revoked: sessions that came in by one of them must end. */
  | { readonly kind: 'tickets'; readonly realm: string; readonly username: string }
  /** Decisions of this realm (and of those that inherit from it) may be others now. */
  | { readonly kind: 'decisions'; readonly realm: string };

export interface PolicyPort {
  realm(uri: string): EffectiveRealm | undefined;
  realms(): Iterable<EffectiveRealm>;
  /** By username or alias, of the realm or of its SSO realm. */
  user(realm: string, authid: string): EffectiveUser | undefined;
  /** Direct and inherited groups of a subject, without `all`. */
  groupsOf(realm: string, subject: Subject): ReadonlySet<string>;
  /**
   * Methods of the realm that sources allow for this user (or `anonymous`) from this address, the most specific first.
   * All of the realm's where security is disabled.
   */
  methodsFrom(realm: string, username: string, address: string): readonly string[];
  allows(realm: string, subject: Subject, permission: string, uri: string, match: Match): boolean;
  explain(
    realm: string,
    subject: Subject,
    permission: string,
    uri: string,
    match: Match,
  ): Explanation;
  /** Grows with every change that may change a decision in this realm: what a cache is valid for. */
  version(realm: string): number;
}
