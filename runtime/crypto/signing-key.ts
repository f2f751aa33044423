/** Keys to sign with: EC P-256 (ES256 of RFC 7518), as JWK (RFC 7517). */
import { createHash, generateKeyPairSync } from 'node:crypto';

export interface SigningKey {
  /** Its thumbprint (RFC 7638). */
  readonly kid: string;
  /** JWK as JSON. */
  readonly publicKey: string;
  readonly privateKey: string;
}

export function makeSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const { d } = privateKey.export({ format: 'jwk' });
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }), 'utf8');
  const kid = thumbprint.digest('base64url');
  const common = { kty, crv, x, y, kid, use: 'sig', alg: 'ES256' };
  return {
    kid,
    publicKey: JSON.stringify(common),
    privateKey: JSON.stringify({ ...common, d }),
  };
}
