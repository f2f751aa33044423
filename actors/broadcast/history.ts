/** What this node has seen and what it still has: the memory that tree, direct fan-out and exchange share. */
import type { BroadcastConfig } from './config.ts';
import type { Ids, Payload } from './message.ts';
import { idsOf, PayloadCache } from './payload-cache.ts';
import type { BroadcastPort } from './port.ts';
import type { Seen } from './seen.ts';

export class History {
  readonly seen: Seen;
  readonly cache: PayloadCache;
  readonly #config: BroadcastConfig;
  readonly #port: BroadcastPort;

  constructor(seen: Seen, config: BroadcastConfig, port: BroadcastPort) {
    this.seen = seen;
    this.cache = new PayloadCache(config);
    this.#config = config;
    this.#port = port;
  }

  /** Keeps a payload. False: it was seen before, and nothing else must be done with it. */
  accept(payload: Payload, round: number, now: number): boolean {
    const { isNew, givenUp } = this.seen.add(payload.origin, payload.sequence, now);
    if (!isNew) return false;
    if (givenUp > 0) this.#port.count('broadcast_ids_given_up', givenUp);
    const evicted = this.cache.add(payload, round, now);
    if (evicted > 0) this.#port.count('broadcast_cache_evicted', evicted);
    return true;
  }

  /** Ids of the last `replayMs` whose payload is here, the newest `maxAnnouncedIds`. */
  recent(now: number): readonly Ids[] {
    const young = this.cache.youngerThan(now - this.#config.replayMs);
    return idsOf(young.slice(-this.#config.maxAnnouncedIds).map(({ payload }) => payload));
  }

  settle(now: number): void {
    const givenUp = this.seen.settle(now);
    if (givenUp > 0) this.#port.count('broadcast_ids_given_up', givenUp);
  }
}
