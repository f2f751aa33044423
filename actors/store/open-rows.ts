/**
 * Rows of `disk` prefixes that are in memory for a while: from the first question about one until it was read, and from
 * each change until it is on disk. Who asks for a row that is being read waits, so that changes of a row come one after
 * the other.
 */
import type { Outcome } from '../../runtime/disk/storage.ts';
import type { RowKey } from './keys.ts';
import type { Stored } from './state.ts';

export type Found = (found: Outcome<Stored | undefined>) => void;

interface OpenRow {
  isLoaded: boolean;
  stored: Stored | undefined;
  readonly waiting: Found[];
}

export class OpenRows {
  readonly #rows = new Map<RowKey, OpenRow>();
  readonly #isUnwritten: (rowKey: RowKey) => boolean;

  constructor(isUnwritten: (rowKey: RowKey) => boolean) {
    this.#isUnwritten = isUnwritten;
  }

  /** True: it is to be read, and `answered`. */
  mustRead(rowKey: RowKey, found: Found): boolean {
    const open = this.#rows.get(rowKey);
    if (open === undefined) {
      this.#rows.set(rowKey, { isLoaded: false, stored: undefined, waiting: [found] });
      return true;
    }
    if (open.isLoaded) found({ kind: 'ok', value: open.stored });
    else open.waiting.push(found);
    return false;
  }

  answered(rowKey: RowKey, outcome: Outcome<Stored | undefined>): void {
    const open = this.#rows.get(rowKey)!;
    if (outcome.kind === 'ok') {
      open.stored = outcome.value;
      open.isLoaded = true;
    }
    for (const found of open.waiting.splice(0)) {
      found(outcome.kind === 'ok' ? { kind: 'ok', value: open.stored } : outcome);
    }
    if (outcome.kind === 'failed') this.#rows.delete(rowKey);
    else this.close(rowKey);
  }

  get(rowKey: RowKey): Stored | undefined {
    return this.#rows.get(rowKey)?.stored;
  }

  set(rowKey: RowKey, stored: Stored | undefined): void {
    const open = this.#rows.get(rowKey);
    if (open === undefined) this.#rows.set(rowKey, { isLoaded: true, stored, waiting: [] });
    else open.stored = stored;
  }

  /** If nobody waits for it and it is on disk. */
  close(rowKey: RowKey): void {
    const open = this.#rows.get(rowKey);
    if (open?.isLoaded === true && open.waiting.length === 0 && !this.#isUnwritten(rowKey)) {
      this.#rows.delete(rowKey);
    }
  }
}
