/** Who may do what, kept as the store says, and the one who changes it. */
import { REALM_KEEPER } from '../actors/realms/api.ts';
import { AutomaticRealms } from '../actors/security/automatic-realms.ts';
import type { Principal } from '../actors/security/api.ts';
import { whyLeave } from '../actors/security/presence.ts';
import { security as securityActor } from '../actors/security/security.actor.ts';
import { endOf } from '../actors/security/tickets/standing.ts';
import { ticketCollector } from '../actors/security/tickets/collector.actor.ts';
import { writer } from '../actors/security/writer.actor.ts';
import { CLOSE } from '../runtime/wamp/uris.ts';
import { COOLING } from './intensities.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { managementChild } from './management.ts';
import type { Parts } from './parts.ts';

/** While it is being restarted, everybody is judged by what was known last; changes wait. */
export function security(parts: Parts): ChildSpec {
  const { directory, net, own } = parts;
  const { table, keys, mailbox, writerMailbox } = parts.security;
  const { store, state } = own.store;
  return {
    id: 'security',
    start: {
      kind: 'supervisor',
      strategy: 'rest_for_one',
      onExhausted: COOLING,
      children: () => [
        {
          id: 'policy', // follows the store
          start: securityActor({
            table,
            mailbox,
            store,
            state,
            realms: directory,
            keeper: () => parts.kernel().whereis(REALM_KEEPER),
            count: net.count,
          }),
        },
        {
          id: 'writer', // puts changes into the store, and asks the above whether they are in force
          start: writer({
            table,
            store,
            mailbox: writerMailbox,
            keyFor: (realm) => keys.make(realm),
            count: net.count,
          }),
        },
        {
          id: 'tickets', // sweeps those that are over
          start: ticketCollector({
            table,
            store,
            config: () => parts.config().tickets,
            count: net.count,
          }),
        },
        managementChild(parts), // the operations of administrators; writes by the above
      ],
    },
  };
}

/** Whoever waited to come in while it was disabled or removed may not stay; nor who came by a ticket that has ended. */
export function staying({ security, config, kernel }: Parts) {
  const { policy } = security.table;
  const staysUntil = ({ ticket }: Pick<Principal, 'ticket'>): number | undefined =>
    ticket && endOf(policy, config().tickets, ticket);
  return {
    staysUntil,
    mayStay: (realm: string, principal: Principal): string | undefined =>
      whyLeave(policy, realm, principal) ??
      (kernel().clock.wall() < (staysUntil(principal) ?? Infinity)
        ? undefined
        : CLOSE.ticketExpired),
  };
}

/** A HELLO may make its realm, if the configuration says so. */
export function automaticRealms(parts: Parts): (uri: string, done: () => void) => boolean {
  const { table, commits } = parts.security;
  const realms = new AutomaticRealms({
    isOn: () => parts.config().bootstrap.makesRealms,
    limit: () => parts.config().bootstrap.maxMadeRealms,
    record: (key) => table.policy.record(key),
    commit: (records, done) => commits.commit(records, done),
    count: parts.net.count,
  });
  return (uri, done) => realms.make(uri, done);
}
