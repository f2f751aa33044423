/** Ids that were announced and have not come: whom to ask for them, and when. */
import type { BroadcastConfig } from './config.ts';
import { keyOf } from './payload-cache.ts';

export interface MissingId {
  readonly origin: string;
  readonly sequence: number;
  /** Who said they have it, the next to be asked first. */
  readonly announcers: string[];
  asked: number;
  dueAt: number;
}

/** Then it is left to exchange. */
const MAX_ASKED = 4;
/** More than a few announcers are no more use: an exchange is the next resort. */
const MAX_ANNOUNCERS = 8;

export class Missing {
  readonly #limit: number;
  readonly #entries = new Map<string, MissingId>();

  constructor({ maxMissing }: BroadcastConfig) {
    this.#limit = maxMissing;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** False: there is no room. */
  announced(by: string, origin: string, sequence: number, dueAt: number): boolean {
    const key = keyOf(origin, sequence);
    const known = this.#entries.get(key);
    if (known === undefined) {
      if (this.#entries.size >= this.#limit) return false;
      this.#entries.set(key, { origin, sequence, announcers: [by], asked: 0, dueAt });
    } else if (known.announcers.length < MAX_ANNOUNCERS && !known.announcers.includes(by)) {
      known.announcers.push(by);
    }
    return true;
  }

  arrived(origin: string, sequence: number): void {
    if (this.#entries.size > 0) this.#entries.delete(keyOf(origin, sequence));
  }

  /** Whom to ask now, each in turn; undefined: enough was asked, it is not waited for any more. */
  nextAnnouncer(missing: MissingId): string | undefined {
    const peer = missing.announcers.shift();
    if (peer === undefined || missing.asked >= MAX_ASKED) {
      this.#entries.delete(keyOf(missing.origin, missing.sequence));
      return undefined;
    }
    missing.announcers.push(peer);
    missing.asked++;
    return peer;
  }

  due(now: number): readonly MissingId[] {
    return [...this.#entries.values()].filter(({ dueAt }) => dueAt <= now);
  }

  /** When the first is due; undefined when nothing is missing. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { dueAt } of this.#entries.values()) {
      if (next === undefined || dueAt < next) next = dueAt;
    }
    return next;
  }
}
