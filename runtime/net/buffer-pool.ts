/**
 * Output buffers that are used again: an idle connection holds none, a busy one takes one when it has something
 * to say and gives it back when the operating system has taken the bytes.
 *
 * Sizes are powers of two from 4 KiB to 256 KiB, each on its own stack (last in, first out, so that the warm one
 * is used next). What is larger or over the bound is left to the garbage collector.
 */
import { ByteWriter } from '../wamp/writer.ts';

const SMALLEST_BITS = 12;
const LARGEST_BITS = 18;

export const SMALLEST_BUFFER = 1 << SMALLEST_BITS;

export class BufferPool {
  /** The one writer all messages are encoded with; whoever uses it points it at its own buffer first. */
  readonly pen: ByteWriter;
  readonly #stacks: Buffer[][] = [];
  readonly #bytesPerSize: number;

  /** `bytesPerSize`: bytes kept of each size at most. Too low: more garbage in a fan-out; too high: memory kept. */
  constructor(bytesPerSize = 4 * 1024 * 1024) {
    this.#bytesPerSize = bytesPerSize;
    for (let bits = SMALLEST_BITS; bits <= LARGEST_BITS; bits++) this.#stacks.push([]);
    this.pen = new ByteWriter(SMALLEST_BUFFER, (size) => this.take(size));
  }

  /** A buffer of at least `size` bytes, with whatever was in it before. */
  take(size: number): Buffer {
    const bits = bitsFor(size);
    if (bits > LARGEST_BITS) return Buffer.allocUnsafeSlow(size);
    return this.#stacks[bits - SMALLEST_BITS].pop() ?? Buffer.allocUnsafeSlow(1 << bits);
  }

  give(buffer: Buffer): void {
    const size = buffer.length;
    const bits = bitsFor(size);
    if (bits > LARGEST_BITS || size !== 1 << bits) return;
    const stack = this.#stacks[bits - SMALLEST_BITS];
    if ((stack.length + 1) * size <= this.#bytesPerSize) stack.push(buffer);
  }

  /** Buffers waiting to be used again. */
  get idle(): number {
    return this.#stacks.reduce((sum, stack) => sum + stack.length, 0);
  }
}

function bitsFor(size: number): number {
  return size <= SMALLEST_BUFFER ? SMALLEST_BITS : 32 - Math.clz32(size - 1);
}
