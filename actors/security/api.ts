/**
 * Where authentication and authorization plug in. The cores behind it are pure and synchronous here; a method that
 * has to ask somebody answers `pending` and delivers its verdict later.
 */
import type { TransportInfo } from '../../runtime/net/connection.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import type { Member } from '../routing/api.ts';
import type { Subject } from './policy-port.ts';
import type { EntryTicket } from './tickets/claims.ts';

export interface Principal {
  readonly authid: string;
  readonly authrole: string;
  readonly authmethod: string;
  readonly authprovider: string;
  readonly authextra: Dict;
  readonly trustlevel?: number | undefined;
  /** Who the policy is asked about. Undefined: the realm has no access rules, or authid and authrole say it. */
  readonly subject?: Subject | undefined;
  /** By which it has come in: the session ends when it is revoked. */
  readonly ticket?: EntryTicket | undefined;
}

export type Verdict =
  | { readonly kind: 'welcome'; readonly principal: Principal }
  | { readonly kind: 'challenge'; readonly method: string; readonly extra: Dict }
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }
  | PendingVerdict;

/** It takes time: a password is hashed, somebody else is asked. */
export interface PendingVerdict {
  readonly kind: 'pending';
  /**
   * Begins the work and delivers once, later or at once, from any turn. What is delivered is called in the turn of who
   * waits, so that a mistake in it is theirs; the verdict may be pending again.
   */
  settle(deliver: (verdict: () => Verdict) => void): void;
}

/** One attempt to enter a realm. */
export interface Authentication {
  /** From HELLO: the client's methods in its order of preference; unsupported ones are skipped. */
  begin(hello: {
    readonly authmethods: readonly string[];
    readonly authid: string | undefined;
    readonly authextra: Dict;
    /** Which of its groups it wants to act as; undefined: all. */
    readonly authroles?: readonly string[] | undefined;
  }): Verdict;
  /** From AUTHENTICATE. */
  answer(signature: string, extra: Dict): Verdict;
}

export interface Authenticator {
  /** Undefined: no such realm. */
  attempt(realm: string, transport: TransportInfo, sessionId: number): Authentication | undefined;
}

export type Action =
  'call' | 'cancel' | 'register' | 'unregister' | 'publish' | 'subscribe' | 'unsubscribe';

export interface Authorizer {
  /** Asked for every request; decides from memory. */
  mayI(
    member: Member,
    action: Action,
    uri: string,
    match: 'exact' | 'prefix' | 'wildcard',
  ): boolean;
  /**
   * May this member's identity be disclosed when it asks to (`disclose_me`), or may it ask for its callers' when it
   * registers (`disclose_caller`)? `match`: of a registration; absent: exact.
   */
  mayDisclose(
    member: Member,
    action: Action,
    uri: string,
    match?: 'exact' | 'prefix' | 'wildcard',
  ): boolean;
  /** `mayI` of what was allowed before, after the policy changed: no request, so none is denied. Absent: no policy. */
  mayStill?(
    member: Member,
    action: Action,
    uri: string,
    match: 'exact' | 'prefix' | 'wildcard',
  ): boolean;
}

// What administration (actors/management/) reads and writes by.
export type { EffectiveGroup, Inventory } from './inventory-port.ts';
export type {
  EffectiveRealm,
  EffectiveUser,
  Explanation,
  Match,
  PolicyPort,
  Subject,
} from './policy-port.ts';
export type {
  GrantRecord,
  PasswordOptions,
  RealmKeyRecord,
  RealmLimits,
  RealmRecord,
  SecurityRecord,
  SourceRecord,
  StoredPassword,
  UserRecord,
} from './records.ts';
export type { Problem } from './policy/names.ts';
export {
  at,
  fold,
  MAX_ALIASES,
  RESERVED_NAMES,
  whyNoGroupName,
  whyNoRealmName,
  whyNoUsername,
} from './policy/names.ts';
export { networkText, parseAddress, parseNetwork } from './policy/network.ts';
export { PERMISSIONS } from './policy/permissions.ts';
export { resourceOf } from './policy/resources.ts';
export { splitRole } from './policy/stamps.ts';
export type { PolicyDefaults } from './policy/view.ts';
export { protocolsFor } from './policy/view.ts';
export type { CommitOptions, Committed } from './commits.ts';
export type { Made as MadePassword, Verified as VerifiedPassword } from './passwords.ts';
export type { EntryTicket, TicketScope } from './tickets/claims.ts';
