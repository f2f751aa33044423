/**
 * Who has something to write. `flushAll` runs at the end of a turn, so that everything a turn says to one peer
 * leaves in one write; sends outside of any turn are flushed by the event loop's check phase.
 */
export interface Flushable {
  flush(): void;
}

export class FlushList {
  #dirty: Flushable[] = [];
  #spare: Flushable[] = [];
  #isArmed = false;
  /** A turn runs, and its end will flush. */
  #isInTurn = false;

  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    if (this.#isInTurn || this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(this.#onCheck);
  }

  /** For the start of a turn: what is added until `flushAll` needs no call of its own. Fields, to be handed out as hooks. */
  readonly turnStarts = (): void => {
    this.#isInTurn = true;
  };

  /** For the end of a turn. */
  readonly flushAll = (): void => {
    this.#isInTurn = false;
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = this.#spare; // what a flush makes dirty waits for the next one
    for (let i = 0; i < dirty.length; i++) dirty[i].flush();
    dirty.length = 0;
    this.#spare = dirty;
  };

  readonly #onCheck = (): void => {
    this.#isArmed = false;
    this.flushAll();
  };
}
