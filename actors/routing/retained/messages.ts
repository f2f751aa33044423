/** What a realm's router hears of retained events in the store. */
import type { RetainedEvent } from '../broker/retention.ts';

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
