/**
 * The lazy push: ids that wait for the next announcement, per neighbour, bounded. An id is announced once to a neighbour;
 * one that the neighbour has announced or sent itself in the meantime is not announced at all.
 */
import type { BroadcastConfig } from './config.ts';
import type { Ids } from './message.ts';
import { idsOf, keyOf } from './payload-cache.ts';
import { includes } from './ranges.ts';

interface Id {
  readonly origin: string;
  readonly sequence: number;
}

export class Announcements {
  readonly #limit: number;
  readonly #waiting = new Map<string, Map<string, Id>>();

  constructor({ maxAnnouncedIds }: BroadcastConfig) {
    this.#limit = maxAnnouncedIds;
  }

  /** False: too many wait for this peer; this one is left to exchange. */
  add(peer: string, id: Id): boolean {
    let ids = this.#waiting.get(peer);
    if (ids === undefined) this.#waiting.set(peer, (ids = new Map()));
    const key = keyOf(id.origin, id.sequence);
    if (ids.size >= this.#limit && !ids.has(key)) return false;
    ids.set(key, id);
    return true;
  }

  /** The peer has it. */
  isKnownTo(peer: string, origin: string, sequence: number): void {
    const ids = this.#waiting.get(peer);
    if (ids !== undefined && ids.size > 0) ids.delete(keyOf(origin, sequence));
  }

  /** The peer has all of these. */
  areKnownTo(peer: string, known: readonly Ids[]): void {
    const ids = this.#waiting.get(peer);
    if (ids === undefined || ids.size === 0) return;
    const ranges = new Map(known.map((item) => [item.origin, item.ranges]));
    for (const [key, { origin, sequence }] of ids) {
      if (includes(ranges.get(origin) ?? [], sequence)) ids.delete(key);
    }
  }

  forgetPeer(peer: string): void {
    this.#waiting.delete(peer);
  }

  /** Everything that waits, by peer; nothing waits afterwards. */
  take(): readonly (readonly [peer: string, ids: readonly Ids[]])[] {
    const taken = [...this.#waiting]
      .filter(([, ids]) => ids.size > 0)
      .map(([peer, ids]) => [peer, idsOf(ids.values())] as const);
    this.#waiting.clear();
    return taken;
  }

  waiting(): number {
    let count = 0;
    for (const ids of this.#waiting.values()) count += ids.size;
    return count;
  }
}
