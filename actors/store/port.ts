/** What the machines of a partition ask of whoever runs them: its databases, its listeners, its counters. */
import type { Answer, Entry, ScanOptions, Write } from '../../runtime/disk/storage.ts';
import type { Lane } from './prefixes.ts';
import type { Change } from './api.ts';
import type { SharedRow } from './shared-row.ts';

export interface DiskPort {
  /** All or none; answered when it is on disk, if `isSynced`. */
  commit(lane: Lane, writes: readonly Write[], isSynced: boolean, done: Answer<void>): void;
  readMany(
    lane: Lane,
    keys: readonly Uint8Array[],
    done: Answer<readonly (Uint8Array | undefined)[]>,
  ): void;
  /** The first entries of a range: at most `limit`, perhaps fewer; none: there are none. */
  page(lane: Lane, options: ScanOptions, done: Answer<readonly Entry[]>): void;
}

export interface PartitionPort extends DiskPort {
  wallMs(): number;
  /** So much waits for this disk that puts are to be refused: a write that began is never undone. */
  isBusy(lane: Lane): boolean;
  /** To all other nodes, as soon as there is time. */
  replicate(row: SharedRow): void;
  changed(change: Change): void;
  /** The store clock has grown. */
  advanced(): void;
  /** The disk failed: open it again, later, and tell `reopened`. */
  reopen(): void;
  count(what: StoreCounter, by?: number): void;
  report(event: string, fields: Record<string, unknown>): void;
}

export const STORE_COUNTERS = [
  'store_puts',
  'store_puts_refused',
  'store_merges',
  /** Rows of peers that brought nothing new. */
  'store_merges_unchanged',
  /** Late puts whose dot was known. */
  'store_puts_known',
  /** Puts that came while this node could not tell old from new. */
  'store_puts_early',
  'store_puts_early_dropped',
  /** Rows of a member that was away too long, of what was deleted meanwhile. */
  'store_rows_stale',
  /** Rows given up when this node returned after too long. */
  'store_rows_discarded',
  'store_rows_malformed',
  /** While the partition was being read. */
  'store_rows_too_early',
  /** Stamps too far ahead of our clock. */
  'store_rows_ahead',
  'store_rows_vetoed',
  'store_hooks_threw',
  'store_functions_threw',
  'store_quarantined',
  /** Lives of nodes that took puts with them that nobody has. */
  'store_puts_lost',
  'store_tombstones_reaped',
  'store_rows_checked',
  /** Rows that are not what their leaf says. */
  'store_rows_damaged',
  'store_rows_healed',
  'store_trees_rebuilt',
  'store_trees_wrong',
  'store_disk_failures',
  'store_partitions_set_aside',
  'store_changes_dropped',
  'store_replication_dropped',
  'store_replication_too_large',
  'store_messages_malformed',
  'store_messages_unexpected',
  'store_not_sent',
  'store_exchanges',
  'store_exchanges_equal',
  'store_exchanges_failed',
  'store_exchanges_refused',
  'store_exchange_rows_sent',
  'store_exchange_rows_received',
  'store_exchange_trees',
  'store_exchange_bytes_sent',
  'store_barriers_late',
] as const;

export type StoreCounter = (typeof STORE_COUNTERS)[number];
