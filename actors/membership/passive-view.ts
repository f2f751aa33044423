/** HyParView's passive view: a bounded random set of members to replace lost neighbours with. */
import type { RandomSource } from '../../runtime/kernel/actor.ts';
import { sample } from './picking.ts';

export class PassiveView {
  readonly #limit: number;
  readonly #random: RandomSource;
  readonly #names: string[] = [];

  constructor(limit: number, random: RandomSource) {
    this.#limit = limit;
    this.#random = random;
  }

  get size(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** When full a random one goes, first among `expendable`: what was just sent to the peer it came from. */
  add(name: string, expendable: readonly string[] = []): void {
    if (this.has(name)) return;
    if (this.#names.length < this.#limit) {
      this.#names.push(name);
      return;
    }
    const known = expendable.find((one) => this.has(one));
    const at =
      known === undefined
        ? this.#random.integer(0, this.#names.length - 1)
        : this.#names.indexOf(known);
    this.#names[at] = name;
  }

  delete(name: string): void {
    const at = this.#names.indexOf(name);
    if (at < 0) return;
    this.#names[at] = this.#names[this.#names.length - 1]!;
    this.#names.pop();
  }

  /** Random ones, never simply the first. */
  sample(count: number): readonly string[] {
    return sample(this.#names, count, this.#random);
  }
}
