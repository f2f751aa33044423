/**
 * Rows with something in them that may be forgotten when every member has seen it, and the work of forgetting, in slices,
 * so that a member's return neither stops the partition nor fills the queue of its disk.
 */
import type { Row } from '../../runtime/causality/row.ts';
import { settled } from '../../runtime/causality/row.ts';
import { isUnsettled } from './deletions.ts';
import type { RowKey } from './keys.ts';
import type { PartitionPort } from './port.ts';
import type { RowStore } from './row-store.ts';
import type { Stored } from './state.ts';

/** What is left of a row that loses something; undefined: nothing. */
type Forget = (rowKey: RowKey, stored: Stored, rest: Row | undefined, written: () => void) => void;

/** Rows looked at in one go when stability has moved on. */
const SLICE = 1_000;

export class Reaper {
  readonly #rows: RowStore;
  readonly #port: PartitionPort;
  readonly #unsettled = new Set<RowKey>();
  #toReap = 0;

  constructor(rows: RowStore, port: PartitionPort) {
    this.#rows = rows;
    this.#port = port;
  }

  get size(): number {
    return this.#unsettled.size;
  }

  /** A row was seen: does it wait for stability? */
  noticed(rowKey: RowKey, row: Row): void {
    if (isUnsettled(row)) this.#unsettled.add(rowKey);
  }

  /** Undefined: the row is gone. */
  changed(rowKey: RowKey, row: Row | undefined): void {
    this.#unsettled.delete(rowKey);
    if (row !== undefined) this.noticed(rowKey, row);
  }

  /** Everything that waits is to be looked at once. */
  all(): void {
    this.#toReap = this.#unsettled.size;
  }

  /** Calls `done` when all that was to be forgotten is written: is there more to look at? */
  slice(forget: Forget, done: (hasMore: boolean) => void): void {
    const slice: RowKey[] = [];
    for (const rowKey of this.#unsettled) {
      if (slice.length === Math.min(SLICE, this.#toReap)) break;
      slice.push(rowKey);
    }
    this.#toReap -= slice.length;
    let looking = slice.length;
    if (looking === 0) return done(false);
    const looked = (): void => {
      if (--looking === 0) done(this.#toReap > 0);
    };
    for (const rowKey of slice) {
      this.#unsettled.delete(rowKey); // whoever is not done yet comes back at the end
      this.#look(rowKey, forget, looked);
    }
  }

  #look(rowKey: RowKey, forget: Forget, looked: () => void): void {
    const { watermarks } = this.#rows.state;
    this.#rows.find(rowKey, (found) => {
      if (found.kind === 'failed') this.#unsettled.add(rowKey);
      if (found.kind === 'failed' || found.value === undefined) return looked();
      const { row } = found.value;
      const rest = settled(row, (dot) => watermarks.isStable(dot));
      if (rest === row) {
        this.noticed(rowKey, row);
        return looked();
      }
      this.#rows.saveStable();
      if (rest === undefined) this.#port.count('store_tombstones_reaped');
      forget(rowKey, found.value, rest, looked);
    });
  }
}
