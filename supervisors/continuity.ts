/**
 * Tokens with which a session takes along what it may have seen, also to another node: the clock of the store of the node
 * that gave it, sealed with a key that all nodes have (AES-256-GCM), so that nobody else can read it or make a node wait
 * for what never was.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Continuity } from '../actors/sessions/api.ts';
import { MAX_TOKEN } from '../actors/sessions/api.ts';
import type { StoreState } from '../actors/store/api.ts';
import { decodeCausal, encodeCausal } from '../actors/store/api.ts';
import { Malformed } from '../runtime/structures/malformed.ts';
import type { Causality } from './causality.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Of a clock, inflated: some thousands of nodes' lives in every partition. */
const MAX_CLOCK_BYTES = 1024 * 1024;

/** `secret`: the cluster's. */
export function continuity(secret: string, state: StoreState, { barrier }: Causality): Continuity {
  const key = createHmac('sha256', secret).update('bondy session token 1').digest();
  return {
    issue(realm) {
      const clock = new Map(state.partitions.map(({ index, clock: seen }) => [index, seen.dots]));
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(realm, 'utf8'));
      const sealed = cipher.update(deflateRawSync(encodeCausal(clock)));
      const rest = cipher.final();
      const token = Buffer.concat([nonce, sealed, rest, cipher.getAuthTag()]);
      const text = token.toString('base64url');
      return text.length <= MAX_TOKEN ? text : undefined;
    },
    read(realm, token) {
      const bytes = Buffer.from(token, 'base64url');
      const end = bytes.length - TAG_BYTES;
      if (end < NONCE_BYTES) return undefined;
      const clear = opened(key, realm, bytes, end);
      const clock = clear && decodeCausal(clear, state.partitions.length);
      return clock instanceof Malformed ? undefined : clock;
    },
    whenSeen: (clock, timeoutMs, done) => barrier.whenApplied(clock, timeoutMs, done),
  };
}

function opened(key: Buffer, realm: string, bytes: Buffer, end: number): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(realm, 'utf8')).setAuthTag(bytes.subarray(end));
  try {
    const sealed = decipher.update(bytes.subarray(NONCE_BYTES, end));
    const whole = Buffer.concat([sealed, decipher.final()]);
    return inflateRawSync(whole, { maxOutputLength: MAX_CLOCK_BYTES });
  } catch {
    return undefined; // not one of ours, or of another realm
  }
}
