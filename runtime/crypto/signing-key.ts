/** Keys to sign with: EC P-256 (ES256 of RFC 7518), as JWK (RFC 7517). */
import type { JsonWebKey } from 'node:crypto';
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';

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

/** From PEM: EC P-256 to sign with, RSA to encrypt for. A string says what is wrong with it. */
export function readPrivateKey(pem: string, use: 'sign' | 'encrypt'): SigningKey | string {
  let key;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    // What is in it is nobody's business.
    return error instanceof Error ? 'is not a private key in PEM' : String(error);
  }
  const { d, kty, crv, x, y, e, n, ...rest } = key.export({ format: 'jwk' });
  if (use === 'sign' && crv !== 'P-256') return 'is not an EC key on P-256';
  if (use === 'encrypt' && kty !== 'RSA') return 'is not an RSA key';
  const kid = keyIdOf({ kty, crv, x, y, e, n });
  const common = use === 'sign' ? { kty, crv, x, y, alg: 'ES256' } : { kty, e, n };
  const marked = { ...common, kid, use: use === 'sign' ? 'sig' : 'enc' };
  return {
    kid,
    publicKey: JSON.stringify(marked),
    privateKey: JSON.stringify({ ...marked, d, ...rest }),
  };
}
