/**
 * Canonical bytes: one value, one encoding, on every node. Rows are hashed and compared by their bytes, so an integer
 * has only its shortest form (LEB128) and text is strict UTF-8. A reader never throws: after the first fault it reads
 * zeros and remembers the fault, so that a decoder checks once, at its end.
 */
import { Malformed } from './malformed.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const EMPTY_BYTES = new Uint8Array(0);

/** Bytewise order, as the disk engines have it; a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** The order of text on all nodes: by UTF-16 code unit, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export class ByteWriter {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Whole numbers from 0 to 2^53 - 1, in 1 to 8 bytes. */
  integer(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not encodable: ${value}`);
    this.#reserve(8);
    while (value >= 0x80) {
      this.#bytes[this.#length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Whole numbers of either sign: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
  signed(value: number): this {
    return this.integer(value < 0 ? -2 * value - 1 : 2 * value);
  }

  uint32(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
    return this;
  }

  uint64(value: bigint): this {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, value);
    this.#length += 8;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** With its length before it. */
  bytes(bytes: Uint8Array): this {
    return this.integer(bytes.length).raw(bytes);
  }

  text(text: string): this {
    return this.bytes(encoder.encode(text));
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #fault: Malformed | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The first fault, or trailing bytes. A decoder asks once, when it believes to be at the end. */
  get fault(): Malformed | undefined {
    if (this.#fault === undefined && this.#at < this.#bytes.length) this.fail('trailing bytes');
    return this.#fault;
  }

  /** For loops: reading on would only produce zeros. */
  get hasFailed(): boolean {
    return this.#fault !== undefined;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length || this.hasFailed;
  }

  fail(reason: string): void {
    this.#fault ??= new Malformed(reason);
  }

  byte(): number {
    return this.#take(1) ? this.#bytes[this.#at - 1]! : 0;
  }

  /** At most `limit`; an integer in a longer form than needed is a fault. */
  integer(limit = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (byte === 0 && scale > 1) break;
      if (value <= limit) return value;
      this.fail('integer too large');
      return 0;
    }
    this.fail('integer not in its shortest form');
    return 0;
  }

  signed(): number {
    const value = this.integer();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  uint32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#at - 4) : 0;
  }

  uint64(): bigint {
    return this.#take(8) ? this.#view.getBigUint64(this.#at - 8) : 0n;
  }

  /** A copy: what is kept must not pin the chunk it came in. */
  raw(size: number): Uint8Array {
    return this.#take(size) ? this.#bytes.slice(this.#at - size, this.#at) : EMPTY_BYTES;
  }

  bytes(limit: number): Uint8Array {
    return this.raw(this.integer(limit));
  }

  text(limit: number): string {
    const size = this.integer(limit);
    if (!this.#take(size)) return '';
    try {
      return decoder.decode(this.#bytes.subarray(this.#at - size, this.#at));
    } catch {
      this.fail('text is not UTF-8');
      return '';
    }
  }

  /** A count of things of at least `leastBytes` each: more than the bytes left can hold is a fault. */
  count(limit: number, leastBytes: number): number {
    const count = this.integer(limit);
    if (count * leastBytes <= this.#bytes.length - this.#at) return count;
    this.fail('count exceeds the bytes');
    return 0;
  }

  #take(size: number): boolean {
    if (this.#fault !== undefined) return false;
    if (size > this.#bytes.length - this.#at) {
      this.fail('truncated');
      return false;
    }
    this.#at += size;
    return true;
  }
}

/** Big-endian words of 32 bits. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function setWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
