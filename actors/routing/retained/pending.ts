/**
 * Which topics' retained events are on their way into the store: one put of a topic at a time, so many at once, the latest
 * row each time. What the store says of such a topic meanwhile is old, and asked for again when the put is done.
 */
import type { Rows } from '../effects.ts';

/** `expired`: only to be deleted, if nothing newer is there. */
export type PutReason = 'changed' | 'expired';

export interface PendingTopic {
  readonly topic: string;
  /** To be put (again). */
  readonly waits: PutReason | undefined;
  /** Under way. */
  readonly putting: PutReason | undefined;
  /** The store has said something of it since. */
  readonly isStale: boolean;
}

export class PendingTopics {
  readonly #rows: Rows<string, PendingTopic>;
  readonly #limit: number;
  /** In the order in which they were changed. */
  readonly #waiting = new Set<string>();
  #putting = 0;

  /** Puts that a former agent had begun are begun again. */
  constructor(rows: Rows<string, PendingTopic>, limit: number) {
    this.#rows = rows;
    this.#limit = limit;
    for (const row of [...rows.values()]) {
      this.#wait({ ...row, waits: row.waits ?? row.putting, putting: undefined });
    }
  }

  add(topic: string, why: PutReason): void {
    const known = this.#rows.get(topic);
    const waits = known?.waits === 'changed' ? 'changed' : why;
    const { putting, isStale = false } = known ?? {};
    const row = { topic, waits, putting, isStale };
    if (putting === undefined) this.#wait(row);
    else this.#rows.set(topic, row);
  }

  /** False: it is not pending, so what the store says holds. */
  hear(topic: string): boolean {
    const known = this.#rows.get(topic);
    if (known === undefined) return false;
    if (!known.isStale) this.#rows.set(topic, { ...known, isStale: true });
    return true;
  }

  /** The next to be put; undefined: none, or enough are under way. */
  begin(): { readonly topic: string; readonly why: PutReason } | undefined {
    if (this.#putting >= this.#limit) return undefined;
    for (const topic of this.#waiting) {
      this.#waiting.delete(topic);
      const row = this.#rows.get(topic)!;
      const why = row.waits ?? 'changed';
      this.#putting++;
      this.#rows.set(topic, { ...row, waits: undefined, putting: why });
      return { topic, why };
    }
    return undefined;
  }

  /** True: it is settled, and the store has said something of it meanwhile. `isLater`: it has to be put again. */
  done(topic: string, isLater = false): boolean {
    const row = this.#rows.get(topic);
    if (row?.putting === undefined) return false;
    this.#putting--;
    const waits = row.waits ?? (isLater ? row.putting : undefined);
    if (waits === undefined) {
      this.#rows.delete(topic);
      return row.isStale;
    }
    this.#wait({ ...row, waits, putting: undefined });
    return false;
  }

  #wait(row: PendingTopic): void {
    this.#rows.set(row.topic, row);
    this.#waiting.add(row.topic);
  }
}
