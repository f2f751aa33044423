/**
 * One file that holds much: a header that can be read without a key, then frames, each with a checksum that goes on from
 * the one before, so that a frame that is missing, doubled or in another's place shows as damage does.
 *
 *     archive = "BONDYBAK", 1 (format), header, frames, an end frame
 *     header  = length (4), JSON, CRC-32C of all of the above
 *     frame   = length of the body (4), kind (1), body, CRC-32C going on from the last
 *     end     = SHA-256 of all before it
 *
 * With a key, a body is AES-256-GCM: the key of the file is HKDF-SHA-256 of the secret and a salt of its own (RFC 5869),
 * the nonce is the number of the frame, and header and kind are authenticated with it.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { crc32c } from './crc32c.ts';

export const MAGIC = Buffer.from('BONDYBAK\x01', 'latin1');
export const MAX_HEADER_BYTES = 64 * 1024;
/** A row of the store with its key, and room for a page's worth of others. */
export const MAX_BODY_BYTES = 40 * 1024 * 1024;
export const FRAME_HEAD_BYTES = 5;
export const CRC_BYTES = 4;
export const END = 0;

const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const INFO = 'bondy backup 1';

/** What the header says of its frames; `salt` in hex. */
export type Sealing =
  { readonly cipher: 'none' } | { readonly cipher: typeof CIPHER; readonly salt: string };

export function newSealing(secret: Uint8Array | undefined): Sealing {
  if (secret === undefined) return { cipher: 'none' };
  return { cipher: CIPHER, salt: randomBytes(32).toString('hex') };
}

export function isSealing(value: unknown): value is Sealing {
  if (typeof value !== 'object' || value === null) return false;
  const { cipher, salt } = value as { cipher?: unknown; salt?: unknown };
  if (cipher === 'none') return true;
  return cipher === CIPHER && typeof salt === 'string' && /^[0-9a-f]{64}$/.test(salt);
}

/** Both ways; `open` is undefined for bytes that this key did not seal. */
export interface Sealer {
  seal(frame: number, kind: number, payload: Uint8Array): Uint8Array;
  open(frame: number, kind: number, body: Uint8Array): Uint8Array | undefined;
}

/** `head`: all bytes up to the header's checksum. Undefined: sealed, and there is no secret. */
export function sealerOf(
  sealing: Sealing,
  secret: Uint8Array | undefined,
  head: Uint8Array,
): Sealer | undefined {
  if (sealing.cipher === 'none')
    return { seal: (_, __, body) => body, open: (_, __, body) => body };
  if (secret === undefined) return undefined;
  const key = Buffer.from(hkdfSync('sha256', secret, Buffer.from(sealing.salt, 'hex'), INFO, 32));
  const digest = createHash('sha256').update(head).digest();
  const aad = (kind: number): Buffer => Buffer.concat([digest, Buffer.from([kind])]);
  return {
    seal: (frame, kind, payload) => {
      const cipher = createCipheriv(CIPHER, key, nonceOf(frame)).setAAD(aad(kind));
      return Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
    },
    open: (frame, kind, body) => {
      if (body.length < TAG_BYTES) return undefined;
      const at = body.length - TAG_BYTES;
      const decipher = createDecipheriv(CIPHER, key, nonceOf(frame), { authTagLength: TAG_BYTES })
        .setAAD(aad(kind))
        .setAuthTag(body.subarray(at));
      try {
        return Buffer.concat([decipher.update(body.subarray(0, at)), decipher.final()]);
      } catch {
        return undefined; // the tag does not fit
      }
    },
  };
}

export function headOf(header: object): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  if (json.length > MAX_HEADER_BYTES) throw new RangeError(`a header of ${json.length} bytes`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([MAGIC, length, json]);
}

/** `before`: the checksum of the frame before, or of the header. */
export function frameOf(kind: number, body: Uint8Array, before: number): Buffer {
  if (body.length > MAX_BODY_BYTES) throw new RangeError(`a frame of ${body.length} bytes`);
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + body.length + CRC_BYTES);
  frame.writeUInt32BE(body.length);
  frame[4] = kind;
  frame.set(body, FRAME_HEAD_BYTES);
  const end = FRAME_HEAD_BYTES + body.length;
  frame.writeUInt32BE(crc32c(frame.subarray(0, end), before), end);
  return frame;
}

function nonceOf(frame: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(frame, 6, 6);
  return nonce;
}
