/**
 * What one connection has on its way: a ping goes along with every piece of bulk, and its pong says that the piece was
 * read. Pongs come in the order of the pings, because the stream keeps it and each is answered at once.
 */
export interface Asked {
  readonly token: number;
  /** Bulk that is read when this is answered; 0: a heartbeat. */
  readonly bytes: number;
  readonly at: number;
}

export class Flight {
  readonly #asked = new Map<number, Asked>();
  #token = 0;
  #bytes = 0;

  /** Bulk that nobody has said to have read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Pings without an answer. */
  get unanswered(): number {
    return this.#asked.size;
  }

  /** The token of a ping that goes out now, behind so much bulk. */
  ask(bytes: number, now: number): number {
    this.#token = (this.#token + 1) >>> 0;
    this.#asked.set(this.#token, { token: this.#token, bytes, at: now });
    this.#bytes += bytes;
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
