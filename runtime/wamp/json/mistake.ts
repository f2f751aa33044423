/**
 * Where a text stops being JSON, for people who have written it. The engine's own message quotes what stands there, and
 * documents hold passwords.
 */
import { NOT_UTF8, TRUNCATED } from '../faults.ts';
import { skipSpace, skipValue } from './scan.ts';

const DEPTH = 1024;

/** Of a text that `JSON.parse` does not take. */
export function jsonMistake(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let [good, end] = [0, bytes.length];
  while (good < end) {
    const middle = Math.ceil((good + end) / 2);
    if (mayGoOn(bytes, middle)) good = middle;
    else end = middle - 1;
  }
  if (good === bytes.length) return 'is not JSON: it ends too early';
  const lines = new TextDecoder().decode(bytes.subarray(0, good)).split('\n');
  return `is not JSON from line ${lines.length}, column ${lines.at(-1)!.length + 1} on`;
}

/** The first `end` bytes are the beginning of something, or all of it. */
function mayGoOn(bytes: Uint8Array, end: number): boolean {
  const after = skipValue(bytes, 0, end, DEPTH);
  if (after < 0) return after === TRUNCATED || after === NOT_UTF8; // cut within a character
  return skipSpace(bytes, after, end) === end;
}
