/**
 * A heap of deadlines. Only what has a timeout enters; what is answered earlier leaves a stale entry behind, which
 * is skipped when its time comes or swept when stale entries outnumber the live ones.
 */

/** What has a deadline. */
export interface Due {
  /** Monotonic ms; 0: none. Written by this heap only. */
  deadline: number;
}

interface Entry<T> {
  readonly at: number;
  readonly item: T;
}

const SWEEP_FROM = 64;

export class Deadlines<T extends Due> {
  #heap: Entry<T>[] = [];
  #live = 0;

  /** Entries held, stale ones included. */
  get size(): number {
    return this.#heap.length;
  }

  /** Sets the deadline of something that has none. */
  set(item: T, deadline: number): void {
    item.deadline = deadline;
    this.#live++;
    push(this.#heap, { at: deadline, item });
  }

  /** Moves a deadline to a later time; nothing happens to what has none. */
  postpone(item: T, deadline: number): void {
    if (item.deadline > 0) item.deadline = deadline; // its entry is put back when it comes up
  }

  clear(item: T): void {
    if (item.deadline === 0) return;
    item.deadline = 0;
    this.#live--;
    if (this.#heap.length > SWEEP_FROM && this.#heap.length > 2 * this.#live) this.#sweep();
  }

  /** The next thing whose time has come; it has no deadline any more. */
  takeDue(now: number): T | undefined {
    const first = this.#first();
    if (!first || first.at > now) return undefined;
    pop(this.#heap);
    first.item.deadline = 0;
    this.#live--;
    return first.item;
  }

  /** Monotonic ms of the next deadline. */
  next(): number | undefined {
    return this.#first()?.at;
  }

  #first(): Entry<T> | undefined {
    for (;;) {
      const entry = this.#heap[0] as Entry<T> | undefined;
      if (!entry || entry.at === entry.item.deadline) return entry;
      pop(this.#heap);
      const { item } = entry;
      if (item.deadline > entry.at) push(this.#heap, { at: item.deadline, item });
    }
  }

  #sweep(): void {
    const heap: Entry<T>[] = [];
    for (const { item } of this.#heap) {
      if (item.deadline > 0) push(heap, { at: item.deadline, item });
    }
    this.#heap = heap;
  }
}

function push<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent].at <= entry.at) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = entry;
}

function pop<T>(heap: Entry<T>[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
    if (heap[child].at >= last.at) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
}
