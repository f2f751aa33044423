/** A queue that is read with a deadline: what a test waits on instead of sleeping. */

interface Waiter<T> {
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  #end: string | undefined;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const waiter = this.#waiters.shift();
    if (!waiter) {
      this.#items.push(item);
      return;
    }
    clearTimeout(waiter.timer);
    waiter.resolve(item);
  }

  /** Nothing comes any more; whoever waits is told why. */
  end(why: string): void {
    this.#end ??= why;
    for (const waiter of this.#waiters.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.reject(new Error(`nothing came before ${this.#end}`));
    }
  }

  next(timeoutMs: number, what: string): Promise<T> {
    const [first] = this.#items;
    if (this.#items.length > 0) {
      this.#items.shift();
      return Promise.resolve(first as T);
    }
    if (this.#end !== undefined) {
      return Promise.reject(new Error(`waited for ${what}, but ${this.#end}`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new Error(`no ${what} within ${timeoutMs} ms`));
      }, timeoutMs);
      const waiter: Waiter<T> = { resolve, reject, timer };
      this.#waiters.push(waiter);
    });
  }
}
