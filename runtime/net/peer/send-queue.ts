/**
 * What waits for one connection, cut into frames. Messages of one stream (a service and a partition key) keep their
 * order; streams take turns frame by frame, so a long message delays those behind it in its own stream and nobody else.
 * The queue outlives its connection: what was cut and not finished begins anew on the next one.
 */
import { PIECE_BYTES } from './frames.ts';
import type { ServiceName } from './port.ts';
import { MAX_STREAMS } from './protocol.ts';

export interface Outgoing {
  readonly service: ServiceName;
  readonly stream: number;
  body: Uint8Array;
  inflatedSize: number;
  readonly monotonicKey: string | undefined;
  /** Of the acknowledged message, see windows.ts; 0: none. */
  readonly sequence: number;
}

export interface Piece {
  readonly message: Outgoing;
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

interface Queued {
  readonly message: Outgoing;
  /** 0: not begun. */
  id: number;
  sent: number;
}

export class SendQueue {
  readonly #maxStarted: number;
  readonly #streams = new Map<number, Fifo<Queued>>();
  /** Streams that wait for a turn, each once. */
  readonly #turns = new Fifo<number>();
  readonly #replaceable = new Map<string, Queued>();
  #bytes = 0;
  #startedBytes = 0;
  #started = 0;
  #lastId = 0;

  /** `maxStarted`: bytes in messages begun and not finished, what the receiver holds for us. */
  constructor(maxStarted: number) {
    this.#maxStarted = maxStarted;
  }

  /** Not yet given to a connection. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  push(message: Outgoing): void {
    const queued = { message, id: 0, sent: 0 };
    this.#bytes += message.body.length;
    const stream = this.#streams.get(message.stream);
    if (stream === undefined) {
      const created = new Fifo<Queued>();
      created.push(queued);
      this.#streams.set(message.stream, created);
      this.#turns.push(message.stream);
    } else {
      stream.push(queued);
    }
    if (message.monotonicKey !== undefined) this.#replaceable.set(keyOf(message), queued);
  }

  /** True: an older message with the same key, not begun, is gone, and this one has its place. */
  replace(message: Outgoing): boolean {
    if (message.monotonicKey === undefined) return false;
    const older = this.#replaceable.get(keyOf(message));
    if (older === undefined) return false;
    this.#bytes += message.body.length - older.message.body.length;
    older.message.body = message.body;
    older.message.inflatedSize = message.inflatedSize;
    return true;
  }

  /** The next piece, or undefined: nothing waits that may begin. */
  next(): Piece | undefined {
    for (let turns = this.#turns.size; turns > 0; turns--) {
      const stream = this.#turns.shift()!;
      const piece = this.#pieceOf(this.#streams.get(stream)!);
      if (this.#streams.get(stream)!.size > 0) this.#turns.push(stream);
      else this.#streams.delete(stream);
      if (piece !== undefined) return piece;
    }
    return undefined;
  }

  /** A number for a message that goes out whole, past the queue. */
  nextId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    return this.#lastId;
  }

  /** Forgets everything; what was in it, what was begun as a whole, in order within each stream. */
  clear(): readonly Outgoing[] {
    const all: Outgoing[] = [];
    for (const stream of this.#streams.values()) {
      for (let queued = stream.shift(); queued; queued = stream.shift()) all.push(queued.message);
    }
    this.#streams.clear();
    this.#replaceable.clear();
    while (this.#turns.size > 0) this.#turns.shift();
    this.#bytes = 0;
    this.#startedBytes = 0;
    this.#started = 0;
    return all;
  }

  #pieceOf(stream: Fifo<Queued>): Piece | undefined {
    const queued = stream.first!;
    const { message } = queued;
    const size = message.body.length;
    const isShort = size <= PIECE_BYTES;
    if (queued.id === 0) {
      if (!isShort && !this.#mayStart(size)) return undefined;
      queued.id = this.nextId();
      if (message.monotonicKey !== undefined) this.#forgetReplaceable(queued);
      if (!isShort) {
        this.#startedBytes += size;
        this.#started++;
      }
    }
    const start = queued.sent;
    const end = Math.min(size, start + PIECE_BYTES);
    queued.sent = end;
    this.#bytes -= end - start;
    if (end === size) {
      stream.shift();
      if (!isShort) {
        this.#startedBytes -= size;
        this.#started--;
      }
    }
    return { message, id: queued.id, start, end };
  }

  #mayStart(size: number): boolean {
    return this.#startedBytes + size <= this.#maxStarted && this.#started < MAX_STREAMS;
  }

  #forgetReplaceable(queued: Queued): void {
    const key = keyOf(queued.message);
    if (this.#replaceable.get(key) === queued) this.#replaceable.delete(key);
  }
}

function keyOf({ service, monotonicKey }: Outgoing): string {
  return `${service}:${monotonicKey}`;
}

/** First in, first out, in constant time. */
class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
