/** What a partition says about itself when it is asked. */
import type { PartitionInfo } from './api.ts';
import type { Partition } from './partition.ts';
import type { RowStore } from './row-store.ts';
import type { PartitionState } from './state.ts';

export function infoOf(
  { index, status, clock, hashtree }: PartitionState,
  rows: Pick<RowStore, 'distrusted' | 'unwritten'>,
  machine: Pick<Partition, 'unsettled' | 'quarantined'>,
): PartitionInfo {
  return {
    partition: index,
    status: status.kind,
    failure: status.kind === 'degraded' ? status.failure : undefined,
    rows: hashtree.count,
    unsettled: machine.unsettled,
    distrusted: rows.distrusted.size,
    unwritten: rows.unwritten.size,
    quarantined: machine.quarantined,
    origins: clock.dots.length,
  };
}
