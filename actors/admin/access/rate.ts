/** Requests per second of one address, as a bucket of tokens each: a burst of two seconds' worth, then its rate. */

export class RequestRate {
  readonly #perSecond: number;
  readonly #maxAddresses: number;
  /** In the order of the last request. */
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(perSecond: number, maxAddresses = 10_000) {
    this.#perSecond = perSecond;
    this.#maxAddresses = maxAddresses;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** False: too many. `now` in ms. */
  take(address: string, now: number): boolean {
    const most = 2 * this.#perSecond;
    const bucket = this.#buckets.get(address) ?? { tokens: most, at: now };
    const tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / 1_000) * this.#perSecond);
    const isTaken = tokens >= 1;
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: isTaken ? tokens - 1 : tokens, at: now });
    this.#shrink();
    return isTaken;
  }

  /** The longest quiet is forgotten: it gets a full bucket when it comes back. */
  #shrink(): void {
    for (const address of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#maxAddresses) return;
      this.#buckets.delete(address);
    }
  }
}
