/** What a realm's router hears of other nodes' history. */
import type { RecordedEvent } from '../broker/history.ts';

export interface RecordedRows {
  readonly kind: 'recorded';
  readonly events: readonly RecordedEvent[];
  /** Found in the store: those that there is no room for any more are to be deleted there, for their node may be gone. */
  readonly isRead: boolean;
}
