/** What a realm's router and the agent that keeps a family of its rows on all nodes say to each other. */
import type { CallOutcome } from '../../../runtime/kernel/actor.ts';
import type { ChangeMessage, PutOutcome } from '../../store/api.ts';

/** What the router did to its rows since it last said so. */
export interface RowReport {
  readonly kind: 'rows_changed';
  /** Names of rows that the store is to take over. */
  readonly changed: readonly string[];
  /** Names of those that are no more. */
  readonly expired: readonly string[];
  /** Of the last of these changes; grows. */
  readonly revision: number;
}

export type ReplicatorMessage =
  | RowReport
  | ChangeMessage
  /** The store may be ready. */
  | { readonly kind: 'look' }
  /** Goes on reading what the store has. */
  | { readonly kind: 'read' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'put'; readonly name: string; readonly outcome: CallOutcome<PutOutcome> };

/** Which of a router's families of rows. */
export type RowsOf = 'retained' | 'recorded';

/** To the router: the store has a row for which somebody waits, as it was after the change with this revision. */
export interface RowStored {
  readonly kind: 'stored';
  readonly family: RowsOf;
  readonly name: string;
  readonly revision: number;
  /** False: the store has refused it for good. */
  readonly isThere: boolean;
}

/** The agent's mailbox. */
export interface ReplicatorTarget {
  /** Never refused: one message for all that one message to the router has changed. */
  admit(message: RowReport): void;
}
