/** Virtual time: a binary heap of what is due, in order of time and then of asking. */

export interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isOff: boolean;
}

export class EventQueue {
  readonly #heap: Due[] = [];
  #order = 0;
  now = 0;

  /** At `at`, or at once if that is over. */
  push(at: number, run: () => void): Due {
    const due = { at: Math.max(at, this.now), order: this.#order++, run, isOff: false };
    let child = this.#heap.push(due) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (isBefore(this.#heap[parent]!, due)) break;
      this.#heap[child] = this.#heap[parent]!;
      child = parent;
    }
    this.#heap[child] = due;
    return due;
  }

  /** Runs what is due within so many ms, and `after` behind each. */
  run(ms: number, after?: () => void): void {
    const end = this.now + ms;
    while (this.#heap.length > 0 && this.#heap[0]!.at <= end) {
      const due = this.#pop();
      if (due.isOff) continue;
      this.now = due.at;
      due.run();
      after?.();
    }
    this.now = end;
  }

  #pop(): Due {
    const first = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(due, heap[child]!)) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = due;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
