/** Keys to sign with: EC P-256 (ES256 of RFC 7518), as JWK (RFC 7517). */
import type { JsonWebKey } from 'node:crypto';
import { createHash, generateKeyPairSync } from 'node:crypto';

export interface SigningKey {
  /** Its thumbprint (RFC 7638). */
  readonly kid: string;
  /** JWK as JSON. */
  readonly publicKey: string;
  readonly privateKey: string;
}

/** The thumbprint (RFC 7638) of an EC or RSA key: its required members in the order of their names. */
export function keyIdOf({ kty, crv, x, y, e, n }: JsonWebKey): string {
  const members = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(members), 'utf8').digest('base64url');
}

export function makeSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const { d } = privateKey.export({ format: 'jwk' });
  const kid = keyIdOf({ kty, crv, x, y });
  const common = { kty, crv, x, y, kid, use: 'sig', alg: 'ES256' };
  return {
    kid,
    publicKey: JSON.stringify(common),
    privateKey: JSON.stringify({ ...common, d }),
  };
}
