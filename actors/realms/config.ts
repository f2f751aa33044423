/** A realm as the configuration describes it. */
import type { RealmLimits } from '../security/api.ts';
import type { UriRule } from '../../runtime/wamp/uri.ts';

export interface TicketPrincipal {
  readonly authid: string;
  readonly ticket: string;
  readonly authrole: string;
}

export interface RealmConfig {
  readonly uri: string;
  /** Offered in this set; the client's order decides which is taken. */
  readonly authmethods: readonly ('anonymous' | 'ticket')[];
  /** Role of an anonymous session. */
  readonly anonymousRole: string;
  /** Who may enter with a ticket. */
  readonly tickets: readonly TicketPrincipal[];
  /** `strict` allows [0-9a-z_] only in URI components; `loose` anything but space, dot and hash. */
  readonly uriRule: UriRule;
  /** Sessions at most; the next HELLO is refused. Low: clients locked out. High: memory. */
  readonly maxSessions: number;
  /** May a client have its identity disclosed by `disclose_me`? */
  readonly allowDisclosure: boolean;
  /** Where the realm is stricter than the node. Undefined: nowhere. */
  readonly limits?: UseLimits | undefined;
}

/** Of a session; null: as the node has it. */
export type UseLimits = Pick<
  RealmLimits,
  'maxSubscriptionsPerSession' | 'maxMessageBytes' | 'maxRate'
>;

export const REALM_DEFAULTS: Omit<RealmConfig, 'uri'> = {
  authmethods: [],
  anonymousRole: 'anonymous',
  tickets: [],
  uriRule: 'loose',
  maxSessions: 1_000_000,
  allowDisclosure: true,
};
