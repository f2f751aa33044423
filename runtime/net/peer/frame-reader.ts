/**
 * Frames out of a byte stream, one at a time, so that the reader can stop between any two. A frame that lies within
 * one chunk is not copied; one that spans chunks is gathered in a buffer of its own size.
 */
import { uint32 } from '../../wamp/big-endian.ts';
import { LENGTH_BYTES } from './frames.ts';

export class FrameReader {
  /** Where the frame that `next` found is. Valid until the next call. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** Whether `bytes` holds this frame only, so that keeping a part of it pins no chunk of a socket. */
  isOwn = false;
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #at = 0;
  #gathered: Uint8Array | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** Bytes that were pushed and not looked at yet. */
  get hasMore(): boolean {
    return this.#chunks.length > 0;
  }

  /** What comes after the frames that were taken: for whoever reads on. */
  rest(): Uint8Array[] {
    const chunks = this.#chunks.splice(0);
    if (chunks.length > 0) chunks[0] = chunks[0].subarray(this.#at);
    if (this.#gathered) chunks.unshift(this.#gathered.subarray(0, this.#filled));
    this.#gathered = undefined;
    this.#at = 0;
    return chunks;
  }

  /** `frame`: see `bytes`, `start`, `end`. `too_long`, `empty`: the peer breaks the protocol. */
  next(): 'frame' | 'none' | 'too_long' | 'empty' {
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      if (this.#gathered === undefined) {
        const left = chunk.length - this.#at;
        const size = left < LENGTH_BYTES ? 0 : uint32(chunk, this.#at);
        if (left >= LENGTH_BYTES) {
          if (size > this.#maxBytes) return 'too_long';
          if (size === 0) return 'empty';
          if (left >= LENGTH_BYTES + size) {
            return this.#found(chunk, this.#at + LENGTH_BYTES, size);
          }
        }
        this.#gathered = Buffer.allocUnsafeSlow(LENGTH_BYTES + size);
        this.#filled = 0;
      }
      this.#gather(chunk);
      if (this.#filled < this.#gathered.length) continue;
      if (this.#filled > LENGTH_BYTES) {
        this.bytes = this.#gathered;
        this.start = LENGTH_BYTES;
        this.end = this.#filled;
        this.isOwn = true;
        this.#gathered = undefined;
        return 'frame';
      }
      const size = uint32(this.#gathered, 0);
      if (size > this.#maxBytes) return 'too_long';
      if (size === 0) return 'empty';
      const whole = Buffer.allocUnsafeSlow(LENGTH_BYTES + size);
      whole.set(this.#gathered);
      this.#gathered = whole;
    }
    return 'none';
  }

  #found(chunk: Uint8Array, start: number, size: number): 'frame' {
    this.bytes = chunk;
    this.start = start;
    this.end = start + size;
    this.isOwn = false;
    this.#advance(chunk, this.end);
    return 'frame';
  }

  #gather(chunk: Uint8Array): void {
    const wanted = this.#gathered!.length - this.#filled;
    const stop = Math.min(chunk.length, this.#at + wanted);
    this.#gathered!.set(chunk.subarray(this.#at, stop), this.#filled);
    this.#filled += stop - this.#at;
    this.#advance(chunk, stop);
  }

  #advance(chunk: Uint8Array, at: number): void {
    this.#at = at;
    if (at < chunk.length) return;
    this.#chunks.shift();
    this.#at = 0;
  }
}

const EMPTY = new Uint8Array(0);
