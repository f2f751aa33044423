/** Recent round trips by peer, for a timeout that fits the network: 3 x the slowest of the last ones, within bounds. */

const KEPT = 32;

export class RoundTrips {
  readonly #recent = new Map<string, number[]>();
  readonly #min: number;
  readonly #max: number;

  constructor(minTimeoutMs: number, maxTimeoutMs: number) {
    this.#min = minTimeoutMs;
    this.#max = maxTimeoutMs;
  }

  add(peer: string, ms: number): void {
    const known = this.#recent.get(peer);
    if (known === undefined) {
      this.#recent.set(peer, [ms]);
      return;
    }
    known.push(ms);
    if (known.length > KEPT) known.shift();
  }

  forget(peer: string): void {
    this.#recent.delete(peer);
  }

  /** Milliseconds to wait for an answer; half the maximum for a peer never measured. */
  timeout(peer: string): number {
    const known = this.#recent.get(peer);
    if (known === undefined) return Math.max(this.#min, this.#max / 2);
    return Math.min(this.#max, Math.max(this.#min, 3 * Math.max(...known)));
  }

  /** The slowest recent round trip, ms. */
  slowest(peer: string): number | undefined {
    const known = this.#recent.get(peer);
    return known && Math.max(...known);
  }
}
