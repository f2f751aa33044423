/** Rows that were not taken in, or whose hook threw: named as long as there are few, always counted, reported once. */
import type { Quarantined } from './api.ts';
import type { RowKey } from './keys.ts';
import { keyOf, prefixOf } from './keys.ts';
import type { PartitionPort } from './port.ts';
import { printable } from './row-store.ts';

const MAX_REASON = 200;

export class Quarantine {
  readonly #partition: number;
  readonly #limit: number;
  readonly #port: Pick<PartitionPort, 'count' | 'report'>;
  readonly #rows = new Map<RowKey, string>();

  constructor(partition: number, limit: number, port: Pick<PartitionPort, 'count' | 'report'>) {
    this.#partition = partition;
    this.#limit = limit;
    this.#port = port;
  }

  get all(): readonly Quarantined[] {
    return [...this.#rows].map(([rowKey, reason]) => ({
      ...{ prefix: prefixOf(rowKey), key: keyOf(rowKey) },
      reason,
    }));
  }

  add(rowKey: RowKey, reason: string): void {
    this.#port.count('store_quarantined');
    const isKnown = this.#rows.has(rowKey);
    if (!isKnown && this.#rows.size >= this.#limit) return;
    const short = reason.slice(0, MAX_REASON);
    this.#rows.set(rowKey, short);
    if (isKnown) return;
    this.#port.report('store_row_quarantined', {
      ...{ partition: this.#partition, row: printable(rowKey) },
      reason: short,
    });
  }

  /** It was written since. */
  delete(rowKey: RowKey): void {
    this.#rows.delete(rowKey);
  }
}
