/** The payloads that a peer may still ask for, oldest first, bounded by age, bytes and number. */
import type { BroadcastConfig } from './config.ts';
import type { Ids, Payload } from './message.ts';
import { rangesOf } from './ranges.ts';

export interface CachedPayload {
  readonly payload: Payload;
  /** Hops it took to get here. */
  readonly round: number;
  readonly at: number;
}

/** What a small payload costs besides its bytes. */
const OVERHEAD_BYTES = 256;

export class PayloadCache {
  readonly #config: BroadcastConfig;
  /** In order of arrival. */
  readonly #entries = new Map<string, CachedPayload>();
  #bytes = 0;

  constructor(config: BroadcastConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#entries.size;
  }
  get bytes(): number {
    return this.#bytes;
  }

  get(origin: string, sequence: number): CachedPayload | undefined {
    return this.#entries.get(keyOf(origin, sequence));
  }

  /** Oldest first. */
  values(): IterableIterator<CachedPayload> {
    return this.#entries.values();
  }

  /** Returns how many young payloads had to go. */
  add(payload: Payload, round: number, now: number): number {
    this.#entries.set(keyOf(payload.origin, payload.sequence), { payload, round, at: now });
    this.#bytes += sizeOf(payload);
    let evicted = 0;
    const { maxCacheBytes, maxCachedPayloads } = this.#config;
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= maxCacheBytes && this.#entries.size <= maxCachedPayloads) break;
      this.#remove(key, entry);
      evicted++;
    }
    return evicted;
  }

  /** Drops what is older than the cache age. */
  expire(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.at <= this.#config.cacheAgeMs) return;
      this.#remove(key, entry);
    }
  }

  #remove(key: string, { payload }: CachedPayload): void {
    this.#entries.delete(key);
    this.#bytes -= sizeOf(payload);
  }
}

/** Message ids in order of arrival, grouped by origin. */
export function idsOf(payloads: Iterable<Pick<Payload, 'origin' | 'sequence'>>): readonly Ids[] {
  const byOrigin = new Map<string, number[]>();
  for (const { origin, sequence } of payloads) {
    const numbers = byOrigin.get(origin);
    if (numbers === undefined) byOrigin.set(origin, [sequence]);
    else numbers.push(sequence);
  }
  return [...byOrigin].map(([origin, numbers]) => ({
    origin,
    ranges: rangesOf(ascending(numbers)),
  }));
}

export function keyOf(origin: string, sequence: number): string {
  return `${origin}:${sequence}`;
}

function ascending(numbers: number[]): readonly number[] {
  for (let i = 1; i < numbers.length; i++) {
    if (numbers[i]! <= numbers[i - 1]!) return [...new Set(numbers)].sort((a, b) => a - b);
  }
  return numbers;
}

function sizeOf({ bytes }: Payload): number {
  return bytes.length + OVERHEAD_BYTES;
}
