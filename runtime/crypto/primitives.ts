/** What the methods of authentication need of cryptography, and takes no time worth waiting for. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { saslprep as prepare } from '@mongodb-js/saslprep';

export interface Primitives {
  sha256(data: Uint8Array): Uint8Array;
  /** HMAC-SHA256. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Constant in the content of both; the length of secrets that are compared here is public. */
  equal(given: Uint8Array, known: Uint8Array): boolean;
  random(bytes: number): Uint8Array;
  /** A key or a signature that is none is wrong, not an error. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** RFC 4013; undefined: not allowed in a password. */
  saslprep(text: string): string | undefined;
}

export const primitives: Primitives = {
  sha256: (data) => plain(createHash('sha256').update(data).digest()),
  hmac: (key, data) => plain(createHmac('sha256', key).update(data).digest()),
  equal: (given, known) => given.length === known.length && timingSafeEqual(given, known),
  random: (bytes) => plain(randomBytes(bytes)),
  verifyEd25519,
  saslprep,
};

/** The prefixes of RFC 8410 in front of the 32 bytes. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = Buffer.concat([SPKI, publicKey]);
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature);
  } catch {
    // Not a point of the curve.
    return false;
  }
}

export interface Ed25519Signer {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Throws unless the seed has 32 bytes. */
export function ed25519Signer(seed: Uint8Array): Ed25519Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: plain(spki.subarray(SPKI.length)),
    sign: (message) => plain(sign(null, message, key)),
  };
}

function saslprep(text: string): string | undefined {
  try {
    return prepare(text);
  } catch {
    // A prohibited character: the text is a user's, and so is the mistake.
    return undefined;
  }
}

function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
