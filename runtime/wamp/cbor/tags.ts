/**
 * CBOR tags whose content still says the right thing without them (RFC 8949, 6.1, and the IANA registry). Of all
 * others the content means something else (decimal fractions, references, records), so they are not converted.
 */
const TRANSPARENT = new Set([
  0, // date and time, a string
  1, // seconds since 1970, a number
  21, // to be shown as base64url
  22, // to be shown as base64
  23, // to be shown as hex
  24, // encoded CBOR, a binary
  32, // URI
  33, // base64url
  34, // base64
  36, // MIME message
  37, // UUID, a binary
  64, // array of bytes
  68, // clamped array of bytes
  100, // days since 1970
  258, // set, a list
  259, // map
  1004, // date
  55799, // "this is CBOR"
]);

export function isTransparentTag(tag: number): boolean {
  return TRANSPARENT.has(tag);
}
