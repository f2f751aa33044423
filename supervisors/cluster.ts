/** The cluster: links to other nodes, who they are, and what is said to all of them. Never takes the node with it. */
import { inspector } from '../actors/admin/inspector.actor.ts';
import { INSPECTOR_EXPORT } from '../actors/admin/tree-exchange.ts';
import { broadcast } from '../actors/broadcast/broadcast.actor.ts';
import { broadcastTables } from '../actors/broadcast/tables.ts';
import { remote } from '../actors/links/remote.actor.ts';
import type { Member } from '../actors/membership/api.ts';
import { View } from '../actors/membership/api.ts';
import { discovery, dnsResolver } from '../actors/membership/discovery.actor.ts';
import { membership } from '../actors/membership/membership.actor.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { SetTable } from '../runtime/kernel/table.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { COOLING } from './intensities.ts';
import { links } from './links.ts';
import type { Parts } from './parts.ts';

/** A node that cannot reach its peers still serves its own sessions. */
export function cluster(parts: Parts, own: ClusterParts): ChildSpec {
  const { config, log, net } = parts;
  const { network, gate, board } = own;
  const { links: linksConfig, membership: membershipConfig, ...others } = config().cluster;
  const count = net.count;
  const store = own.rosterFile; // one, however often what is below starts
  return {
    id: 'cluster',
    start: {
      kind: 'supervisor',
      strategy: 'rest_for_one',
      onExhausted: COOLING,
      children: () => {
        const members = new SetTable<string, Member>('members');
        const neighbors = { names: (): readonly string[] => [] };
        const since = new Map<string, number>();
        const view = new View(network.self, members, () => neighbors.names(), since);
        own.roster.view = view;
        return [
          links({ config: linksConfig, network, gate, board, count }), // sockets, and who is at their other end
          {
            id: 'membership', // who belongs here and who is alive; says where to link
            start: membership({
              config: membershipConfig,
              network,
              addresses: () => own.addresses,
              isJoining: others.discovery.sources.length > 0,
              store,
              members,
              neighbors,
              since,
              count,
              log: (level, event, fields) => log.log(level, event, fields),
              onOut: (why, incarnation) => parts.onOut(why, incarnation),
            }),
          },
          {
            id: 'broadcast', // spreads what members say; needs to know who they are
            start: broadcast({
              network,
              config: others.broadcast,
              tables: broadcastTables(),
              neighbors: () => view.neighbors(),
              count,
              warn: (event, fields) => log.warn(event, fields),
            }),
          },
          {
            id: 'discovery', // finds addresses and has membership join them
            start: discovery({
              config: others.discovery,
              view,
              own: () => own.addresses,
              resolver: dnsResolver(others.discovery.timeoutMs),
              count,
              log: (level, event, fields) => log.log(level, event, fields),
            }),
          },
          { id: 'inspector', start: inspector(parts.kernel) }, // shows this node's tree to others
          {
            id: 'remote', // calls of and to other nodes' actors; last, because nobody's life depends on it
            start: remote({ network, exports: [INSPECTOR_EXPORT], reach: own.reach, count }),
          },
        ];
      },
    },
  };
}
