/**
 * Sealed texts: AES-256-GCM (NIST SP 800-38D) with a key that stands in a file, bound to what the text is for, so that one
 * cannot be put in the place of another. A text that cannot be opened is a value: the key file is another, or it was altered.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

export interface Sealer {
  seal(text: string, purpose: string): string;
  /** Undefined: not sealed with this key for this purpose, or altered since. */
  open(sealed: string, purpose: string): string | undefined;
}

const CIPHER = 'aes-256-gcm';
const VERSION = 's1.';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Of what stands in the file. */
const MIN_KEY_BYTES = 32;

/** `secret`: the content of the key file; a string says what is wrong with it. */
export function sealerOf(secret: Uint8Array): Sealer | string {
  if (secret.length < MIN_KEY_BYTES) {
    return `it has ${secret.length} bytes, and needs ${MIN_KEY_BYTES}: openssl rand -hex 32`;
  }
  const key = createHmac('sha256', secret).update('bondy seal 1').digest();
  return {
    seal(text, purpose) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(purpose, 'utf8'));
      const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return VERSION + Buffer.concat([nonce, hidden, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, purpose) {
      if (!sealed.startsWith(VERSION)) return undefined;
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
      const end = bytes.length - TAG_BYTES;
      if (end < NONCE_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(purpose, 'utf8'))
        .setAuthTag(bytes.subarray(end));
      try {
        const clear = decipher.update(bytes.subarray(NONCE_BYTES, end));
        return Buffer.concat([clear, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
