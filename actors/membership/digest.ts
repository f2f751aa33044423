/**
 * Hashes of records for comparing rosters: two lanes of 32 bits per record, summed, so that a set has one digest whatever
 * the order in which it was learned, and a change costs one subtraction and one addition. Not cryptographic: peers have
 * proved the cluster's secret before they are listened to, and a collision costs a delayed merge, not a wrong one.
 */
import { hashText, hexOf } from '../../runtime/structures/text-hash.ts';
import type { TextHash } from '../../runtime/structures/text-hash.ts';

/** Groups of names whose sums are compared when the digests differ: few enough to send, enough to narrow 1,000 down. */
export const BUCKETS = 64;

export function bucketOf(name: string): number {
  return hashText(name)[1] % BUCKETS;
}

/** Sums of the hashes of a set, by bucket and in total. */
export class SetDigest {
  readonly #lanes = new Uint32Array(BUCKETS * 2);
  #high = 0;
  #low = 0;

  add(bucket: number, [high, low]: TextHash): void {
    this.#lanes[bucket * 2]! += high;
    this.#lanes[bucket * 2 + 1]! += low;
    this.#high = (this.#high + high) >>> 0;
    this.#low = (this.#low + low) >>> 0;
  }

  remove(bucket: number, [high, low]: TextHash): void {
    this.add(bucket, [-high >>> 0, -low >>> 0]);
  }

  /** 16 hexadecimal digits. */
  get root(): string {
    return hexOf([this.#high, this.#low]);
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
