/**
 * Whom to compare with next: every peer once in a round, in an order that is drawn anew for each (a pair is never forgotten,
 * and no node is everybody's first); who has just come up goes first.
 */
import type { RandomSource } from '../../runtime/kernel/actor.ts';

export class Rounds {
  readonly #random: RandomSource;
  #round: string[] = [];
  #first: string[] = [];

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** As soon as possible. */
  prefer(peer: string): void {
    if (!this.#first.includes(peer)) this.#first.push(peer);
  }

  get hasPreferred(): boolean {
    return this.#first.length > 0;
  }

  /** Undefined: nobody is there. */
  next(peers: readonly string[]): string | undefined {
    const isThere = (peer: string): boolean => peers.includes(peer);
    this.#first = this.#first.filter(isThere);
    this.#round = this.#round.filter(isThere);
    const preferred = this.#first.shift();
    if (preferred !== undefined) {
      this.#round = this.#round.filter((peer) => peer !== preferred);
      return preferred;
    }
    if (this.#round.length === 0) this.#round = this.#shuffled(peers);
    return this.#round.shift();
  }

  #shuffled(peers: readonly string[]): string[] {
    const order = [...peers];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.#random.integer(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}
