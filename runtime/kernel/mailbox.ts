/**
 * A bounded mailbox: a ring of messages with a policy for when it is full.
 *
 * An actor has one of its own per incarnation, unless its definition names one that a supervisor keeps. A kept
 * mailbox outlives its readers: senders go on casting to it, and the next incarnation continues where the last
 * one stopped. The message that killed a reader is never delivered again, only shown once to its successor.
 */
import type { Delivery, MailboxOptions, Target } from './actor.ts';

/** Who reads a mailbox: told when there is something to read, or when the `exit` policy was hit. */
export interface Reader {
  wake(): void;
  overflowed(limit: number): void;
}

export const DEFAULT_MAILBOX: MailboxOptions = { limit: 100_000, onFull: 'refuse' };

const SMALLEST = 8;
/** A drained ring larger than this is given back. */
const KEPT_CAPACITY = 1024;
const NOTHING: never[] = [];

export class Mailbox<M> implements Target<M> {
  readonly #limit: number;
  readonly #onFull: MailboxOptions['onFull'];
  // A ring whose length is a power of two; empty until the first message, because most actors are idle.
  #items: (M | undefined)[] = NOTHING;
  #head = 0;
  #count = 0;
  #reader: Reader | undefined = undefined;
  #lost = 0;
  #interrupted: { readonly message: M } | undefined = undefined;

  constructor(options: MailboxOptions = DEFAULT_MAILBOX) {
    if (!Number.isSafeInteger(options.limit) || options.limit < 1) {
      throw new RangeError(`mailbox limit must be a positive integer, not ${options.limit}`);
    }
    this.#limit = options.limit;
    this.#onFull = options.onFull;
  }

  /** Messages waiting. */
  get size(): number {
    return this.#count;
  }

  /** Messages refused or dropped so far. */
  get lost(): number {
    return this.#lost;
  }

  cast(message: M): Delivery {
    if (this.#count >= this.#limit) return this.#overflow(message);
    this.#push(message);
    if (this.#reader !== undefined) this.#reader.wake();
    return 'accepted';
  }

  /** Takes a message in although the mailbox is full: answers and timers, which their reader asked for. */
  admit(message: M): void {
    this.#push(message);
    if (this.#reader !== undefined) this.#reader.wake();
  }

  /** The oldest message. Only to be asked when `size` says there is one. */
  take(): M {
    const items = this.#items;
    const head = this.#head;
    const message = items[head] as M;
    items[head] = undefined;
    this.#head = (head + 1) & (items.length - 1);
    if (--this.#count === 0 && items.length > KEPT_CAPACITY) this.#release();
    return message;
  }

  /** For a reader that has only begun with its message: it is the oldest again. */
  putBack(message: M): void {
    if (this.#count === this.#items.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#items.length - 1);
    this.#items[this.#head] = message;
    this.#count++;
    if (this.#reader !== undefined) this.#reader.wake();
  }

  /** The message that was being handled when the last reader died; once, then undefined. */
  takeInterrupted(): M | undefined {
    const interrupted = this.#interrupted;
    this.#interrupted = undefined;
    return interrupted?.message;
  }

  /** For the kernel: this reader's last message threw. */
  interrupt(message: M): void {
    this.#interrupted = { message };
  }

  /** For the kernel: `reader` reads from now on. A mailbox has one reader at a time. */
  attach(reader: Reader): void {
    if (this.#reader !== undefined) throw new Error('mailbox already has a living reader');
    this.#reader = reader;
    if (this.#count > 0) reader.wake();
  }

  /** For the kernel: messages wait, within the limit, for the next reader. */
  detach(reader: Reader): void {
    if (this.#reader === reader) this.#reader = undefined;
  }

  /** Forgets what waits: nobody will ever read it. */
  clear(): void {
    this.#release();
    this.#count = 0;
  }

  #overflow(message: M): Delivery {
    this.#lost++;
    if (this.#onFull === 'drop_oldest') {
      this.take();
      this.#push(message);
      return 'accepted';
    }
    if (this.#onFull === 'exit') this.#reader?.overflowed(this.#limit);
    return 'refused';
  }

  #push(message: M): void {
    if (this.#count === this.#items.length) this.#grow();
    const items = this.#items;
    items[(this.#head + this.#count) & (items.length - 1)] = message;
    this.#count++;
  }

  #grow(): void {
    const old = this.#items;
    const grown = new Array<M | undefined>(Math.max(SMALLEST, old.length * 2)).fill(undefined);
    for (let i = 0; i < this.#count; i++) grown[i] = old[(this.#head + i) & (old.length - 1)];
    this.#items = grown;
    this.#head = 0;
  }

  #release(): void {
    this.#items = NOTHING;
    this.#head = 0;
  }
}
