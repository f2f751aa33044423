/**
 * What a payload says, token by token, in no serializer: the middle of `transcode.ts`. Integers are two 32-bit halves
 * and strings are ranges of bytes, so 64 bits, 1.0 and binaries survive and nearly nothing is allocated.
 */
import type { ByteWriter } from './writer.ts';

export interface TokenSink {
  /** Where the tokens go; set before the first. */
  into: ByteWriter;
  /** Why the payload cannot be said; what was written is then worthless. Sources set it too. */
  problem: string | undefined;

  /** Before element `index` of a list or of the payload, key `index` of a map, and the value of a key. */
  item(index: number): void;
  key(index: number): void;
  value(): void;

  nil(): void;
  boolean(value: boolean): void;
  /** `high * 2^32 + low`, or if negative -1 minus that: every int64 and uint64. */
  integer(isNegative: boolean, high: number, low: number): void;
  /** An integer beyond 64 bits. */
  bigInteger(value: bigint): void;
  float(value: number): void;
  /** UTF-8. */
  text(bytes: Uint8Array, start: number, end: number): void;
  binary(bytes: Uint8Array, start: number, end: number): void;
  /** `size` is -1 where the source learns it only at the end. */
  openList(size: number): void;
  openMap(size: number): void;
  /** `count` is how many there were if the size was unknown, else -1. */
  closeList(count: number): void;
  closeMap(count: number): void;
}

export const PROBLEMS = {
  key: 'a map key that is no string or integer',
  nulText: 'a string that begins with U+0000',
  base64: 'bad base64 after U+0000',
  notFinite: 'NaN or an infinity',
  beyond64: 'an integer beyond 64 bits',
  beyond128: 'an integer beyond 128 bits',
  beyondFloat: 'a number beyond float64',
  tag: 'a CBOR tag that changes the meaning of its content',
  simple: 'a CBOR simple value without a meaning',
  extension: 'a MessagePack extension type',
  malformed: 'malformed',
} as const;

/** As an integer of 64 bits where it is one. */
export function emitBigint(value: bigint, sink: TokenSink): void {
  const isNegative = value < 0n;
  const magnitude = isNegative ? -1n - value : value;
  if (magnitude >= 1n << 64n) return sink.bigInteger(value);
  sink.integer(isNegative, Number(magnitude >> 32n), Number(magnitude & 0xffffffffn));
}
