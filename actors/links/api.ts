/** What can be said to the links, and where their messages go. */
import type { Name, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { SupervisorMessage } from '../../runtime/kernel/supervision.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import type { Refusal } from '../../runtime/net/peer/handshake-messages.ts';
import type { PeerLink } from '../../runtime/net/peer/link.ts';
import type { ChannelName, PeerInput, ServiceName } from '../../runtime/net/peer/port.ts';

/** The actor of a service registers under this name; a message for a service nobody holds is counted and dropped. */
export function peerService(service: ServiceName): Name<PeerInput> {
  return name(`peer:${service}`);
}

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export type LinksMessage =
  /** Keep a link to this node: dial with back-off until told otherwise. The name may be unknown yet (discovery). */
  | { readonly kind: 'connect'; readonly address: PeerAddress; readonly name?: string }
  /** Close the link and stop dialling. */
  | { readonly kind: 'disconnect'; readonly name: string }
  /** Stop dialling an address at which no node was reached yet; a link that is up is not touched. */
  | { readonly kind: 'forget'; readonly address: PeerAddress }
  | { readonly kind: 'info'; readonly reply: ReplyTo<readonly LinkInfo[]> }
  /** Was it this node that answered there? */
  | { readonly kind: 'is_own'; readonly address: PeerAddress; readonly reply: ReplyTo<boolean> };

export interface LinkInfo {
  readonly peer: NodeId | undefined; // undefined: dialling
  readonly address: PeerAddress;
  readonly state: 'dialling' | 'shaking_hands' | 'up' | 'down';
  readonly rttMs: number | undefined;
  /** Why the last dial ended without a link. */
  readonly problem?: DialProblem | undefined;
  readonly channels: readonly {
    readonly channel: ChannelName;
    readonly connections: number;
    readonly queuedBytes: number;
    readonly sentBytes: number;
    readonly receivedBytes: number;
  }[];
}

export interface DialProblem {
  /** `failed`: nobody answered, or not to the end. */
  readonly reason: Refusal | 'failed';
  /** Who refused. */
  readonly by?: 'us' | 'peer';
  /** For people. */
  readonly text: string;
}

export const LINKS: Name<LinksMessage> = name('links');

/** The port for other nodes. */
export type LinkListenerMessage =
  /** Where it listens, as bound. */
  { readonly kind: 'address'; readonly reply: ReplyTo<PeerAddress> };

export const LINK_LISTENER: Name<LinkListenerMessage> = name('links:listener');

/** The supervisors of what is started at run time: an actor per node to dial, and one per link. */
export const DIALLERS: Name<SupervisorMessage<DialTarget>> = name('links:diallers');
export const PEERS: Name<SupervisorMessage<LinkOwnership>> = name('links:peers');

export interface DialTarget {
  /** `host:port`. */
  readonly id: string;
  readonly address: PeerAddress;
  readonly name: string | undefined;
}

export interface LinkOwnership {
  /** Unique among siblings. */
  readonly id: string;
  readonly link: PeerLink;
  /** Undefined: the peer has dialled, and opens the connections. */
  readonly address: PeerAddress | undefined;
}

/** An actor on another node that may be reached by name, because that node exports it. */
export interface RemoteRef {
  readonly node: string;
  readonly name: string;
}

export type RemoteOutcome =
  | { readonly kind: 'reply'; readonly value: PlainValue }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'down'; readonly reason: RemoteDownReason };

/**
 * `node_down`: no link to it; whether a call was handled is unknown. `noproc`: not exported there, or not alive.
 * `refused`: not understood, or its mailbox or ours is full. `overloaded`: nothing was sent.
 */
export type RemoteDownReason = 'node_down' | 'noproc' | 'refused' | 'overloaded' | 'ended';

/** Arrives once per monitor. */
export interface RemoteDown {
  readonly kind: 'remote_down';
  readonly ref: RemoteRef;
  readonly reason: RemoteDownReason;
}

export type RemoteMessage =
  /** At most once, in the order of the sender; nothing is said when it cannot be delivered. */
  | { readonly kind: 'cast'; readonly to: RemoteRef; readonly body: PlainValue }
  | {
      readonly kind: 'call';
      readonly to: RemoteRef;
      readonly body: PlainValue;
      readonly timeoutMs: number;
      readonly reply: ReplyTo<RemoteOutcome>;
    }
  /** One monitor per watcher and ref. What the watched one said before its end arrives before it. */
  | { readonly kind: 'monitor'; readonly ref: RemoteRef; readonly watcher: Target<RemoteDown> }
  | { readonly kind: 'demonitor'; readonly ref: RemoteRef; readonly watcher: Target<RemoteDown> };

export const REMOTE: Name<RemoteMessage> = name('remote');

/** What a node lets others say to one of its actors: parsers, because what arrives is a peer's. */
export interface Exported<M = never> {
  /** By which others reach it. */
  readonly name: string;
  readonly target: Name<M>;
  /** Undefined, or answering undefined: refused. */
  readonly cast?: (body: PlainValue, from: NodeId) => M | undefined;
  readonly call?: (
    body: PlainValue,
    from: NodeId,
  ) => ((reply: ReplyTo<PlainValue>) => M) | undefined;
}
