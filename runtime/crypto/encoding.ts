/** Bytes as text and back. What is read is a peer's: strict, and undefined when it is not what it should be. */

export function toBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

/** RFC 4648 section 4; padding may be missing. `maxBytes` are decoded at most. */
export function fromBase64(text: string, maxBytes: number): Uint8Array | undefined {
  if (text.length > Math.ceil(maxBytes / 3) * 4 + 4 || !BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Stray bits and wrong padding would make two texts of one value.
  const isSame = strip(bytes.toString('base64')) === strip(text) && isPaddedRight(text);
  return isSame && bytes.length <= maxBytes ? new Uint8Array(bytes) : undefined;
}

export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex');
}

/** Of exactly `length` bytes, in either case. */
export function fromHex(text: string, length: number): Uint8Array | undefined {
  if (text.length !== length * 2 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, 'hex'));
}

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Of two values of the same length. */
export function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length !== other.length)
    throw new Error(`xor of ${one.length} and ${other.length} bytes`);
  return one.map((byte, i) => byte ^ other[i]);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function strip(text: string): string {
  return text.replace(/=+$/, '');
}

function isPaddedRight(text: string): boolean {
  return !text.endsWith('=') || text.length % 4 === 0;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
