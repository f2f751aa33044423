/** What a realm's router and the agent of its retained events say to each other. */
import type { CallOutcome } from '../../../runtime/kernel/actor.ts';
import type { ChangeMessage, PutOutcome } from '../../store/api.ts';
import type { RetainedEvent } from '../broker/retention.ts';

/** What the router did to its rows since it last said so. */
export interface RetainedReport {
  readonly kind: 'retained_changed';
  /** Topics whose row the store is to take over. */
  readonly changed: readonly string[];
  /** Topics whose last event has expired here. */
  readonly expired: readonly string[];
  /** Of the last of these changes; grows. */
  readonly revision: number;
}

/** What the store says that a topic keeps; no events: nothing. */
export interface StoredRow {
  readonly topic: string;
  readonly events: readonly RetainedEvent[];
}

/** Rows as the store has them, for a router that made no change of its own after revision `seen`. */
export interface RetainedRows {
  readonly kind: 'retained';
  readonly rows: readonly StoredRow[];
  readonly seen: number;
}

export type RetainedMessage =
  | RetainedReport
  | ChangeMessage
  /** The store may be ready. */
  | { readonly kind: 'look' }
  /** Goes on reading what the store has. */
  | { readonly kind: 'read' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'put'; readonly topic: string; readonly outcome: CallOutcome<PutOutcome> };

/** The agent's mailbox. */
export interface RetainedTarget {
  /** Never refused: one message for all that one message to the router has changed. */
  admit(message: RetainedReport): void;
}
