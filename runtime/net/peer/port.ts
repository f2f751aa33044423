/**
 * The port to the other nodes: named channels, messages for named services. Implemented by sockets (this folder and
 * actors/links) and by the simulator (test/sim), so that the same actors run on both.
 */
import type { NodeId } from '../../causality/identity.ts';

/** Each has sockets of its own, so that nothing waits behind another channel's bulk. */
export type ChannelName = 'control' | 'broadcast' | 'relay' | 'store';

/** Which subsystem of the receiving node a message is for; `causal` is the transport's own. */
export type ServiceName =
  'membership' | 'broadcast' | 'registry' | 'relay' | 'store' | 'remote' | 'causal';

export interface SendOptions {
  /** Same key, same connection, order kept. Default: the service's own order on one connection. */
  readonly partitionKey?: number;
  /** Latest wins: a queued message with this key is replaced, not followed. */
  readonly monotonicKey?: string;
  /** Sent again until the peer has acknowledged it; delivered once. */
  readonly acknowledged?: boolean;
  /**
   * Delivered after every message with this label that it causally follows, from whichever node and on whichever
   * channel. One that is lost holds those that follow it up for five seconds: better acknowledged as well. Never with a
   * monotonic key.
   */
  readonly causalLabel?: string;
}

/** `overloaded`: the channel's bounded queue is full, nothing was queued. */
export type PeerDelivery = 'queued' | 'overloaded' | 'disconnected';

export interface PeerNetwork {
  readonly self: NodeId;
  /** Bytes are taken over, not copied: do not change them afterwards. */
  send(
    to: string, // node name
    channel: ChannelName,
    service: ServiceName,
    body: Uint8Array,
    options?: SendOptions,
  ): PeerDelivery;
  /** With an incarnation: to that life of it. A link to the life before may outlast it, when its machine lost power. */
  isConnected(name: string, incarnation?: number): boolean;
  connected(): readonly NodeId[];
}

/** What a service's actor receives from the network, besides its own messages. */
export type PeerInput =
  | { readonly kind: 'peer_message'; readonly from: NodeId; readonly body: Uint8Array }
  /** The peer can be sent to on every channel. */
  | { readonly kind: 'link_up'; readonly peer: NodeId }
  /** No channel to it is left; `reason` is for people. */
  | { readonly kind: 'link_down'; readonly peer: NodeId; readonly reason: string };
