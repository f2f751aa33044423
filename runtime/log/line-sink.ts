/**
 * The end of the line: a stream in front of the real one. A reader that is too slow costs lines, counted and reported,
 * never memory without bound; a stream that failed costs the lines too, never the process.
 */
import { Writable } from 'node:stream';

const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

export class LineSink extends Writable {
  readonly #reportDropped: (lines: number) => string;
  #target: Writable;
  #dropped = 0;

  /** `reportDropped` makes the line that stands where lines are missing. */
  constructor(target: Writable, reportDropped: (lines: number) => string) {
    super({ decodeStrings: false });
    this.#target = target;
    this.#reportDropped = reportDropped;
  }

  /** Later lines go there; the caller closes the old one. */
  redirect(target: Writable): void {
    this.#target = target;
  }

  override _write(line: string, _encoding: BufferEncoding, done: () => void): void {
    this.#forward(line);
    done();
  }

  #forward(line: string): void {
    const target = this.#target;
    if (!target.writable || target.writableLength > MAX_BUFFERED_BYTES) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      target.write(this.#reportDropped(this.#dropped));
      this.#dropped = 0;
    }
    target.write(line);
  }
}
