/**
 * The store: a group per partition, and who forgets what is deleted; in a cluster also who spreads and compares. Never takes
 * the node with it.
 */
import { clock } from '../actors/store/clock.actor.ts';
import { exchange } from '../actors/store/exchange.actor.ts';
import { exchanges } from '../actors/store/exchanges.actor.ts';
import { hashtree } from '../actors/store/hashtree.actor.ts';
import type { PartitionDependencies } from '../actors/store/partition.actor.ts';
import { partition } from '../actors/store/partition.actor.ts';
import { replicator } from '../actors/store/replicator.actor.ts';
import type { ExchangeArgument, ReplicationDependencies } from '../actors/store/services.ts';
import { EXCHANGE_CHILDREN, REPLICATOR } from '../actors/store/services.ts';
import { isMember } from '../actors/membership/member.ts';
import type { NodeId } from '../runtime/causality/identity.ts';
import { nodeKey } from '../runtime/causality/identity.ts';
import { realTime } from '../runtime/disk/defer.ts';
import { sparing } from '../runtime/log/sparing.ts';
import type { ChildSpec } from '../runtime/kernel/supervision.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { COOLING, STORE_PARTITIONS } from './intensities.ts';
import type { Parts } from './parts.ts';

export function store(parts: Parts): ChildSpec {
  const { log, net, cluster } = parts;
  const { identity, store } = parts.own;
  const { state, config, hashing, prefixes, open, setAside } = store;
  const common = {
    state,
    config,
    hashing,
    count: net.count,
    report: sparing(
      (event: string, fields: Record<string, unknown>) => log.warn(event, fields),
      () => parts.kernel().clock.now(),
    ),
  };
  const rows: PartitionDependencies = {
    ...common,
    nodeKey: nodeKey(identity),
    prefixes,
    defer: realTime,
    open,
    setAside,
    ...(cluster && { replicator: () => parts.kernel().whereis(REPLICATOR) }),
  };
  const self: NodeId = { name: identity.name, incarnation: identity.incarnation };
  return {
    id: 'store',
    start: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      onExhausted: COOLING,
      children: () => [
        partitions(rows), // the rows; the others find what they need by name, and wait for it
        ...(cluster
          ? replication({ ...common, network: cluster.network }, rosterOf(cluster))
          : [
              {
                id: 'clock',
                start: clock({ ...common, self, isAlone: true, members: () => [self] }),
              },
            ]),
      ],
    },
  };
}

function replication(
  common: ReplicationDependencies,
  members: () => readonly NodeId[],
): readonly ChildSpec[] {
  const { self } = common.network;
  return [
    { id: 'replicator', start: replicator(common) }, // single puts out and in, exchanges of others served
    { id: 'clock', start: clock({ ...common, self, members }) }, // who has seen what, so that it can be forgotten
    antiEntropy(common), // finds what was lost on the way
  ];
}

function partitions(rows: PartitionDependencies): ChildSpec {
  const { state, config } = rows;
  const group = (index: number): ChildSpec => ({
    id: `${index}`,
    start: {
      kind: 'supervisor',
      strategy: 'rest_for_one',
      intensity: STORE_PARTITIONS,
      children: () => [
        { id: 'partition', start: partition(index, rows) }, // its databases and its rows
        { id: 'hashtree', start: hashtree(index, config) }, // checks the tree of the above, slice by slice
      ],
    },
  });
  return {
    id: 'partitions',
    start: {
      kind: 'supervisor',
      strategy: 'one_for_one',
      intensity: STORE_PARTITIONS,
      children: () => state.partitions.map(({ index }) => group(index)),
    },
  };
}

function antiEntropy(common: ReplicationDependencies): ChildSpec {
  return {
    id: 'aae',
    start: {
      kind: 'supervisor',
      strategy: 'rest_for_one',
      onExhausted: COOLING,
      children: () => [
        { id: 'exchanges', start: exchanges(common) }, // begins them, one at a time
        {
          id: 'exchanging', // those that run have nobody to report to without the above
          start: {
            kind: 'supervisor',
            strategy: 'simple_one_for_one',
            name: EXCHANGE_CHILDREN.name,
            child: (argument: ExchangeArgument): ChildSpec => ({
              id: argument.id,
              restart: 'temporary',
              start: exchange(common, argument),
            }),
          },
        },
      ],
    },
  };
}

/**
 * All members, also those that are down: what is deleted waits for each of them. While membership itself is being
 * restarted nobody has left, so the last answer holds.
 */
function rosterOf({ identity, roster }: ClusterParts): () => readonly NodeId[] {
  const self: NodeId = { name: identity.name, incarnation: identity.incarnation };
  let last: readonly NodeId[] = [self];
  return () => {
    const members = [...(roster.view?.members() ?? [])];
    if (members.some(({ name }) => name === self.name)) {
      last = [self, ...members.filter((each) => each.name !== self.name && isMember(each))];
    }
    return last;
  };
}
