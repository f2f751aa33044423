/** What lets the routers of this node speak to those of the others: who is where (registry), and what they say (relay). */
import type { RealmDirectory } from '../actors/realms/api.ts';
import { DEFAULT_REGISTRY_CONFIG } from '../actors/registry/config.ts';
import { registry } from '../actors/registry/registry.actor.ts';
import type { RegistryActorMessage } from '../actors/registry/registry.actor.ts';
import { RegistryTables } from '../actors/registry/tables.ts';
import { Inbound } from '../actors/relay/inbound.ts';
import { Markers } from '../actors/relay/markers.ts';
import { relay } from '../actors/relay/relay.actor.ts';
import type { RelayActorMessage } from '../actors/relay/relay.actor.ts';
import { RelaySender } from '../actors/relay/sender.ts';
import type { ClusterPort } from '../actors/routing/cluster/port.ts';
import { DEFAULT_CLUSTER_ROUTING_CONFIG } from '../actors/routing/config.ts';
import { decodeCausal } from '../actors/store/api.ts';
import { HybridClock } from '../runtime/causality/hlc.ts';
import { Mailbox } from '../runtime/kernel/mailbox.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import { Malformed } from '../runtime/structures/malformed.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { COOLING } from './intensities.ts';
import type { Parts } from './parts.ts';

/** Lives as long as the realms: made by their supervisor, so that neither agent takes a report or an answer with it. */
export interface FarRouting {
  readonly child: ChildSpec;
  portFor(realm: string): ClusterPort;
}

export function farRouting(
  parts: Parts,
  { network, reach, relay: waiting, store, causality }: ClusterParts,
): FarRouting {
  const { net, log, directory } = parts;
  const { codecs, count } = net;
  const { relay: config } = parts.config().cluster;
  const clock = new HybridClock(() => parts.kernel().clock.wall());
  const registryMailbox = new Mailbox<RegistryActorMessage>();
  const tables = new RegistryTables(network.self, DEFAULT_REGISTRY_CONFIG.keptChanges);
  const relayMailbox = new Mailbox<RelayActorMessage>();
  const say = log.log.bind(log);
  const markers = new Markers(causality.history);
  const inbound = new Inbound({
    barrier: causality.barrier,
    waitMs: config.causalWaitMs,
    maxBytes: config.maxWaitingBytes,
    decode: (causal) => {
      const clock = decodeCausal(causal, store.state.partitions.length);
      return clock instanceof Malformed ? undefined : clock;
    },
    onReleased: (line) => relayMailbox.admit({ kind: 'released', line }),
    count,
  });
  const sender = new RelaySender({
    network,
    codecs,
    config,
    count,
    log: say,
    onHeld: () => relayMailbox.admit({ kind: 'held' }),
    onGathered: () => net.flushes.addFirst(leaving),
    giveBack: (realm, refused) => routerOf(directory, realm)?.admit(refused),
    causal: (to, realm) => markers.next(to, realm),
    ...(reach && { reach }),
  });
  const leaving = { flush: () => sender.leave() };
  waiting.held = () => sender.held();
  const agents = [
    {
      id: 'registry',
      start: registry({
        config: DEFAULT_REGISTRY_CONFIG,
        network,
        mailbox: registryMailbox,
        tables,
        observe: (stamp) => void clock.observe(stamp),
        count,
        log: say,
      }),
    },
    {
      id: 'relay',
      start: relay({
        config,
        codecs,
        mailbox: relayMailbox,
        sender,
        causality: { inbound, markers },
        router: (realm) => routerOf(directory, realm),
        count,
        log: say,
      }),
    },
  ];
  return {
    child: {
      id: 'other nodes',
      start: {
        kind: 'supervisor',
        strategy: 'one_for_one',
        onExhausted: COOLING,
        children: () => agents,
      },
    },
    portFor: (realm) => ({
      self: network.self,
      realm,
      config: DEFAULT_CLUSTER_ROUTING_CONFIG,
      registry: registryMailbox,
      relay: sender,
      stamp: () => clock.now(),
    }),
  };
}

function routerOf(directory: RealmDirectory, realm: string) {
  return directory.lookup(realm)?.router;
}
