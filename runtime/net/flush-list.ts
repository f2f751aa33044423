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

  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(this.#onCheck);
  }

  /** A field, so that it can be handed out as a hook. */
  readonly flushAll = (): void => {
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
