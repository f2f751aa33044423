/** What an engine's file has to bring; order, closing, limits and failures as values are added in gated-storage.ts. */
import type { Entry, Range, ScanOptions, Write } from './storage.ts';

/** Node's convention: an error, or a value. Never called within the call that asked. */
export type Done<T> = (error: Error | null | undefined, value?: T) => void;

export interface RawDatabase {
  get(key: Uint8Array, done: Done<Uint8Array | undefined>): void;
  getMany(keys: readonly Uint8Array[], done: Done<readonly (Uint8Array | undefined)[]>): void;
  batch(writes: readonly Write[], sync: boolean, done: Done<void>): void;
  scan(options: ScanOptions): RawScan;
  clear(range: Range, done: Done<void>): void;
  approximateSize(gte: Uint8Array, lt: Uint8Array, done: Done<number>): void;
  /** Called once, when nothing is asked any more and every scan has ended. */
  close(done: Done<void>): void;
}

export interface RawScan {
  /** Nothing: the end. */
  next(maxEntries: number, done: Done<readonly Entry[]>): void;
  end(done: Done<void>): void;
}

/** The same memory as a Buffer, which is what the bindings take. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The order of keys: byte by byte, the shorter first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}
