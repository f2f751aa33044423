/**
 * When a node that catches up may stop (early-puts.ts): its clock must cover what was deleted and forgotten long ago. A peer
 * that has caught up itself vouches for that. One that has not does not: two wiped nodes that start at once would vouch for
 * each other, and let old puts back in. Where all catch up, as after all have started again, all together know it.
 */

export class CatchingUp {
  readonly #graceMs: number;
  readonly #compared = new Set<string>();
  #since: number | undefined;

  /** `graceMs`: from the first comparison, until members that are down are not waited for. */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Not yet compared with. */
  isNew(peer: string): boolean {
    return !this.#compared.has(peer);
  }

  /** An exchange has ended. True: caught up. `members` and `connected`: the others. */
  compared(
    peer: string,
    isPeerCatchingUp: boolean,
    members: readonly string[],
    connected: readonly string[],
    nowMs: number,
  ): boolean {
    this.#since ??= nowMs;
    this.#compared.add(peer);
    const isGraceOver = nowMs - this.#since >= this.#graceMs;
    const wanted = isGraceOver ? connected : [...members, ...connected];
    if (isPeerCatchingUp && wanted.some((one) => this.isNew(one))) return false;
    this.#since = undefined;
    this.#compared.clear();
    return true;
  }
}
