/** What the store's own actors say to each other, and what they are made of. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Name, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { SupervisorMessage } from '../../runtime/kernel/supervision.ts';
import type { PeerNetwork } from '../../runtime/net/peer/port.ts';
import type { ExchangeOutcome } from './api.ts';
import type { StoreConfig } from './config.ts';
import type { ExchangeMessage } from './messages.ts';
import type { News, Seen } from './news.ts';
import type { StoreCounter } from './port.ts';
import type { Hashing } from './row-store.ts';
import type { SharedRow } from './shared-row.ts';
import type { StoreState } from './state.ts';

export interface ReplicationDependencies {
  readonly network: PeerNetwork;
  readonly state: StoreState;
  readonly config: StoreConfig;
  readonly hashing: Hashing;
  count(what: StoreCounter, by?: number): void;
  report(event: string, fields: Record<string, unknown>): void;
}

/** What the exchange that this node began hears. */
export interface ExchangeAnswer {
  readonly kind: 'exchange_answer';
  readonly from: string;
  readonly message: ExchangeMessage;
}

/** No answer will come of this peer on the link the exchange began on. */
export interface ExchangePeerLost {
  readonly kind: 'peer_lost';
  readonly peer: string;
}

/** Another node's report of what it has seen. */
export interface SeenReport {
  readonly kind: 'seen';
  readonly node: NodeId;
  readonly news: Seen;
}

export type ReplicatorMessage =
  | { readonly kind: 'replicate'; readonly rows: readonly SharedRow[] }
  | { readonly kind: 'tell'; readonly news: News };

export const REPLICATOR: Name<ReplicatorMessage> = name('store:replicator');
/** The exchange that runs, if one does. */
export const EXCHANGE: Name<ExchangeAnswer | ExchangePeerLost> = name('store:exchange');
export const STORE_CLOCK: Name<SeenReport> = name('store:clock');

/** One exchange. */
export interface ExchangeArgument {
  /** For its line in the tree. */
  readonly id: string;
  readonly number: number;
  readonly peer: string;
  readonly report: Target<{ readonly kind: 'ended'; readonly outcome: ExchangeOutcome }>;
}

/** The dynamic supervisor of exchanges; its children are temporary. */
export const EXCHANGE_CHILDREN: Name<SupervisorMessage<ExchangeArgument>> =
  name('store:exchanging');
