/**
 * What one connection has on its way: pings go along with the bulk, and a pong says that everything before its ping was
 * read. Pongs come in the order of the pings, because the stream keeps it and each is answered at once.
 */
export interface Asked {
  readonly token: number;
  /** Bulk since the ping before it; 0: a heartbeat. */
  readonly bytes: number;
  readonly at: number;
}

export class Flight {
  readonly #asked = new Map<number, Asked>();
  #token = 0;
  #bytes = 0;
  #unasked = 0;

  /** Bulk that nobody has said to have read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Pings without an answer. */
  get unanswered(): number {
    return this.#asked.size;
  }

  /** True: a ping is due behind it. */
  sent(bytes: number, pingBytes: number): boolean {
    this.#bytes += bytes;
    this.#unasked += bytes;
    return this.#unasked >= pingBytes;
  }

  /** The token of a ping that goes out now. */
  ask(now: number): number {
    this.#token = (this.#token + 1) >>> 0;
    this.#asked.set(this.#token, { token: this.#token, bytes: this.#unasked, at: now });
    this.#unasked = 0;
    return this.#token;
  }

  /** Undefined: this is not the answer that comes next. */
  answered(token: number): Asked | undefined {
    for (const next of this.#asked.values()) {
      if (next.token !== token) return undefined;
      this.#asked.delete(token);
      this.#bytes -= next.bytes;
      return next;
    }
    return undefined;
  }
}
