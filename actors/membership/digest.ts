/**
 * Hashes of records for comparing rosters: two lanes of 32 bits per record, summed, so that a set has one digest whatever
 * the order in which it was learned, and a change costs one subtraction and one addition. Not cryptographic: peers have
 * proved the cluster's secret before they are listened to, and a collision costs a delayed merge, not a wrong one.
 */

/** Groups of names whose sums are compared when the digests differ: few enough to send, enough to narrow 1,000 down. */
export const BUCKETS = 64;

export type Hash = readonly [high: number, low: number];

/** cyrb53's mixing (public domain), keeping all 64 bits. */
export function hashText(text: string): Hash {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return [high >>> 0, low >>> 0];
}

export function bucketOf(name: string): number {
  return hashText(name)[1] % BUCKETS;
}

/** Sums of the hashes of a set, by bucket and in total. */
export class SetDigest {
  readonly #lanes = new Uint32Array(BUCKETS * 2);
  #high = 0;
  #low = 0;

  add(bucket: number, [high, low]: Hash): void {
    this.#lanes[bucket * 2]! += high;
    this.#lanes[bucket * 2 + 1]! += low;
    this.#high = (this.#high + high) >>> 0;
    this.#low = (this.#low + low) >>> 0;
  }

  remove(bucket: number, [high, low]: Hash): void {
    this.add(bucket, [-high >>> 0, -low >>> 0]);
  }

  /** 16 hexadecimal digits. */
  get root(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** Two numbers per bucket. */
  lanes(): readonly number[] {
    return [...this.#lanes];
  }

  /** The buckets in which a peer's lanes differ from these. */
  differing(lanes: readonly number[]): readonly number[] {
    const found: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const at = bucket * 2;
      if (lanes[at] !== this.#lanes[at] || lanes[at + 1] !== this.#lanes[at + 1])
        found.push(bucket);
    }
    return found;
  }
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, '0');
}
