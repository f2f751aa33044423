/** Tickets, wired: their cryptography, what of the configuration they follow, and the operations that deal with them. */
import { randomUUID } from 'node:crypto';
import type { Caller } from '../actors/management/api.ts';
import { apiError } from '../actors/management/errors.ts';
import type { OperationsPort, TicketVerb } from '../actors/management/ports.ts';
import { TOPICS } from '../actors/management/topics.ts';
import { PolicyInventory } from '../actors/security/policy/inventory.ts';
import { writtenClaims, writtenScope } from '../actors/security/tickets/claims.ts';
import type { TicketClaims } from '../actors/security/tickets/claims.ts';
import type { Holder, TicketRefusal, TicketWish } from '../actors/security/tickets/issuing.ts';
import { writtenTicket } from '../actors/security/tickets/listing.ts';
import { Tickets } from '../actors/security/tickets/tickets.ts';
import { compactJws } from '../runtime/crypto/compact-jws.ts';
import type { Clock } from '../runtime/kernel/actor.ts';
import type { Dict, Value } from '../runtime/wamp/message.ts';
import type { NodeConfig } from './config.ts';
import type { SecurityParts } from './security-parts.ts';

export interface TicketParts {
  readonly config: () => NodeConfig;
  readonly security: SecurityParts;
  readonly clock: Clock;
  readonly node: string;
  count(counter: string): void;
}

export function tickets({ config, security, clock, node, count }: TicketParts): Tickets {
  const { table, keys, commits } = security;
  const inventory = new PolicyInventory(table.policy);
  return new Tickets({
    policy: table.policy,
    config: () => config().tickets,
    jws: compactJws('ticket+jwt'),
    node,
    realmKeys: (realm) => inventory.realmKeys(realm),
    openKey: (key) => keys.open(key),
    makeKey: (realm) => keys.make(realm),
    commit: (records, done, options) => commits.commit(records, done, options),
    id: randomUUID,
    wall: () => clock.wall(),
    count,
  });
}

type Announce = (realm: string, topic: string, args: readonly Value[]) => void;

export function ticketsPort(tickets: Tickets, announce: Announce): OperationsPort<TicketVerb> {
  return {
    perform(verb, { caller, realm, args, kwargs }, done) {
      const refused = ({ error, message, path }: TicketRefusal): void =>
        done({ error: { ...apiError(error, message), ...(path !== undefined && { path }) } });
      const ticket = String(args['ticket']);
      switch (verb) {
        case 'issue':
          return tickets.issue(holderOf(caller), wishOf(kwargs), (outcome) => {
            if (outcome.kind === 'refused') return refused(outcome);
            const { claims } = outcome;
            announce(caller.realm, TOPICS.ticketIssued, [claims.authrealm, ...about(claims)]);
            done({ value: { ticket: outcome.ticket, ...summary(claims) } });
          });
        case 'verify': {
          const verified = tickets.verify(realm, ticket);
          return 'kind' in verified ? refused(verified) : done({ value: writtenClaims(verified) });
        }
        case 'revoke':
          return tickets.revoke(realm, ticket, (outcome) => {
            if (outcome.kind === 'refused') return refused(outcome);
            if (outcome.kind === 'revoked') {
              const { claims } = outcome;
              announce(realm, TOPICS.ticketRevoked, [claims.authrealm, ...about(claims)]);
            }
            done({ value: null });
          });
        case 'list':
          return done({ value: tickets.list(realm).map(writtenTicket) });
        case 'revoke_listed': {
          const [authid, id] = [String(args['authid']), String(args['id'])];
          return tickets.revokeListed(realm, authid, id, (outcome) => {
            if (outcome.kind === 'refused') return refused(outcome);
            const { row } = outcome;
            announce(realm, TOPICS.ticketRevoked, [realm, row.authid, writtenTicket(row)]);
            done({ value: null });
          });
        }
        case 'revoke_all': {
          const authid = String(args['authid']);
          return tickets.revokeAll(realm, authid, (outcome) => {
            if (outcome.kind === 'refused') return refused(outcome);
            announce(realm, TOPICS.ticketRevoked, [realm, outcome.authid]);
            done({ value: null });
          });
        }
      }
    },
  };
}

function holderOf({ realm, username, groups, isVouchedFor, authmethod, ticket }: Caller): Holder {
  return { realm, username, groups, isVouchedFor, authmethod, scope: ticket };
}

/** Checked against the schema of the operation. */
function wishOf(kwargs: Dict): TicketWish & { readonly clientTicket?: string | undefined } {
  return {
    expiry: kwargs['expiry_time_secs'] as number | undefined,
    allowSso: kwargs['allow_sso'] as boolean | undefined,
    clientId: kwargs['client_id'] as string | undefined,
    deviceId: kwargs['device_id'] as string | undefined,
    clientTicket: kwargs['client_ticket'] as string | undefined,
  };
}

function summary({ id, issuedAt, expiresAt, scope }: TicketClaims): Dict {
  return { id, issued_at: issuedAt, expires_at: expiresAt, scope: writtenScope(scope) };
}

/** Nothing of it opens a session. */
function about(claims: TicketClaims): readonly Value[] {
  return [claims.authid, summary(claims)];
}
