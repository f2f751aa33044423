/** What the store counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */
import type { StoreCounter } from './port.ts';

export const STORE_COUNTER_HELP: Readonly<Record<StoreCounter, string>> = {
  store_puts: 'Puts of this node.',
  store_puts_refused: 'Puts refused.',
  store_merges: 'Rows of other nodes that changed a row here.',
  store_merges_unchanged: 'Rows of other nodes that brought nothing new.',
  store_puts_known: 'Puts of other nodes that had come already by another way.',
  store_puts_early:
    'Puts of other nodes that came before this node had compared with one; they wait for it.',
  store_puts_early_dropped: 'Of these, puts dropped for want of room; comparing brings them.',
  store_rows_stale: 'Rows of a node that was away for long, not taken because they are deleted.',
  store_rows_discarded: 'Rows given up because the others deleted them while this node was away.',
  store_rows_malformed: 'Rows of other nodes that were none.',
  store_rows_too_early:
    'Rows of other nodes not taken because the partition was being read; comparing brings them.',
  store_rows_ahead: 'Rows of other nodes refused because their clock is too far ahead.',
  store_rows_vetoed: 'Rows of other nodes that a hook refused.',
  store_hooks_threw: 'Hooks that failed; the row is set aside.',
  store_functions_threw: 'Puts refused because the function that makes the value failed.',
  store_quarantined: 'Rows set aside because they are malformed or a hook failed.',
  store_puts_lost: 'Lives of nodes that ended with puts that no other node has.',
  store_tombstones_reaped: 'Deleted rows forgotten because every node knows.',
  store_rows_checked: 'Rows compared with the hash tree.',
  store_rows_damaged: 'Rows that are not what the hash tree says.',
  store_rows_healed: 'Damaged rows that are right again.',
  store_trees_rebuilt: 'Hash trees built anew from the rows.',
  store_trees_wrong: 'Hash trees that were not what the rows say.',
  store_disk_failures: 'Failures of the disk; it is opened again.',
  store_partitions_set_aside: 'Damaged partitions moved away; other nodes bring their rows back.',
  store_changes_dropped:
    'Changes a subscriber was too far behind to hear; it is told that some are missing.',
  store_replication_dropped: 'Rows not sent at once for want of room; comparing brings them.',
  store_replication_too_large: 'Rows too large to be sent at once; comparing brings them.',
  store_messages_malformed: 'Messages of the store that were none.',
  store_messages_unexpected: 'Messages of a comparison that was over.',
  store_not_sent: 'Messages of a comparison not sent for want of a link or of room.',
  store_exchanges: 'Comparisons with another node’s store begun.',
  store_exchanges_equal: 'Comparisons that found both stores equal.',
  store_exchanges_failed: 'Comparisons that failed; they are begun again.',
  store_exchanges_refused:
    'Comparisons of other nodes refused because this one was busy or too different.',
  store_exchange_rows_sent: 'Rows sent in comparisons.',
  store_exchange_rows_received: 'Rows received in comparisons.',
  store_exchange_trees: 'Comparisons that needed the hash trees.',
  store_exchange_bytes_sent: 'Bytes sent for comparisons.',
  store_barriers_late: 'Waits for what another node had written that were too long.',
};
