/**
 * Base64 (RFC 4648, section 4) straight between byte ranges, for binaries in JSON: `"\u0000" + base64`
 * (advanced/serialization_binary_json.md). Strict: padded, no other characters, no stray bits.
 */
import type { ByteWriter } from './writer.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const letters = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const values = new Int8Array(256).fill(-1);
letters.forEach((letter, value) => (values[letter] = value));
const PAD = 0x3d;

export function writeBase64(bytes: Uint8Array, start: number, end: number, into: ByteWriter): void {
  into.reserve(Math.ceil((end - start) / 3) * 4);
  const { buffer } = into;
  let { at } = into;
  for (let i = start; i < end; i += 3) {
    const left = end - i;
    const group =
      (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    buffer[at++] = letters[group >> 18];
    buffer[at++] = letters[(group >> 12) & 63];
    buffer[at++] = left > 1 ? letters[(group >> 6) & 63] : PAD;
    buffer[at++] = left > 2 ? letters[group & 63] : PAD;
  }
  into.at = at;
}

/** How many bytes the text stands for, or -1 if it is not base64. */
export function base64Size(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  if (size % 4 !== 0) return -1;
  if (size === 0) return 0;
  const pads = bytes[end - 1] !== PAD ? 0 : bytes[end - 2] !== PAD ? 1 : 2;
  for (let i = start; i < end - pads; i++) if (values[bytes[i]] < 0) return -1;
  const stray = pads === 0 ? 0 : values[bytes[end - 1 - pads]] & (pads === 1 ? 3 : 15);
  return stray === 0 ? (size / 4) * 3 - pads : -1;
}

/** Writes the `size` bytes (as `base64Size` said) at `to`, where there is room for them. */
export function decodeBase64(
  bytes: Uint8Array,
  start: number,
  size: number,
  into: Uint8Array,
  to: number,
): void {
  const stop = to + size;
  let at = to;
  for (let i = start; at < stop; i += 4) {
    const group =
      (values[bytes[i]] << 18) |
      (values[bytes[i + 1]] << 12) |
      ((values[bytes[i + 2]] & 63) << 6) |
      (values[bytes[i + 3]] & 63);
    into[at++] = group >> 16;
    if (at < stop) into[at++] = group >> 8;
    if (at < stop) into[at++] = group;
  }
}
