/** What can be said to a realm's router. One router actor per realm; its mailbox outlives it. */
import type { CallOutcome, Ref, Target } from '../../runtime/kernel/actor.ts';
import type { Outlet, TransportInfo } from '../../runtime/net/connection.ts';
import type {
  Call,
  Cancel,
  Dict,
  ErrorMessage,
  Id,
  Publish,
  Register,
  Subscribe,
  Unregister,
  Unsubscribe,
  Value,
  Yield,
} from '../../runtime/wamp/message.ts';
import type { ApiOutcome } from '../management/api.ts';
import type { RegistryEvent } from '../registry/api.ts';
import type { Relayed } from '../relay/api.ts';
import type { EntryTicket, Subject } from '../security/api.ts';
import type { SessionMessage } from '../sessions/api.ts';
import type { RecordedRows } from './recorded/messages.ts';
import type { RowStored } from './replicated/messages.ts';
import type { RetainedRows } from './retained/messages.ts';

/** The client's announced features that change what the router sends it, from HELLO.Details.roles. */
export interface PeerFeatures {
  readonly publisher: ReadonlySet<string> | undefined; // undefined: role not announced
  readonly subscriber: ReadonlySet<string> | undefined;
  readonly caller: ReadonlySet<string> | undefined;
  readonly callee: ReadonlySet<string> | undefined;
}

/**
 * A session as its realm's router knows it: a row of the realm's `members` table, so it survives a router.
 * Identity fields never change; the counters are the router's to write.
 */
export interface Member {
  readonly id: Id;
  readonly authid: string;
  readonly authrole: string;
  readonly authmethod: string;
  readonly authprovider: string;
  readonly authextra: Dict;
  /** Trust level given to this session's calls and publications; undefined: none assigned. */
  readonly trustlevel: number | undefined;
  /** Who the policy is asked about. Undefined: what authid and authrole say. */
  readonly subject?: Subject | undefined;
  /** By which it has come in. */
  readonly ticket?: EntryTicket | undefined;
  readonly features: PeerFeatures;
  readonly transport: TransportInfo;
  readonly outlet: Outlet;
  /** The session's actor: says `leave` whatever ends it, told to `kill`. Undefined for internal clients in pure tests. */
  readonly session: Ref<SessionMessage> | undefined;
  readonly joinedAt: number; // wall clock, ms
  /** Last INVOCATION.Request sent to this session; ids at or under it are known or late, above are a violation. */
  lastInvocation: number;
}

/**
 * A CALL whose request id is not new: a further chunk of a progressive call, or one that comes too late. The
 * session knows which ids are new, the dealer knows which calls are open.
 */
export interface ContinuedCall extends Call {
  readonly continues: true;
}

/** A request that passed the session's own checks (state machine, request id order, shape). */
export type Request =
  | Publish
  | Subscribe
  | Unsubscribe
  | Call
  | ContinuedCall
  | Cancel
  | Register
  | Unregister
  | Yield
  | ErrorMessage;

export type RouterInput =
  | { readonly kind: 'join'; readonly member: Member }
  /** The session is over; disposes everything of it. Nothing is sent to it after this. */
  | { readonly kind: 'leave'; readonly member: Member }
  /**
   * In the order received; the frames of one socket chunk in one message. `done` is the router's to write: how many
   * were handled, so that a router that dies in the middle is followed by one that goes on behind the culprit.
   */
  | {
      readonly kind: 'requests';
      readonly member: Member;
      readonly requests: readonly Request[];
      done: number;
      /** The request at `done` has its answer; only what follows from it is left. */
      isAnswered?: boolean;
    }
  /** The router's own timers: a call's deadline, and what expired among retained events. */
  | { readonly kind: 'expire' }
  | { readonly kind: 'sweep' }
  /** From the routers of other nodes. */
  | Relayed
  /** Who is registered and who listens on other nodes. */
  | { readonly kind: 'registry'; readonly event: RegistryEvent }
  /** Decisions may be others: what sessions hold is gone through, slice after slice (`isNext`: the router's own). */
  | { readonly kind: 'review'; readonly isNext: boolean }
  /** What the store has of retained events. */
  | RetainedRows
  /** What it has of the history. */
  | RecordedRows
  /** It has, or will not have, what an acknowledgement waits for. */
  | RowStored
  /** The admin API has answered a call. */
  | { readonly kind: 'managed'; readonly id: Id; readonly outcome: CallOutcome<ApiOutcome> }
  /** It asks itself. */
  | AskedByManagement
  /** Published in the realm in the name of the node. */
  | { readonly kind: 'told'; readonly topic: string; readonly args: readonly Value[] }
  /** Its own timers: what waits for other nodes has waited long enough. */
  | { readonly kind: 'announce'; readonly token: number }
  | { readonly kind: 'give_up'; readonly question: Id };

/** A procedure of the meta API that is asked for by the node, not by a session. */
export interface AskedByManagement {
  readonly kind: 'asked';
  readonly procedure: string;
  readonly args: readonly Value[];
  readonly kwargs: Dict;
  /** Counts as the caller: who kills is not killed. */
  readonly session: Id | undefined;
  /** Once; never, if the realm is closed meanwhile. */
  answer(outcome: ApiOutcome): void;
}

/** The router's mailbox. */
export interface RouterTarget extends Target<RouterInput> {
  /** For `leave` and `review`: never refused, or what a session had, or may not have, would stay. */
  admit(message: RouterInput): void;
}
