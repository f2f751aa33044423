/** Gathers `GET /cluster` (actors/admin/cluster-status.ts): tables are read, actors are asked, late ones left out. */
import type {
  BroadcastStatus,
  EnabledCluster,
  ExchangeStatus,
  LinkStatus,
  MemberStatusRow,
  PartitionStatusRow,
  RegistryStatus,
} from '../actors/admin/cluster-status.ts';
import { MAX_LISTED, MAX_TREES } from '../actors/admin/cluster-status.ts';
import type { BroadcastInfo, BroadcastMessage, TreeInfo } from '../actors/broadcast/api.ts';
import { BROADCAST } from '../actors/broadcast/api.ts';
import type { LinkInfo, LinksMessage } from '../actors/links/api.ts';
import { LINKS } from '../actors/links/api.ts';
import type {
  Member,
  MembershipInfo,
  MembershipMessage,
  MemberState,
} from '../actors/membership/api.ts';
import { MEMBERSHIP } from '../actors/membership/api.ts';
import { addressText, stateOf } from '../actors/membership/member.ts';
import type { RegistryInfo, RegistryMessage } from '../actors/registry/api.ts';
import { REGISTRY } from '../actors/registry/api.ts';
import type {
  ExchangesInfo,
  ExchangesMessage,
  PartitionInfo,
  PartitionMessage,
} from '../actors/store/api.ts';
import { EXCHANGES, partitionName } from '../actors/store/api.ts';
import type { LastExchange, PartitionState } from '../actors/store/state.ts';
import { renderFailure } from '../runtime/disk/failure.ts';
import type { Name, ReplyTo } from '../runtime/kernel/actor.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import type { PeerLink } from '../runtime/net/peer/link.ts';
import { CHANNELS } from '../runtime/net/peer/protocol.ts';
import type { ClusterParts } from './cluster-parts.ts';
import type { Parts } from './parts.ts';
import { storeProblems } from './store-health.ts';

/** Actors answer within a turn or two; one that does not is busy or being restarted. */
const ANSWER_MS = 1_000;

/** Who asks while an answer is being gathered gets the same one. */
export function clusterStatus(parts: Parts, own: ClusterParts): () => Promise<EnabledCluster> {
  let running: Promise<EnabledCluster> | undefined;
  return () => {
    running ??= gather(parts, own).finally(() => (running = undefined));
    return running;
  };
}

async function gather(parts: Parts, own: ClusterParts): Promise<EnabledCluster> {
  const kernel = parts.kernel();
  const { state } = own.store;
  const [info, links, broadcast, trees, registry, exchanges, ...partitions] = await Promise.all([
    ask<MembershipMessage, MembershipInfo>(kernel, MEMBERSHIP, (reply) => ({
      kind: 'info',
      reply,
    })),
    ask<LinksMessage, readonly LinkInfo[]>(kernel, LINKS, (reply) => ({ kind: 'info', reply })),
    ask<BroadcastMessage, BroadcastInfo>(kernel, BROADCAST, (reply) => ({ kind: 'info', reply })),
    ask<BroadcastMessage, readonly TreeInfo[]>(kernel, BROADCAST, (reply) => ({
      ...{ kind: 'trees', limit: MAX_TREES },
      reply,
    })),
    ask<RegistryMessage, RegistryInfo>(kernel, REGISTRY, (reply) => ({ kind: 'info', reply })),
    ask<ExchangesMessage, ExchangesInfo>(kernel, EXCHANGES, (reply) => ({ kind: 'info', reply })),
    ...state.partitions.map(({ index }) =>
      ask<PartitionMessage, PartitionInfo>(kernel, partitionName(index), (reply) => ({
        kind: 'info',
        reply,
      })),
    ),
  ]);
  const why = storeProblems(own.store, kernel.clock.now());
  return {
    enabled: true,
    at: kernel.clock.wall(),
    node: thisNode(parts, own, info),
    ...membersAndLinks(own),
    dialling: links === null ? null : dialling(links),
    broadcast: broadcast === null ? null : broadcastStatus(broadcast, trees ?? []),
    store: {
      engine: own.store.disk.engine,
      health: { ok: why.length === 0, why },
      partitions: state.partitions.map((each, at) => partitionRow(each, partitions[at] ?? null)),
      exchanges: [...state.lastExchanges].slice(0, MAX_LISTED).map(exchangeStatus),
      exchanging: exchanges?.running ?? null,
    },
    registry: registry === null ? null : registryStatus(registry),
    relay: { held: own.relay.held().slice(0, MAX_LISTED) },
  };
}

async function ask<M, R>(
  kernel: Kernel,
  name: Name<M>,
  request: (reply: ReplyTo<R>) => M,
): Promise<R | null> {
  const target = kernel.whereis(name);
  if (target === undefined) return null;
  const outcome = await kernel.call<M, R>(target, request, ANSWER_MS);
  return outcome.kind === 'reply' ? outcome.value : null;
}

function thisNode(
  parts: Parts,
  { identity, addresses, roster }: ClusterParts,
  info: MembershipInfo | null,
): EnabledCluster['node'] {
  const { links, membership } = parts.config().cluster;
  const member = info?.self ?? roster.view?.member(identity.name);
  return {
    name: identity.name,
    incarnation: identity.incarnation,
    cluster: links.cluster,
    strategy: membership.overlay,
    addresses: addresses.map(addressText),
    state: member === undefined ? 'unknown' : stateOf(member),
    out: info?.out ?? null,
    rosterDigest: info?.digest ?? null,
    localHealth: info?.localHealth ?? null,
  };
}

function membersAndLinks(own: ClusterParts): Pick<EnabledCluster, 'members' | 'links'> {
  const members = [...(own.roster.view?.members() ?? [])].sort(byName);
  const links = [...own.network.links()].sort((a, b) => byName(a.peer, b.peer));
  const states: Partial<Record<MemberState, number>> = {};
  for (const member of members) {
    const state = stateOf(member);
    states[state] = (states[state] ?? 0) + 1;
  }
  return {
    members: {
      total: members.length,
      states,
      list: members.slice(0, MAX_LISTED).map((member) => memberRow(member, own)),
    },
    links: { total: links.length, list: links.slice(0, MAX_LISTED).map(linkStatus) },
  };
}

function memberRow(member: Member, { network, roster }: ClusterParts): MemberStatusRow {
  const { name, incarnation, addresses } = member;
  const link = network.linkTo(name);
  return {
    name,
    incarnation,
    state: stateOf(member),
    addresses: addresses.map(addressText),
    since: roster.view?.since(name) ?? null,
    rttMs: link?.rttMs ?? null,
    isSelf: name === network.self.name,
    isLinked: link?.state === 'up' && link.peer.incarnation === incarnation,
  };
}

function linkStatus(link: PeerLink): LinkStatus {
  const { peer, state, isDialler, rttMs, bulkWindow, channels } = link;
  return {
    ...{ peer: peer.name, incarnation: peer.incarnation },
    ...{ state, isDialler, rttMs: rttMs ?? null },
    ...{ bulkWindowBytes: bulkWindow.bytes, queueingMs: bulkWindow.queueingMs ?? null },
    channels: CHANNELS.map((channel) => {
      const { connections, lanes, queuedBytes, sentBytes, receivedBytes } = channels[channel];
      const { sentMessages, receivedMessages, overloaded } = channels[channel];
      return {
        ...{ channel, connections, parallelism: lanes.length, queuedBytes },
        ...{ sentBytes, receivedBytes, sentMessages, receivedMessages, overloaded },
      };
    }),
  };
}

function dialling(links: readonly LinkInfo[]): NonNullable<EnabledCluster['dialling']> {
  return links
    .filter(({ peer }) => peer === undefined)
    .slice(0, MAX_LISTED)
    .map(({ address, state }) => ({ address: addressText(address), state }));
}

function broadcastStatus(info: BroadcastInfo, trees: readonly TreeInfo[]): BroadcastStatus {
  return {
    ...info,
    roots: info.trees,
    trees: trees.map(({ root: { name, incarnation }, eager, lazy }) => ({
      ...{ root: name, incarnation },
      ...{ eager, lazy },
    })),
  };
}

function partitionRow(own: PartitionState, info: PartitionInfo | null): PartitionStatusRow {
  const { index, status, hashtree, damaged } = own;
  const { hash } = hashtree.tree.root;
  return {
    partition: index,
    state: status.kind,
    ...(status.kind === 'degraded' && { failure: renderFailure(status.failure) }),
    rows: hashtree.count,
    root: Buffer.from(hash.subarray(0, hash.length / 2)).toString('hex'),
    damaged,
    tombstones: info?.unsettled ?? null,
    quarantined: info?.quarantined.length ?? null,
  };
}

function exchangeStatus([peer, last]: readonly [string, LastExchange]): ExchangeStatus {
  const { outcome, atMs, comparedAtMs } = last;
  const isDone = outcome.kind === 'done';
  return {
    peer,
    outcome: outcome.kind,
    at: atMs,
    comparedAt: comparedAtMs ?? null,
    sent: isDone ? outcome.sent : 0,
    received: isDone ? outcome.received : 0,
    bytes: isDone ? outcome.bytes : 0,
    roundTrips: isDone ? outcome.roundTrips : 0,
    ...(outcome.kind === 'failed' && { reason: outcome.reason }),
  };
}

function registryStatus({ self, owners }: RegistryInfo): RegistryStatus {
  const all = [{ ...self, state: 'up' as const, acked: null }, ...owners];
  return {
    owners: all.slice(0, MAX_LISTED).map(({ node, state, sequence, entries, digest, acked }) => ({
      ...{ node: node.name, incarnation: node.incarnation, state },
      ...{ sequence, entries, digest, acked },
    })),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
