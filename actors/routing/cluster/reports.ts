/** What this realm has to tell the registry, collected while one message is handled and reported in one. */
import type { Entry, LocalChange } from '../../registry/api.ts';

export interface Report {
  readonly changes: readonly LocalChange[];
  readonly token: number;
}

export class Reports {
  readonly #last: { token: number };
  #changes: LocalChange[] = [];

  /** `last`: outlives the router, so that no token comes twice. */
  constructor(last: { token: number }) {
    this.#last = last;
  }

  /** Returns the token that is confirmed when every node knows. */
  add(key: string, entry: Entry): number {
    this.#changes.push({ kind: 'add', key, entry });
    return this.#last.token + 1;
  }

  remove(key: string): void {
    this.#changes.push({ kind: 'remove', key });
  }

  /** A token for a report of everything; what was collected is in it. */
  renew(): number {
    this.#changes = [];
    return ++this.#last.token;
  }

  take(): Report | undefined {
    if (this.#changes.length === 0) return undefined;
    const changes = this.#changes;
    this.#changes = [];
    return { changes, token: ++this.#last.token };
  }
}
