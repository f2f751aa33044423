/** Short ASCII strings, which nearly all strings of an envelope are, byte by byte: faster than a native call. */

const SHORT = 40;

export function isShort(text: string): boolean {
  return text.length <= SHORT;
}

/** Writes `text` at `at`, where the caller has made room; false, with rubbish there, if it is not ASCII. */
export function writeShortAscii(text: string, buffer: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return false;
    buffer[at + i] = code;
  }
  return true;
}
