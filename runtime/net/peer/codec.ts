/**
 * Bodies of messages between nodes: CBOR, read and written by the project's own codec. Not by cbor-x, because a body
 * must come back as it was sent: that library turns integers above 2^32 into floats, renames the key `__proto__`
 * (which a client may well use as a procedure), and writes lone surrogates that a strict reader refuses. Ours is exact,
 * and up to 40 % slower at decoding.
 *
 * What arrives is judged by prescan.ts first. A decoded value has the right kinds and nothing more: each service checks
 * its shape before use.
 */
import { Malformed } from '../../structures/malformed.ts';
import { readValue } from '../../wamp/cbor/read.ts';
import { clearProblem, problem, writeValue } from '../../wamp/cbor/write.ts';
import { faultText } from '../../wamp/faults.ts';
import { ByteWriter } from '../../wamp/writer.ts';
import { prescan, TOO_MANY_ITEMS } from './prescan.ts';

/**
 * What a body can say. Integers come back as numbers where these are exact (within ±2^53) and as bigints beyond, up to
 * 128 bits, however they were sent. Text is well-formed Unicode; lone surrogates become U+FFFD.
 */
export type PlainValue =
  null | boolean | number | bigint | string | Uint8Array | readonly PlainValue[] | PlainMap;

/**
 * Read with a null prototype, so every key is a key like any other. Undefined values are left out when written. Keys
 * keep their order, except that JavaScript puts keys like '12' first.
 */
export interface PlainMap {
  readonly [key: string]: PlainValue | undefined;
}

export interface BodyLimits {
  /** Containers within containers, at most 64. */
  readonly maxDepth: number;
  /** Values in all. Each costs up to about a hundred bytes of memory, whatever it costs on the wire. */
  readonly maxItems: number;
  readonly maxBytes: number;
}

export const BODY_LIMITS: BodyLimits = {
  maxDepth: 32,
  maxItems: 1_000_000,
  maxBytes: 64 * 1024 * 1024,
};

const pen = new ByteWriter(4096);
/** A larger buffer is not kept. */
const KEPT_BYTES = 1024 * 1024;

/** Throws when a bigint has more than 128 bits: nobody could read it. */
export function encodeBody(value: PlainValue): Uint8Array {
  pen.at = 0;
  clearProblem();
  writeValue(value, pen);
  if (problem !== undefined) throw new RangeError(`a body cannot say ${problem}`);
  const body = new Uint8Array(pen.buffer.subarray(0, pen.at));
  if (pen.buffer.length > KEPT_BYTES) pen.buffer = Buffer.allocUnsafeSlow(4096);
  return body;
}

/** Never throws. Nothing of the result shares memory with `bytes`. */
export function decodeBody(
  bytes: Uint8Array,
  limits: BodyLimits = BODY_LIMITS,
): PlainValue | Malformed {
  if (bytes.length > limits.maxBytes) return new Malformed('too long');
  const end = prescan(bytes, limits.maxDepth, limits.maxItems);
  if (end === TOO_MANY_ITEMS) return new Malformed('too many values');
  if (end < 0) return new Malformed(faultText(end));
  if (end < bytes.length) return new Malformed('bytes after the value');
  const value = readValue(bytes, 0);
  return value === undefined ? new Malformed('malformed') : value;
}

/** True for a string-keyed map, so that a parser can look at its members. */
export function isMap(value: PlainValue | undefined): value is PlainMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
