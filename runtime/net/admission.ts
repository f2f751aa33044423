/**
 * The places of one listener: who is connected, and who is only being told that there is no room. They are counted
 * apart, so that clients who try again and again while it is full cannot keep out the one who comes when it is not.
 *
 * Connections belong to their sessions and outlive the listener that accepted them, so the count outlives it too.
 */

/** Over the limit, this many at once still get a proper refusal; those beyond are cut. */
const REFUSED_AT_ONCE = 64;

export type Place = 'admitted' | 'refused' | 'cut';

export class Admission {
  #admitted = 0;
  #refused = 0;

  /** Connections that have a place. */
  get connections(): number {
    return this.#admitted;
  }

  enter(maxConnections: number): Place {
    if (this.#admitted < maxConnections) {
      this.#admitted++;
      return 'admitted';
    }
    if (this.#refused >= REFUSED_AT_ONCE) return 'cut';
    this.#refused++;
    return 'refused';
  }

  /** Once for each `enter`. */
  leave(place: Place): void {
    if (place === 'admitted') this.#admitted--;
    else if (place === 'refused') this.#refused--;
  }
}
