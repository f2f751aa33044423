/** Strict UTF-8 over a range of bytes, and short strings without a new string for each. */
import { isUtf8 } from 'node:buffer';

/** From this length on, the native check pays for the view it needs. */
const NATIVE_FROM = 128;

/** RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
export function isUtf8Range(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= NATIVE_FROM) return isUtf8(bytes.subarray(start, end));
  for (let at = start; at < end;) {
    if (bytes[at] < 0x80) at++;
    else if ((at = sequenceEnd(bytes, at, end)) < 0) return false;
  }
  return true;
}

/** The position after the multi-byte sequence that starts at `at`, or -1. */
export function sequenceEnd(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at];
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + size > end) return -1;
  const second = bytes[at + 1];
  if ((second & 0xc0) !== 0x80) return -1;
  if (lead === 0xe0 && second < 0xa0) return -1; // overlong
  if (lead === 0xed && second > 0x9f) return -1; // surrogate
  if (lead === 0xf0 && second < 0x90) return -1; // overlong
  if (lead === 0xf4 && second > 0x8f) return -1; // above U+10FFFF
  for (let i = 2; i < size; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return -1;
  return at + size;
}

// Undocumented but stable in Node 20 to 24: unlike `toString`, it also works on a plain Uint8Array.
const { utf8Slice } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
};

/** The string of a range already known to be UTF-8. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(bytes, start, end);
}

const SLOTS = 4096;
const LONGEST = 64;
const strings: string[] = new Array<string>(SLOTS).fill('');
const slab = new Uint8Array(SLOTS * LONGEST);

/**
 * The string of a range, or undefined if it is not UTF-8. Short ASCII ones come from a direct-mapped cache, so that a
 * URI seen before costs a comparison, and is the same string object with its hash already computed.
 */
export function readText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const size = end - start;
  if (size === 0) return '';
  if (size > LONGEST) return checkedText(bytes, start, end);
  const step = 1 + (size >> 4);
  let hash = size;
  for (let at = end - 1; at >= start; at -= step) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
  const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
  if (strings[slot].length === size) {
    const base = slot * LONGEST - start;
    let at = start;
    while (at < end && slab[base + at] === bytes[at]) at++;
    if (at === end) return strings[slot];
  }
  return remember(slot, bytes, start, end);
}

function checkedText(bytes: Uint8Array, start: number, end: number): string | undefined {
  return isUtf8Range(bytes, start, end) ? utf8Text(bytes, start, end) : undefined;
}

function remember(slot: number, bytes: Uint8Array, start: number, end: number): string | undefined {
  const text = checkedText(bytes, start, end);
  if (text === undefined || text.length !== end - start) return text; // only ASCII is kept
  strings[slot] = text;
  slab.set(bytes.subarray(start, end), slot * LONGEST);
  return text;
}
