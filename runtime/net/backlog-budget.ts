/**
 * What all peers together may leave unread. Each connection has a limit of its own, but many slow ones under theirs
 * would still fill the memory; then those that owe most are cut until there is room again.
 */

/** A connection whose bytes the operating system does not take now. */
export interface Debtor {
  readonly backlog: number;
  /** Must end in `change` with what is left of it, which is nothing. */
  cutForRoom(): void;
}

/** Cutting goes on until this part of the limit is used, so that it is not done for every write. */
const ENOUGH = 7 / 8;

export class BacklogBudget {
  readonly #maxBytes: () => number;
  readonly #debtors = new Set<Debtor>();
  #bytes = 0;
  #isCutting = false;

  /** `maxBytes` is asked each time: a reload may change it. */
  constructor(maxBytes: () => number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes unread by everybody. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `debtor` owes `by` bytes more (or fewer), `total` in all. */
  change(debtor: Debtor, by: number, total: number): void {
    this.#bytes += by;
    if (total > 0) this.#debtors.add(debtor);
    else this.#debtors.delete(debtor);
    if (by > 0 && this.#bytes > this.#maxBytes()) this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.#isCutting) return;
    this.#isCutting = true;
    const enough = this.#maxBytes() * ENOUGH;
    const worstFirst = [...this.#debtors].sort((left, right) => right.backlog - left.backlog);
    for (const debtor of worstFirst) {
      if (this.#bytes <= enough) break;
      debtor.cutForRoom();
    }
    this.#isCutting = false;
  }
}
