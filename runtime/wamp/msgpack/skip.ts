/**
 * Walks over MessagePack without making anything: bounded depth, claimed lengths against the bytes left, UTF-8.
 * Iterative, so that nesting costs a counter and not a stack frame.
 */
import { uint16, uint32 } from '../big-endian.ts';
import { MALFORMED, NOT_UTF8, TOO_DEEP, TRUNCATED } from '../faults.ts';
import { isUtf8Range } from '../utf8.ts';

/** No limit on depth can be configured above this. */
const DEEPEST = 1024;
const outer = new Int32Array(DEEPEST); // a count never exceeds the bytes left, so 31 bits are enough

/** The position after `items` values that start at `at`, or a fault; `depth` containers may be open at once. */
export function skip(
  bytes: Uint8Array,
  at: number,
  end: number,
  items: number,
  depth: number,
): number {
  const deepest = depth < DEEPEST ? depth : DEEPEST;
  let level = 0;
  let left = items;
  for (;;) {
    while (left === 0) {
      if (level === 0) return at;
      left = outer[--level];
    }
    left--;
    if (at >= end) return TRUNCATED;
    const head = bytes[at++];
    if (head < 0x80 || head >= 0xe0) continue;
    let children: number;
    if (head >= 0xa0 && head < 0xc0) {
      const stop = at + (head & 31);
      if (stop > end) return TRUNCATED;
      while (at < stop && bytes[at] < 0x80) at++;
      if (at < stop && !isUtf8Range(bytes, at, stop)) return NOT_UTF8;
      at = stop;
      continue;
    } else if (head < 0x90) children = (head & 15) * 2;
    else if (head < 0xa0) children = head & 15;
    else if (head >= 0xdc) {
      const wide = (head & 1) === 1;
      if (at + (wide ? 4 : 2) > end) return TRUNCATED;
      children = wide ? uint32(bytes, at) : (bytes[at] << 8) | bytes[at + 1];
      at += wide ? 4 : 2;
      if (head >= 0xde) children *= 2;
    } else {
      at = skipScalar(bytes, at, end, head);
      if (at < 0) return at;
      continue;
    }
    if (children > end - at) return TRUNCATED;
    if (level >= deepest) return TOO_DEEP;
    outer[level++] = left;
    left = children | 0;
  }
}

/** Everything that is no container, no fixed string and no fixed integer. */
function skipScalar(bytes: Uint8Array, at: number, end: number, head: number): number {
  if (head === 0xc1) return MALFORMED;
  const fixed = FIXED[head - 0xc0];
  if (fixed >= 0) return at + fixed > end ? TRUNCATED : at + fixed;
  const width = -fixed; // of the length
  if (at + width > end) return TRUNCATED;
  let size = width === 1 ? bytes[at] : width === 2 ? uint16(bytes, at) : uint32(bytes, at);
  at += width;
  const isText = head >= 0xd9;
  if (!isText && head >= 0xc7) size += 1; // the type of an ext
  if (size > end - at) return TRUNCATED;
  if (isText && !isUtf8Range(bytes, at, at + size)) return NOT_UTF8;
  return at + size;
}

/** From 0xc0: how many bytes follow; negative: that many bytes hold the length. */
const FIXED = [
  0, 0, 0, 0, -1, -2, -4, -1, -2, -4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -2, -4,
] as const;
