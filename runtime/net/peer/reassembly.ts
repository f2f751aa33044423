/**
 * Messages out of pieces. Nothing is allocated for what a peer only claims: pieces are kept as they come, and both the
 * bytes claimed and the number of unfinished messages are bounded per connection.
 */
import type { Frame, MessageHead } from './frames.ts';
import { MAX_STREAMS } from './protocol.ts';

export interface WholeMessage {
  readonly head: MessageHead;
  /** A copy that pins nothing but itself. */
  readonly body: Uint8Array;
}

interface Partial {
  readonly head: MessageHead;
  readonly pieces: Uint8Array[];
  received: number;
}

export class Reassembly {
  readonly #maxBytes: number;
  readonly #partials = new Map<number, Partial>();
  #claimed = 0;

  /** `maxBytes`: of one message, and of all unfinished ones together. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Messages of which only a part has come. */
  get unfinished(): number {
    return this.#partials.size;
  }

  /**
   * `isOwn`: nobody else needs `bytes`, so pieces of it are kept without a copy. The message that this piece completes; undefined: more to come; a text: the peer breaks the protocol.
   */
  add(
    bytes: Uint8Array,
    frame: Frame & { kind: 'data' },
    isOwn: boolean,
  ): WholeMessage | undefined | string {
    const { id, head, isLast, start, end } = frame;
    const partial = this.#partials.get(id);
    if (head === undefined) {
      if (partial === undefined) return 'a piece of no message';
      return this.#continue(partial, id, kept(bytes, start, end, isOwn), isLast);
    }
    if (partial !== undefined) return 'a message begins within itself';
    if (head.size > this.#maxBytes) return `a message of ${head.size} bytes`;
    if (isLast) {
      return end - start === head.size
        ? { head, body: kept(bytes, start, end, isOwn) }
        : WRONG_SIZE;
    }
    if (end - start >= head.size) return WRONG_SIZE;
    if (this.#partials.size >= MAX_STREAMS) return 'too many unfinished messages';
    if (this.#claimed + head.size > this.#maxBytes) return 'too many bytes in unfinished messages';
    this.#claimed += head.size;
    this.#partials.set(id, {
      head,
      pieces: [kept(bytes, start, end, isOwn)],
      received: end - start,
    });
    return undefined;
  }

  #continue(
    partial: Partial,
    id: number,
    piece: Uint8Array,
    isLast: boolean,
  ): WholeMessage | undefined | string {
    const { head } = partial;
    partial.received += piece.length;
    if (partial.received > head.size || piece.length === 0) return WRONG_SIZE;
    if (isLast !== (partial.received === head.size)) return WRONG_SIZE;
    partial.pieces.push(piece);
    if (!isLast) return undefined;
    this.#partials.delete(id);
    this.#claimed -= head.size;
    return { head, body: joined(partial.pieces, head.size) };
  }
}

const WRONG_SIZE = 'a message of another size than it said';

/** A plain view: the methods of a Buffer mean other things than those of a Uint8Array. */
function kept(bytes: Uint8Array, start: number, end: number, isOwn: boolean): Uint8Array {
  if (!isOwn) return new Uint8Array(bytes.subarray(start, end));
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(size);
  const whole = new Uint8Array(buffer);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
