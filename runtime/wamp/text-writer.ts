/** Appends strings as UTF-8. Short ASCII ones, which nearly all are, byte by byte; the rest natively. */
import type { ByteWriter } from './writer.ts';

const SHORT = 40;

/** Whether `text` was short ASCII and stands at `into.at`, which is left where it was; room must be reserved. */
export function writeShortAscii(text: string, buffer: Uint8Array, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return false;
    buffer[at + i] = code;
  }
  return true;
}

export function isShort(text: string): boolean {
  return text.length <= SHORT;
}

/** Appends any string; lone surrogates become U+FFFD, as in every UTF-8 encoder of the web. */
export function writeUtf8(text: string, into: ByteWriter): void {
  into.reserve(text.length * 3);
  into.at += into.buffer.write(text, into.at, 'utf8');
}
