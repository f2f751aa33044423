/**
 * Which rows are on their way into the store: one put of a row at a time, so many at once, the latest
 * value each time. What the store says of such a row meanwhile is old, and asked for again when the put is done.
 */
import type { Rows } from '../effects.ts';

/** `expired`: only to be deleted, if nothing newer is there. */
export type PutReason = 'changed' | 'expired';

export interface PendingRow {
  readonly name: string;
  /** To be put (again). */
  readonly waits: PutReason | undefined;
  /** Under way. */
  readonly putting: PutReason | undefined;
  /** The router's changes up to this one are in what is being put. */
  readonly revision: number;
  /** The store has said something of it since. */
  readonly isStale: boolean;
}

export class PendingRows {
  readonly #rows: Rows<string, PendingRow>;
  readonly #limit: number;
  /** In the order in which they were changed. */
  readonly #waiting = new Set<string>();
  #putting = 0;

  /** Puts that a former agent had begun are begun again. */
  constructor(rows: Rows<string, PendingRow>, limit: number) {
    this.#rows = rows;
    this.#limit = limit;
    for (const row of [...rows.values()]) {
      this.#wait({ ...row, waits: row.waits ?? row.putting, putting: undefined });
    }
  }

  add(name: string, why: PutReason): void {
    const known = this.#rows.get(name);
    const waits = known?.waits === 'changed' ? 'changed' : why;
    const { putting, revision = 0, isStale = false } = known ?? {};
    const row = { name, waits, putting, revision, isStale };
    if (putting === undefined) this.#wait(row);
    else this.#rows.set(name, row);
  }

  /** False: it is not pending, so what the store says holds. */
  hear(name: string): boolean {
    const known = this.#rows.get(name);
    if (known === undefined) return false;
    if (!known.isStale) this.#rows.set(name, { ...known, isStale: true });
    return true;
  }

  /** The next to be put, as it is after this change; undefined: none, or enough are under way. */
  begin(revision: number): { readonly name: string; readonly why: PutReason } | undefined {
    if (this.#putting >= this.#limit) return undefined;
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      const row = this.#rows.get(name)!;
      const why = row.waits ?? 'changed';
      this.#putting++;
      this.#rows.set(name, { ...row, waits: undefined, putting: why, revision });
      return { name, why };
    }
    return undefined;
  }

  /** Up to which change it is in what is being put. */
  revisionOf(name: string): number | undefined {
    const row = this.#rows.get(name);
    return row?.putting === undefined ? undefined : row.revision;
  }

  /** True: it is settled, and the store has said something of it meanwhile. `isLater`: it has to be put again. */
  done(name: string, isLater = false): boolean {
    const row = this.#rows.get(name);
    if (row?.putting === undefined) return false;
    this.#putting--;
    const waits = row.waits ?? (isLater ? row.putting : undefined);
    if (waits === undefined) {
      this.#rows.delete(name);
      return row.isStale;
    }
    this.#wait({ ...row, waits, putting: undefined });
    return false;
  }

  #wait(row: PendingRow): void {
    this.#rows.set(row.name, row);
    this.#waiting.add(row.name);
  }
}
