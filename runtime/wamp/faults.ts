/**
 * Why bytes are not well formed, as negative numbers, so that a skipper can return either the next position or the
 * fault without allocating. One list for the three formats.
 */

export const TRUNCATED = -1;
export const NOT_UTF8 = -2;
export const TOO_DEEP = -3;
export const MALFORMED = -4;
export const BIGNUM_TOO_LONG = -5;
/** Not a fault of the bytes: another kind of value stands where one was expected. */
export const WRONG_KIND = -6;
export const KEY_NOT_STRING = -7;

const TEXTS: readonly string[] = [
  '',
  'ends too early',
  'a string is not UTF-8',
  'nested too deep',
  'malformed',
  'a bignum is too long',
  'wrong kind of value',
  'a key is not a string',
];

export function faultText(fault: number): string {
  return TEXTS[-fault] ?? 'malformed';
}
