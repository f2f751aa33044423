/**
 * Single puts that come to a partition which is catching up. Broadcast supplies payloads for minutes, so one of them may be
 * old, its value deleted since and the tombstone forgotten by all who had seen both. Only a clock that covers it tells,
 * and a node in a new life, or one that was away too long, has that clock after an exchange. Until then they wait.
 */
import type { SharedRow } from './shared-row.ts';
import { weightOf } from './shared-row.ts';

/** Per partition. What does not fit comes with the next exchange. */
const MAX_BYTES = 256 * 1024;

export class EarlyPuts {
  #rows: SharedRow[] = [];
  #bytes = 0;

  /** False: no room. */
  add(row: SharedRow): boolean {
    const weight = weightOf(row);
    if (this.#bytes + weight > MAX_BYTES) return false;
    this.#bytes += weight;
    this.#rows.push(row);
    return true;
  }

  take(): readonly SharedRow[] {
    const rows = this.#rows;
    [this.#rows, this.#bytes] = [[], 0];
    return rows;
  }
}
