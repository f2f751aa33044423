/** What the other nodes have been told of what the store here has seen, by node and realm: a number each. */
import type { CausalHistory } from '../store/api.ts';
import { encodeCausal, CausalMarkers } from '../store/api.ts';

const NOTHING = new Uint8Array(0);

export class Markers {
  readonly #history: CausalHistory;
  readonly #links = new Map<string, Map<string, CausalMarkers>>();

  constructor(history: CausalHistory) {
    this.#history = history;
  }

  /** For the next batch to this node about this realm. Each realm has an order of its own, so each is told. */
  next(to: string, realm: string): Uint8Array {
    let realms = this.#links.get(to);
    if (!realms) this.#links.set(to, (realms = new Map<string, CausalMarkers>()));
    let markers = realms.get(realm);
    if (!markers) realms.set(realm, (markers = new CausalMarkers(this.#history)));
    const clock = markers.next();
    return clock ? encodeCausal(clock) : NOTHING;
  }

  /** Its next life, or the next link to it, knows nothing. */
  forget(to: string): void {
    this.#links.delete(to);
  }
}
