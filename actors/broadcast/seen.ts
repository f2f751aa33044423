/**
 * "Have I seen it?" for every message id, in bounded memory: per origin the ranges of its sequence. Holes are kept while
 * somebody may still have the payload; after two cache ages nobody has, and what is missing is for the store's
 * anti-entropy. The rows are in a table of the supervisor, so that a restarted broadcaster delivers nothing twice.
 */
import type { SetWriter } from '../../runtime/kernel/table.ts';
import type { BroadcastConfig } from './config.ts';
import type { Ids } from './message.ts';
import type { Ranges } from './ranges.ts';
import { RangeSet } from './ranges.ts';

export interface SeenRow {
  readonly origin: string;
  readonly ids: RangeSet;
  lastAt: number;
  /** The highest sequence at the last and at the last but one call of `settle`. */
  topBefore: number;
  topBeforeThat: number;
}

const NOTHING: Ranges = [];

export class Seen {
  readonly #rows: SetWriter<string, SeenRow>;
  readonly #config: BroadcastConfig;
  /** Is the origin's node a member? Rows of members are the last to go. */
  readonly #isMember: (origin: string) => boolean;

  constructor(
    rows: SetWriter<string, SeenRow>,
    config: BroadcastConfig,
    isMember: (origin: string) => boolean,
  ) {
    this.#rows = rows;
    this.#config = config;
    this.#isMember = isMember;
  }

  get origins(): number {
    return this.#rows.size;
  }

  has(origin: string, sequence: number): boolean {
    return this.#rows.get(origin)?.ids.has(sequence) ?? false;
  }

  of(origin: string): Ranges {
    return this.#rows.get(origin)?.ids.ranges ?? NOTHING;
  }

  /** False: seen before. `givenUp` counts holes that were closed to stay in bounds. */
  add(origin: string, sequence: number, now: number): { isNew: boolean; givenUp: number } {
    const row = this.#rows.get(origin) ?? this.#open(origin, now);
    if (!row.ids.add(sequence)) return { isNew: false, givenUp: 0 };
    row.lastAt = now;
    return { isNew: true, givenUp: row.ids.fillDownTo(this.#config.maxHoles + 1) };
  }

  /** Called once per cache age. Closes holes nobody can fill any more and returns how many ids that were. */
  settle(now: number): number {
    let givenUp = 0;
    for (const row of [...this.#rows.values()]) {
      givenUp += row.ids.fillBelow(row.topBeforeThat);
      row.topBeforeThat = row.topBefore;
      row.topBefore = row.ids.top;
      const idle = now - row.lastAt;
      if (idle > 10 * this.#config.cacheAgeMs && !this.#isMember(row.origin)) {
        this.#rows.delete(row.origin);
      }
    }
    return givenUp;
  }

  /** What was seen of origins that spoke lately: of others no payload is left anywhere. */
  digest(now: number): readonly Ids[] {
    const ids: Ids[] = [];
    for (const { origin, ids: seen, lastAt } of this.#rows.values()) {
      if (now - lastAt <= 2 * this.#config.cacheAgeMs)
        ids.push({ origin, ranges: [...seen.ranges] });
    }
    return ids;
  }

  #open(origin: string, now: number): SeenRow {
    if (this.#rows.size >= this.#config.maxOrigins) this.#evict();
    const row = { origin, ids: new RangeSet(), lastAt: now, topBefore: 0, topBeforeThat: 0 };
    this.#rows.set(origin, row);
    return row;
  }

  #evict(): void {
    let stranger: SeenRow | undefined;
    let member: SeenRow | undefined;
    for (const row of this.#rows.values()) {
      if (this.#isMember(row.origin)) {
        if (member === undefined || row.lastAt < member.lastAt) member = row;
      } else if (stranger === undefined || row.lastAt < stranger.lastAt) stranger = row;
    }
    const oldest = stranger ?? member;
    if (oldest !== undefined) this.#rows.delete(oldest.origin);
  }
}
