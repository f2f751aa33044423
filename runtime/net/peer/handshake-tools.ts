/** What the handshake machine needs of cryptography, by node:crypto. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HandshakeTools } from './handshake.ts';

const NO_MAC = new Uint8Array(32);

/** Without a secret a MAC says nothing; then TLS or the loopback interface is what keeps strangers out. */
export function handshakeTools(secret: string | undefined): HandshakeTools {
  return {
    nonce: (size) => randomBytes(size),
    mac(parts) {
      if (secret === undefined) return NO_MAC;
      const hmac = createHmac('sha256', secret);
      for (const part of parts) hmac.update(part);
      return hmac.digest();
    },
    digest(parts) {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest('hex');
    },
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  };
}
