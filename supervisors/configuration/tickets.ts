/** Keys of tickets, with Bondy's names; `replication_lag`, `max_per_user` `expiry_ends_sessions` and `collect_interval` are ours. */
import {
  ISSUING_METHODS,
  LONGEST_EXPIRY_MS,
  TICKETS_DEFAULTS as DEFAULTS,
} from '../../actors/security/tickets/config.ts';
import type { TicketKind, TicketsConfig } from '../../actors/security/tickets/config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { duration, integer, oneOf, onOff } from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { list } from '../../runtime/config/type.ts';

const lifetime = duration({ min: 1_000, max: LONGEST_EXPIRY_MS });

function persistence(kind: TicketKind, what: string) {
  return key({
    name: `security.ticket.scope.${kind}.persistence`,
    type: onOff,
    default: DEFAULTS.persistence[kind],
    isReloadable: true,
    doc:
      `Is it written down which tickets there are ${what}? Off: a new one does not replace the one before, and \`revoke\` ends ` +
      'all that are older than it.',
  });
}

export const ticketKeys = {
  expiryMs: key({
    name: 'security.ticket.expiry_time',
    type: lifetime,
    default: DEFAULTS.expiryMs,
    isReloadable: true,
    doc: 'How long a ticket is good that asks for no other time. Low: clients log in often. High: a stolen one is good for long.',
  }),
  maxExpiryMs: key({
    name: 'security.ticket.max_expiry_time',
    type: lifetime,
    default: DEFAULTS.maxExpiryMs,
    isReloadable: true,
    doc: 'How long a ticket may be good at most; who asks for more gets this.',
  }),
  local: persistence('local', 'for one realm'),
  sso: persistence('sso', 'for all realms of a user'),
  clientLocal: persistence('client_local', 'for a client and one realm'),
  clientSso: persistence('client_sso', 'for a client and all realms of a user'),
  allowNotFound: key({
    name: 'security.ticket.allow_not_found',
    type: onOff,
    default: DEFAULTS.allowNotFound,
    isReloadable: true,
    doc:
      'Does a genuine ticket open a session although it is not written down on this node yet? Only while it is younger than ' +
      '`security.ticket.replication_lag`; in Bondy for as long as it lives. Off: a ticket can be refused on another node in the ' +
      'first moments.',
  }),
  replicationLagMs: key({
    name: 'security.ticket.replication_lag',
    type: duration({ min: 0, max: 3_600_000 }),
    default: DEFAULTS.replicationLagMs,
    isReloadable: true,
    doc:
      'How long the row of a ticket may take from the node that issues it to this one, differences of their clocks included. ' +
      'Low: tickets used at once elsewhere are refused. High: for so long after it was issued a ticket is good on a node that ' +
      'has heard neither of it nor of its revocation.',
  }),
  endsSessions: key({
    name: 'security.ticket.expiry_ends_sessions',
    type: onOff,
    default: DEFAULTS.endsSessions,
    isReloadable: true,
    doc:
      'Does a session end when the ticket that has opened it expires? One that was issued in its place meanwhile counts. Off, as ' +
      'in Bondy: a ticket that is good for a minute opens a session for as long as it is wanted, and revoking ends it. Counts ' +
      'for sessions that come in from then on.',
  }),
  authmethods: key({
    name: 'security.ticket.authmethods',
    type: list(oneOf(['all', ...ISSUING_METHODS])),
    default: DEFAULTS.authmethods,
    isReloadable: true,
    doc:
      'By which methods a session must have entered to issue tickets. `all`: all of these. Never `anonymous` or `oauth2`. ' +
      'Without `ticket`, tickets cannot be renewed by themselves.',
  }),
  maxPerUser: key({
    name: 'security.ticket.max_per_user',
    type: integer({ min: 1, max: 10_000 }),
    default: DEFAULTS.maxPerUser,
    isReloadable: true,
    doc:
      'Tickets of one user that are good at a time, one for each realm, client and device; the next is refused. Low: users with ' +
      'many devices. High: rows on all nodes.',
  }),
  collectIntervalMs: key({
    name: 'security.ticket.collect_interval',
    type: duration({ min: 1_000, max: 86_400_000 }),
    default: DEFAULTS.collectIntervalMs,
    isReloadable: true,
    doc: 'Between sweeps of expired tickets. Low: work. High: rows that are good for nothing.',
  }),
};

type TicketValues = Values<typeof ticketKeys>;

export function ticketsConfig(values: TicketValues): TicketsConfig {
  const { local, sso, clientLocal, clientSso, ...rest } = values;
  return {
    ...rest,
    persistence: { local, sso, client_local: clientLocal, client_sso: clientSso },
  };
}

export function ticketConflicts({ expiryMs, maxExpiryMs }: TicketValues): readonly Conflict[] {
  if (expiryMs <= maxExpiryMs) return [];
  return [
    {
      keys: ['security.ticket.expiry_time', 'security.ticket.max_expiry_time'],
      problem: 'tickets would live longer than they may',
      advice: 'Make expiry_time at most max_expiry_time.',
    },
  ];
}
