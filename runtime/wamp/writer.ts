/** A growing byte buffer that codecs and transports append to. Plain fields, because it is the hottest object. */
export class ByteWriter {
  buffer: Buffer;
  /** Next free byte. */
  at = 0;

  readonly #allocate: (size: number) => Buffer;

  /** `allocate` gives buffers of at least the size asked for; the outgrown one is its owner's to give back. */
  constructor(size = 4096, allocate: (size: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.#allocate = allocate;
    this.buffer = allocate(size);
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    const wanted = this.at + size;
    if (wanted <= this.buffer.length) return;
    const grown = this.#allocate(Math.max(wanted, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.reserve(size);
    if (size < 48) {
      const { buffer } = this;
      let at = this.at;
      for (let i = start; i < end; i++) buffer[at++] = source[i];
    } else {
      Buffer.prototype.copy.call(source, this.buffer, this.at, start, end);
    }
    this.at += size;
  }
}
