/**
 * What `GET /cluster` answers: the cluster as one node sees it, for `bondy cluster status`, the web page and whoever asks.
 * Lists are cut at MAX_LISTED with their true length beside them. A part that did not answer in time is null: an actor that
 * is being restarted must not hide what the others know. Times are wall clock ms since 1970, sizes bytes.
 */
import type { BroadcastInfo } from '../broadcast/api.ts';
import type { MemberState, Out } from '../membership/api.ts';
import type { NodeState } from '../registry/api.ts';
import type { ExchangeOutcome } from '../store/api.ts';

/** Rows of each list. Above any full mesh; a roster of thousands is counted, and cut. */
export const MAX_LISTED = 1_000;

/** Trees of a broadcast root that are shown, the ones used last. */
export const MAX_TREES = 64;

export type ClusterStatus = DisabledCluster | EnabledCluster;

/** `cluster.enabled = off`. */
export interface DisabledCluster {
  readonly enabled: false;
  readonly node: { readonly name: string };
}

export interface EnabledCluster {
  readonly enabled: true;
  readonly at: number;
  readonly node: ThisNode;
  readonly members: {
    readonly total: number;
    /** Only states that somebody is in. */
    readonly states: Readonly<Partial<Record<MemberState, number>>>;
    /** Sorted by name, this node among them. */
    readonly list: readonly MemberStatusRow[];
  };
  readonly links: { readonly total: number; readonly list: readonly LinkStatus[] };
  /** Addresses without a link that are dialled. */
  readonly dialling: readonly { readonly address: string; readonly state: string }[] | null;
  readonly broadcast: BroadcastStatus | null;
  readonly store: StoreStatus;
  readonly registry: RegistryStatus | null;
  readonly relay: { readonly held: readonly HeldStatus[] };
}

export interface ThisNode {
  readonly name: string;
  readonly incarnation: number;
  readonly cluster: string;
  readonly strategy: 'full_mesh' | 'hyparview';
  /** Where others reach it, `host:port`. */
  readonly addresses: readonly string[];
  readonly state: MemberState;
  /** Why it takes no part any more; null: it does. */
  readonly out: Out | null;
  /** Equal on nodes that know the same members. */
  readonly rosterDigest: string | null;
  /** 0: on time; higher: this node is late and slow to accuse others. */
  readonly localHealth: number | null;
}

export interface MemberStatusRow {
  readonly name: string;
  readonly incarnation: number;
  readonly state: MemberState;
  readonly addresses: readonly string[];
  /** Since when this node sees it in this state; null: since before it looked. */
  readonly since: number | null;
  /** Of the last ping on its link; null: no link, or not measured. */
  readonly rttMs: number | null;
  readonly isSelf: boolean;
  readonly isLinked: boolean;
}

export interface LinkStatus {
  readonly peer: string;
  readonly incarnation: number;
  readonly state: 'opening' | 'up' | 'down';
  /** This node opens its connections. */
  readonly isDialler: boolean;
  readonly rttMs: number | null;
  /** Bytes of large messages that each of its connections may have on their way. */
  readonly bulkWindowBytes: number;
  /** What such messages added to the lowest round trip lately; null: there was none. */
  readonly queueingMs: number | null;
  readonly channels: readonly ChannelStatus[];
}

/** Sums of this link, from its start. */
export interface ChannelStatus {
  readonly channel: string;
  /** Sockets up, of those there should be. */
  readonly connections: number;
  readonly parallelism: number;
  readonly queuedBytes: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentMessages: number;
  readonly receivedMessages: number;
  /** Sends refused because the queue was full. */
  readonly overloaded: number;
}

export interface BroadcastStatus extends Omit<BroadcastInfo, 'neighbours' | 'trees'> {
  readonly neighbours: readonly string[];
  /** Roots with a tree of their own here. */
  readonly roots: number;
  /** The ones used last. In mode `direct` a root sends to each member itself. */
  readonly trees: readonly {
    readonly root: string;
    readonly incarnation: number;
    readonly eager: readonly string[];
    readonly lazy: readonly string[];
  }[];
}

export interface StoreStatus {
  readonly engine: string;
  readonly health: { readonly ok: boolean; readonly why: readonly string[] };
  readonly partitions: readonly PartitionStatusRow[];
  /** The last exchange with each peer. */
  readonly exchanges: readonly ExchangeStatus[];
  /** The peer with which one runs; null: none. */
  readonly exchanging: string | null;
}

export interface PartitionStatusRow {
  readonly partition: number;
  readonly state: 'loading' | 'ready' | 'degraded';
  readonly failure?: string;
  /** Tombstones among them. */
  readonly rows: number;
  /** First half of the hash tree's root, hexadecimal: equal where the rows are. */
  readonly root: string;
  /** Rows that are not what they were, until others have healed them. */
  readonly damaged: number;
  /** What follows is null when the partition did not answer: rows that wait for every member to have seen a deletion. */
  readonly tombstones: number | null;
  /** Rows that were not taken in. */
  readonly quarantined: number | null;
}

export interface ExchangeStatus {
  readonly peer: string;
  readonly outcome: ExchangeOutcome['kind'];
  readonly at: number;
  /** Of the last one that did not fail; null: none. */
  readonly comparedAt: number | null;
  /** Rows. */
  readonly sent: number;
  readonly received: number;
  readonly bytes: number;
  readonly roundTrips: number;
  readonly reason?: string;
}

export interface RegistryStatus {
  /** This node first. */
  readonly owners: readonly {
    readonly node: string;
    readonly incarnation: number;
    readonly state: NodeState;
    readonly sequence: number;
    readonly entries: number;
    /** Equal on two nodes where they know the same of this owner. */
    readonly digest: string;
    /** What it has of this node's log; null for this node itself. */
    readonly acked: number | null;
  }[];
}

/** Answers and events that wait for a node whose link is down or full. */
export interface HeldStatus {
  readonly node: string;
  readonly messages: number;
  readonly bytes: number;
}
