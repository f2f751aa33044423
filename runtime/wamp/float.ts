/** IEEE 754 numbers in big-endian bytes, by copying through one scratch view. */
import type { ByteWriter } from './writer.ts';

const doubles = new Float64Array(1);
const singles = new Float32Array(doubles.buffer);
const scratch = new Uint8Array(doubles.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function readFloat64(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 8; i++) scratch[isLittleEndian ? 7 - i : i] = bytes[at + i];
  return doubles[0];
}

export function readFloat32(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 4; i++) scratch[isLittleEndian ? 3 - i : i] = bytes[at + i];
  return singles[0];
}

export function readFloat16(bytes: Uint8Array, at: number): number {
  const half = (bytes[at] << 8) | bytes[at + 1];
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Appends the eight bytes; the caller has reserved them. */
export function writeFloat64(value: number, into: ByteWriter): void {
  doubles[0] = value;
  const { buffer } = into;
  let { at } = into;
  for (let i = 0; i < 8; i++) buffer[at++] = scratch[isLittleEndian ? 7 - i : i];
  into.at = at;
}
