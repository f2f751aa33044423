/**
 * Who has something to write. `flushAll` runs at the end of a turn, so that everything a turn says to one peer
 * leaves in one write; sends outside of any turn are flushed by the event loop's check phase.
 */
export interface Flushable {
  flush(): void;
}

export class FlushList {
  /** They make others dirty. */
  readonly #first = new Set<Flushable>();
  #dirty: Flushable[] = [];
  #spare: Flushable[] = [];
  #isArmed = false;
  /** A turn runs, and its end will flush. */
  #isInTurn = false;

  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    this.#arm();
  }

  /** For who writes to sockets when it is flushed: goes before them, so that they leave in the same turn. */
  addFirst(flushable: Flushable): void {
    this.#first.add(flushable);
    this.#arm();
  }

  /** For the start of a turn: what is added until `flushAll` needs no call of its own. Fields, to be handed out as hooks. */
  readonly turnStarts = (): void => {
    this.#isInTurn = true;
  };

  /** For the end of a turn. */
  readonly flushAll = (): void => {
    this.#isInTurn = true;
    for (const flushable of this.#first) {
      this.#first.delete(flushable);
      flushable.flush();
    }
    this.#isInTurn = false;
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = this.#spare; // what a flush makes dirty waits for the next one
    for (let i = 0; i < dirty.length; i++) dirty[i].flush();
    dirty.length = 0;
    this.#spare = dirty;
  };

  #arm(): void {
    if (this.#isInTurn || this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(this.#onCheck);
  }

  readonly #onCheck = (): void => {
    this.#isArmed = false;
    this.flushAll();
  };
}
