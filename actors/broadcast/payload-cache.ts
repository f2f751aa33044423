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
  readonly #entries = new Map<string, CachedPayload>();
  /** In order of arrival, from `#first` on. A Map is slow at its oldest key when many older ones were deleted. */
  #queue: CachedPayload[] = [];
  #first = 0;
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
  *values(): Generator<CachedPayload> {
    for (let i = this.#first; i < this.#queue.length; i++) yield this.#queue[i]!;
  }

  /** Younger than `since`, oldest first. */
  youngerThan(since: number): readonly CachedPayload[] {
    let from = this.#queue.length;
    while (from > this.#first && this.#queue[from - 1]!.at >= since) from--;
    return this.#queue.slice(from);
  }

  /** A payload that is not here yet. Returns how many young payloads had to go. */
  add(payload: Payload, round: number, now: number): number {
    const entry = { payload, round, at: now };
    this.#entries.set(keyOf(payload.origin, payload.sequence), entry);
    this.#queue.push(entry);
    this.#bytes += sizeOf(payload);
    let evicted = 0;
    while (this.#isFull()) {
      this.#dropOldest();
      evicted++;
    }
    return evicted;
  }

  /** Drops what is older than the cache age. */
  expire(now: number): void {
    const { cacheAgeMs } = this.#config;
    while (this.size > 0 && now - this.#queue[this.#first]!.at > cacheAgeMs) this.#dropOldest();
  }

  #isFull(): boolean {
    const { maxCacheBytes, maxCachedPayloads } = this.#config;
    return this.#bytes > maxCacheBytes || this.size > maxCachedPayloads;
  }

  #dropOldest(): void {
    const { payload } = this.#queue[this.#first++]!;
    this.#entries.delete(keyOf(payload.origin, payload.sequence));
    this.#bytes -= sizeOf(payload);
    if (this.#first < 1024 || this.#first < this.#queue.length / 2) return;
    this.#queue = this.#queue.slice(this.#first);
    this.#first = 0;
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
