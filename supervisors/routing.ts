import { realm } from '../actors/realms/realm.actor.ts';
import { keeper } from '../actors/realms/keeper.actor.ts';
import type { KeptRealm } from '../actors/realms/keeper.ts';
import type { RouterInput } from '../actors/routing/api.ts';
import { brokerFeatures } from '../actors/routing/broker/features.ts';
import { dealerFeatures } from '../actors/routing/dealer/features.ts';
import { router } from '../actors/routing/router.actor.ts';
import { RealmTables } from '../actors/routing/tables.ts';
import type { Name } from '../runtime/kernel/actor.ts';
import { name } from '../runtime/kernel/actor.ts';
import { Mailbox } from '../runtime/kernel/mailbox.ts';
import type { ChildSpec, SupervisorMessage } from '../runtime/kernel/supervision.ts';
import { farRouting } from './far-routing.ts';
import type { FarRouting } from './far-routing.ts';
import { REALMS, ROUTER } from './intensities.ts';
import { managementLink } from './management.ts';
import type { Parts } from './parts.ts';
import { authorizerOf, brokerConfigOf, openRealms, wantedRealms } from './realms.ts';
import { replicating } from './replicating.ts';

/** Requests a realm may have waiting; a router that keeps up has a handful. */
const ROUTER_MAILBOX = { limit: 100_000, onFull: 'refuse' } as const;

const ROUTING: Name<SupervisorMessage> = name('routing');

function groupName(uri: string): Name<SupervisorMessage> {
  return name(`realm ${uri}`);
}

/** One group per realm; they fail one by one. */
export function routing(parts: Parts): ChildSpec {
  return {
    id: 'routing',
    start: {
      kind: 'supervisor',
      name: ROUTING.name,
      strategy: 'one_for_one',
      intensity: REALMS,
      children: () => {
        const kept = openRealms(parts); // those that are here already
        const far = parts.cluster && farRouting(parts, parts.cluster);
        return [
          ...(far ? [far.child] : []), // other nodes' routers
          ...[...kept].map(([, realm]) => realmGroup(parts, realm, far)),
          {
            id: 'realm keeper', // opens and closes realms while the node runs
            start: keeper({
              kept,
              wanted: () => wantedRealms(parts),
              supervisor: ROUTING,
              group: (_uri, realm) => realmGroup(parts, realm, far),
              groupName,
              attendance: (uri) => parts.directory.lookup(uri)?.attendance,
              report: (event, fields) => parts.log.info(event, fields),
            }),
          },
        ];
      },
    },
  };
}

/**
 * The tables and the router's mailbox are made here, so they live as long as this supervisor: a router that dies
 * loses nothing. When the group itself gives up, the realm is closed and opened again, empty.
 */
function realmGroup(parts: Parts, here: KeptRealm, far: FarRouting | undefined): ChildSpec {
  const { uri } = here.config;
  return {
    id: uri,
    start: {
      kind: 'supervisor',
      name: groupName(uri).name,
      strategy: 'rest_for_one',
      intensity: ROUTER,
      children: () => {
        const continuity = parts.cluster?.continuity;
        const tables = new RealmTables();
        const mailbox = new Mailbox<RouterInput>(ROUTER_MAILBOX);
        const features = { broker: brokerFeatures, dealer: dealerFeatures };
        const { members } = tables;
        const { dealer, broker } = parts.config().routing;
        const kept = replicating(parts, uri, broker.history, tables, mailbox);
        return [
          // while it lives, the realm is open
          {
            id: 'realm',
            start: realm({
              directory: parts.directory,
              realm: { uri, router: mailbox, members, features },
              settings: () => here.config,
            }),
          },
          // decides; whatever it knows is in the tables
          {
            id: 'router',
            start: router({
              mailbox,
              tables,
              get uriRule() {
                return here.config.uriRule;
              },
              dealer,
              broker: brokerConfigOf(broker, () => here.config),
              authorizer: authorizerOf(parts, here.config),
              codecs: parts.net.codecs,
              count: (counter, by) => parts.metrics.counters.count(counter, by),
              ...(far && { cluster: far.portFor(uri) }),
              management: managementLink(parts, uri),
              issueToken: continuity && (() => continuity.issue(uri)),
              stored: { node: parts.own.identity.name, ...kept },
            }),
          },
          ...kept.children, // bring retained and recorded events into the store and out of it
        ];
      },
    },
  };
}
