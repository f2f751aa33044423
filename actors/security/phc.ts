/**
 * Hashes of passwords as text (the PHC string format): `$argon2id$v=19$m=65536,t=3,p=1$SALT$HASH`, base64 without
 * padding.
 */
import { fromBase64, toBase64 } from '../../runtime/crypto/encoding.ts';

export interface Argon2idHash {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export function writePhc({ memory, passes, salt, hash }: Argon2idHash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=1$${unpadded(salt)}$${unpadded(hash)}`;
}

const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,7}),t=([1-9]\d{0,2}),p=1\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** What a stored hash may cost at most, KiB: a record must not take this node's memory. */
const MAX_MEMORY = 1024 * 1024;

/** Undefined: not argon2id of one lane, or not affordable. */
export function readPhc(text: string): Argon2idHash | undefined {
  const [, memory, passes, salt64, hash64] = PHC.exec(text) ?? [];
  const salt = salt64 === undefined ? undefined : fromBase64(salt64, 64);
  const hash = hash64 === undefined ? undefined : fromBase64(hash64, 64);
  if (!salt || !hash || Number(memory) < 8 || Number(memory) > MAX_MEMORY) return undefined;
  return { memory: Number(memory), passes: Number(passes), salt, hash };
}

function unpadded(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/=+$/, '');
}
