/** Knobs of tickets. */

/** What a ticket is good for: this realm or all of the user's, for the user or for a client that acts for it. */
export const TICKET_KINDS = ['local', 'sso', 'client_local', 'client_sso'] as const;
export type TicketKind = (typeof TICKET_KINDS)[number];

/** Of sessions that may issue tickets: those who have proven to be a user of the realm. */
export const ISSUING_METHODS = [
  'cryptosign',
  'password',
  'ticket',
  'tls',
  'trust',
  'wamp-scram',
  'wampcra',
  'oidc',
  'oidcrp',
] as const;
export type IssuingMethod = (typeof ISSUING_METHODS)[number];

export interface TicketsConfig {
  /** Of a ticket that asks for no other. Low: clients log in often. High: a stolen one is good for long. */
  readonly expiryMs: number;
  /** What is asked for beyond is cut to this. */
  readonly maxExpiryMs: number;
  /** Is it written down which tickets there are? Where not, a new one does not replace the one before. */
  readonly persistence: Readonly<Record<TicketKind, boolean>>;
  /** May a ticket open a session although its row has not come here yet? Only while it is younger than the lag. */
  readonly allowNotFound: boolean;
  /**
   * How long a row may take from the node that issues a ticket to this one. Low: tickets that are used at once elsewhere are
   * refused. High: for so long a ticket is good on a node that has not heard of its revocation and never had its row.
   */
  readonly replicationLagMs: number;
  /** Does a session end when the ticket that has opened it expires, and no later one took its place? */
  readonly endsSessions: boolean;
  readonly authmethods: readonly ('all' | IssuingMethod)[];
  /** Tickets that are good at a time. Clients and devices name themselves, so that their number must have an end. */
  readonly maxPerUser: number;
  /** Between sweeps of what has expired. Low: work. High: rows that are good for nothing. */
  readonly collectIntervalMs: number;
}

/** Of `maxExpiryMs`: when all tickets are over that a cutoff was about. */
export const LONGEST_EXPIRY_MS = 366 * 86_400_000;

export const TICKETS_DEFAULTS: TicketsConfig = {
  expiryMs: 30 * 86_400_000,
  maxExpiryMs: 30 * 86_400_000,
  persistence: { local: true, sso: true, client_local: true, client_sso: true },
  allowNotFound: true,
  replicationLagMs: 10_000,
  endsSessions: false,
  authmethods: ['all'],
  maxPerUser: 100,
  collectIntervalMs: 600_000,
};
