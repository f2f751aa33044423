/** Which reports of which routers every node that is up has by now. */
import type { Peer } from './tables.ts';

interface Waiting {
  readonly realm: string;
  readonly token: number;
  readonly sequence: number;
}

export class Applied {
  readonly #tell: (realm: string, token: number) => void;
  #waiting: Waiting[] = [];

  constructor(tell: (realm: string, token: number) => void) {
    this.#tell = tell;
  }

  /** `sequence`: the last change of the report. */
  expect(realm: string, token: number, sequence: number): void {
    this.#waiting.push({ realm, token, sequence });
  }

  /** Only nodes that are up are waited for: others may never answer. */
  check(peers: Iterable<Peer>): void {
    if (this.#waiting.length === 0) return;
    let everywhere = Infinity;
    for (const { state, acked } of peers) {
      if (state === 'up' && acked < everywhere) everywhere = acked;
    }
    let done = 0;
    while (done < this.#waiting.length && this.#waiting[done].sequence <= everywhere) done++;
    for (const { realm, token } of this.#waiting.splice(0, done)) this.#tell(realm, token);
  }
}
