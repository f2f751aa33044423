/** SUBSCRIBEs that wait until the other nodes know: until then no event comes, and then SUBSCRIBED comes first. */
import type { Subscribe } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import { patternKey } from '../cluster/pattern-ids.ts';
import type { Rows } from '../effects.ts';
import type { MatchPolicy } from '../matching/patterns.ts';

/** A row, and its own key. */
export interface PendingSubscribe {
  readonly member: Member;
  readonly message: Subscribe;
  readonly match: MatchPolicy;
  readonly nodeKey: string | undefined;
}

export class PendingSubscribes {
  readonly #rows: Rows<PendingSubscribe, PendingSubscribe>;
  readonly #members = new Map<Member, number>();
  readonly #patterns = new Map<string, number>();
  readonly #nodeKeys = new Map<string, number>();

  constructor(rows: Rows<PendingSubscribe, PendingSubscribe>) {
    this.#rows = rows;
    for (const pending of rows.values()) this.#count(pending, 1);
  }

  add(pending: PendingSubscribe): void {
    this.#rows.set(pending, pending);
    this.#count(pending, 1);
  }

  countOf(member: Member): number {
    return this.#members.get(member) ?? 0;
  }

  wants(match: MatchPolicy, topic: string): boolean {
    return this.#patterns.has(patternKey(match, topic));
  }

  wantsNodeKey(match: MatchPolicy, topic: string, nodeKey: string): boolean {
    return this.#nodeKeys.has(`${patternKey(match, topic)} ${nodeKey}`);
  }

  /** Takes out those that fit, in their order. */
  take(fits: (pending: PendingSubscribe) => boolean): readonly PendingSubscribe[] {
    if (this.#rows.size === 0) return NONE;
    const taken = [...this.#rows.values()].filter(fits);
    for (const pending of taken) {
      this.#rows.delete(pending);
      this.#count(pending, -1);
    }
    return taken;
  }

  #count({ member, match, message, nodeKey }: PendingSubscribe, by: number): void {
    const pattern = patternKey(match, message.topic);
    add(this.#members, member, by);
    add(this.#patterns, pattern, by);
    if (nodeKey !== undefined) add(this.#nodeKeys, `${pattern} ${nodeKey}`, by);
  }
}

const NONE: readonly PendingSubscribe[] = [];

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
