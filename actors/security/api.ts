/**
 * Where authentication and authorization plug in. The cores behind it are pure and synchronous here; a method that
 * has to ask somebody answers `pending` and delivers its verdict later.
 */
import type { TransportInfo } from '../../runtime/net/connection.ts';
import type { Dict } from '../../runtime/wamp/message.ts';
import type { Member } from '../routing/api.ts';

export interface Principal {
  readonly authid: string;
  readonly authrole: string;
  readonly authmethod: string;
  readonly authprovider: string;
  readonly authextra: Dict;
  readonly trustlevel?: number | undefined;
}

export type Verdict =
  | { readonly kind: 'welcome'; readonly principal: Principal }
  | { readonly kind: 'challenge'; readonly method: string; readonly extra: Dict }
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string };

/** One attempt to enter a realm. */
export interface Authentication {
  /** From HELLO: the client's methods in its order of preference; unsupported ones are skipped. */
  begin(hello: {
    readonly authmethods: readonly string[];
    readonly authid: string | undefined;
    readonly authextra: Dict;
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
}
