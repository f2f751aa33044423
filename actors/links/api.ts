/** What can be said to the links, and where their messages go. */
import type { Name, ReplyTo } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { SupervisorMessage } from '../../runtime/kernel/supervision.ts';
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
  | { readonly kind: 'info'; readonly reply: ReplyTo<readonly LinkInfo[]> };

export interface LinkInfo {
  readonly peer: NodeId | undefined; // undefined: dialling
  readonly address: PeerAddress;
  readonly state: 'dialling' | 'shaking_hands' | 'up' | 'down';
  readonly rttMs: number | undefined;
  readonly channels: readonly {
    readonly channel: ChannelName;
    readonly connections: number;
    readonly queuedBytes: number;
    readonly sentBytes: number;
    readonly receivedBytes: number;
  }[];
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
