/**
 * Messages of realms between nodes. The origin of a call has the caller, the target has the callee. A call is known on
 * both by {origin, realm, callee, request}; requests are never reused while the origin lives, so what is repeated or
 * late is recognized.
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Name } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { PeerInput } from '../../runtime/net/peer/port.ts';
import type {
  Call,
  ErrorMessage,
  EventMessage,
  Invocation,
  Result,
  Yield,
} from '../../runtime/wamp/message.ts';

export type RelayMessage =
  /** To the target. `message` is what the callee gets, but for its request id, which is the origin's. */
  | {
      readonly kind: 'invocation';
      readonly realm: string;
      readonly callee: number;
      /** A further chunk of a progressive call. */
      readonly isChunk: boolean;
      /** The caller announced payload passthru mode. */
      readonly takesPassthru: boolean;
      readonly message: Invocation;
    }
  | {
      readonly kind: 'interrupt';
      readonly realm: string;
      readonly callee: number;
      readonly request: number;
      /** `kill`: the callee's answer is waited for. */
      readonly mode: 'kill' | 'killnowait';
    }
  /** To the origin: what the callee said, or the target in its place. */
  | {
      readonly kind: 'answer';
      readonly realm: string;
      readonly callee: number;
      readonly message: Yield | ErrorMessage;
    }
  /** To the origin: the callee has not seen the call and another one may have it. */
  | {
      readonly kind: 'refused';
      readonly realm: string;
      readonly callee: number;
      readonly request: number;
      readonly detail: string;
    }
  /** To each node with interest, once. `message.subscription` means nothing. */
  | {
      readonly kind: 'event';
      readonly realm: string;
      readonly topic: string;
      readonly receivers: ReceiverLists | undefined;
      readonly resourceKey: string | undefined;
      readonly message: EventMessage;
    }
  /** What only a node itself knows of its sessions (meta API); `message.request` is the question's id. */
  | {
      readonly kind: 'question';
      readonly realm: string;
      readonly caller: Asker;
      readonly message: Call;
    }
  | { readonly kind: 'reply'; readonly realm: string; readonly message: Result | ErrorMessage };

export interface Asker {
  /** 0: a node asks for an administrator that has no session. */
  readonly id: number;
  readonly authid: string;
  readonly authrole: string;
}

/** Who may receive an event, as PUBLISH.Options said. */
export interface ReceiverLists {
  readonly exclude?: readonly number[] | undefined;
  readonly excludeAuthid?: readonly string[] | undefined;
  readonly excludeAuthrole?: readonly string[] | undefined;
  readonly eligible?: readonly number[] | undefined;
  readonly eligibleAuthid?: readonly string[] | undefined;
  readonly eligibleAuthrole?: readonly string[] | undefined;
}

/**
 * What a realm's router hears from another node's router, a batch at a time. `done` is the router's to write: how many
 * were handled, so that a router that dies in the middle is followed by one that goes on behind the culprit.
 */
export interface Relayed {
  readonly kind: 'relayed';
  readonly from: NodeId;
  readonly messages: readonly RelayMessage[];
  done: number;
}

/** `unreachable`: no link, or more is queued than may be; nothing was sent. */
export type Relaying = 'sent' | 'unreachable' | 'unencodable' | 'too_large';

/** How a router speaks to those of other nodes, in order per node. */
export interface RelayPort {
  /**
   * For what can be done elsewhere, or be refused. An invocation that is `sent` and cannot leave when the turn ends comes
   * back as `refused`, as if its target had said so.
   */
  try(to: NodeId, message: RelayMessage): Relaying;
  /** For what somebody waits for: kept until it can be sent, or the node is gone. */
  send(to: string, message: RelayMessage): Relaying;
  /** Encoded once. What cannot be queued within bounds is dropped, counted and logged. */
  publish(to: readonly string[], message: RelayMessage): void;
  /** That life of the node is over: nothing waits for it any more. */
  forget(to: string): void;
  /** What would be said to this node now would have to wait. */
  isCongested(to: string): boolean;
}

export const RELAY: Name<PeerInput> = name('relay');
