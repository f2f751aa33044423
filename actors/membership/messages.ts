/** What nodes say to each other about membership. parse.ts reads it from a peer. */
import type { Health, Member } from './member.ts';

export type GossipMessage =
  /** First word on a new link: who I am now, and what I know, in 16 digits. */
  | { readonly kind: 'hello'; readonly member: Member; readonly digest: string }
  | { readonly kind: 'digest'; readonly digest: string; readonly pulse: Pulse | undefined }
  /** My digest differs: here it is in pieces. */
  | { readonly kind: 'buckets'; readonly buckets: readonly number[] }
  /** My records where the pieces differ. The answer brings the other side's; `digest` is the sender's after merging. */
  | {
      readonly kind: 'delta';
      readonly digest: string;
      readonly buckets: readonly number[];
      readonly members: readonly Member[];
      readonly isAnswer: boolean;
    }
  /** Deltas did not make us equal: everything. */
  | {
      readonly kind: 'full';
      readonly digest: string;
      readonly members: readonly Member[];
      readonly isAnswer: boolean;
    }
  /** News, passed on once by everyone to whom it is news. */
  | { readonly kind: 'rumor'; readonly members: readonly Member[] };

/** A beat of the lowest member that is up: who does not hear it is on an island. */
export interface Pulse {
  readonly name: string;
  readonly incarnation: number;
  readonly count: number;
}

export type DetectorMessage =
  /** Are you there? This is what I hold of your health. */
  | {
      readonly kind: 'ping';
      readonly sequence: number;
      readonly beat: number;
      readonly health: Health;
    }
  | { readonly kind: 'ack'; readonly sequence: number; readonly member: Member }
  | { readonly kind: 'ping_request'; readonly sequence: number; readonly target: string }
  | { readonly kind: 'indirect_ack'; readonly sequence: number; readonly member: Member }
  | { readonly kind: 'nack'; readonly sequence: number }
  /** `by` got no answer from this life of `name`. */
  | {
      readonly kind: 'accuse';
      readonly name: string;
      readonly incarnation: number;
      readonly beat: number;
      readonly by: string;
    };

/** Names one neighbourhood of two nodes: only its own end can end it. `epoch` is the asker's incarnation. */
export interface RelationId {
  readonly epoch: number;
  readonly counter: number;
  readonly asker: string;
}

export type OverlayMessage =
  | {
      readonly kind: 'neighbor_request';
      readonly id: RelationId;
      readonly priority: 'high' | 'low';
    }
  | {
      readonly kind: 'neighbor_reply';
      readonly id: RelationId;
      readonly isAccepted: boolean;
      readonly sample: readonly string[];
    }
  /** I hold you as a neighbour under this id. */
  | { readonly kind: 'neighbor_assert'; readonly id: RelationId }
  | { readonly kind: 'neighbor_end'; readonly id: RelationId }
  /** `path` is the way back: the origin first. */
  | {
      readonly kind: 'shuffle';
      readonly path: readonly string[];
      readonly ttl: number;
      readonly sample: readonly string[];
    }
  | {
      readonly kind: 'shuffle_reply';
      readonly path: readonly string[];
      readonly sample: readonly string[];
    };

export type MembershipWire =
  | GossipMessage
  | DetectorMessage
  | OverlayMessage
  /** I am about to close this link on purpose: do not suspect me. */
  | { readonly kind: 'closing' };
