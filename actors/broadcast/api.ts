/** What can be asked of broadcast, and what subscribers hear. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Name, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';

/** Who a broadcast is for on the other nodes: the subsystem that has this topic. */
export const BROADCAST_TOPICS = ['registry', 'store', 'realms', 'membership'] as const;
export type BroadcastTopic = (typeof BROADCAST_TOPICS)[number];

/**
 * What a subscriber receives: each payload once, as soon as it arrives, in no promised order between messages of one
 * origin. Not on the node that published it.
 */
export interface Broadcasted {
  readonly kind: 'broadcast';
  readonly topic: BroadcastTopic;
  /** The incarnation that published it. */
  readonly origin: NodeId;
  readonly payload: Uint8Array;
}

export type BroadcastMessage =
  /** To all other nodes. The bytes are taken over: do not change them afterwards. */
  | {
      readonly kind: 'publish';
      readonly topic: BroadcastTopic;
      readonly payload: Uint8Array;
      readonly reply?: ReplyTo<PublishOutcome>;
    }
  /**
   * To be repeated by a subscriber that was restarted, not when the broadcaster was. What comes for a topic without a
   * subscriber waits for the first one, within bounds.
   */
  | {
      readonly kind: 'subscribe';
      readonly topic: BroadcastTopic;
      readonly target: Target<Broadcasted>;
    }
  | {
      readonly kind: 'unsubscribe';
      readonly topic: BroadcastTopic;
      readonly target: Target<Broadcasted>;
    }
  | { readonly kind: 'info'; readonly reply: ReplyTo<BroadcastInfo> }
  /** The trees used last, at most `limit`. */
  | {
      readonly kind: 'trees';
      readonly limit: number;
      readonly reply: ReplyTo<readonly TreeInfo[]>;
    };

/** `too_large`: nothing was sent, `maxPayloadBytes` says how large it may be. */
export type PublishOutcome =
  { readonly kind: 'published' } | { readonly kind: 'too_large'; readonly maxPayloadBytes: number };

export interface BroadcastInfo {
  /** Of this node's messages: its key and the life of its sequence. */
  readonly origin: string;
  readonly mode: 'direct' | 'tree';
  /** This node included. */
  readonly members: number;
  readonly neighbours: readonly string[];
  /** Roots with a tree of their own here. */
  readonly trees: number;
  /** Origins whose ids are remembered. */
  readonly origins: number;
  readonly cachedPayloads: number;
  readonly cachedBytes: number;
  /** Ids announced by a neighbour that have not come. */
  readonly missing: number;
  /** Ids waiting for the next announcement, over all neighbours. */
  readonly waiting: number;
  /** Payloads waiting for subscribers. */
  readonly backlog: number;
}

/** This node's part of the tree on which a root's payloads travel. */
export interface TreeInfo {
  readonly root: NodeId;
  /** Neighbours that are sent payloads. */
  readonly eager: readonly string[];
  /** Neighbours that are told ids only. */
  readonly lazy: readonly string[];
}

export const BROADCAST: Name<BroadcastMessage> = name('broadcast');
