/**
 * What this cluster signs for its clients: JWS in compact form (RFC 7515) with ES256, and nothing else. There is no
 * choice of algorithm, no key and no URL in the header that anybody would follow (RFC 8725, 2.1 and 3.1).
 */
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

/** Read, not believed yet. */
export interface ReadJws {
  readonly kid: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** False also for what is no key. */
  isSignedBy(publicKey: string): boolean;
}

export interface CompactJws {
  /** Throws unless it is an EC key on P-256, as JWK. */
  sign(claims: object, key: { readonly kid: string; readonly privateKey: string }): string;
  /** Undefined: nothing that `sign` could have made. */
  read(text: string): ReadJws | undefined;
}

/** Characters. */
const MAX_TEXT = 16 * 1024;
const MAX_KID = 1_024;
/** Bytes of an ES256 signature (RFC 7518, 3.4). */
const SIGNATURE_BYTES = 64;
const MAX_KEYS = 1_000;
const ENCODING = { dsaEncoding: 'ieee-p1363' } as const;
const HEADER_FIELDS: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);

/** `typ`: what it is, so that one kind is not taken for another (RFC 8725, 3.11). */
export function compactJws(typ: string): CompactJws {
  const publicKeys = new Map<string, KeyObject | undefined>();
  const publicKeyOf = (jwk: string): KeyObject | undefined => {
    if (publicKeys.has(jwk)) return publicKeys.get(jwk);
    const key = readPublicKey(jwk);
    const [oldest] = publicKeys.keys();
    if (publicKeys.size >= MAX_KEYS && oldest !== undefined) publicKeys.delete(oldest);
    publicKeys.set(jwk, key);
    return key;
  };
  return {
    sign(claims, { kid, privateKey }) {
      const key = createPrivateKey({ key: JSON.parse(privateKey) as JsonWebKey, format: 'jwk' });
      const input = `${encode({ alg: 'ES256', typ, kid })}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(input), { key, ...ENCODING });
      return `${input}.${signature.toString('base64url')}`;
    },
    read(text) {
      if (text.length > MAX_TEXT) return undefined;
      const [header, payload, signature, ...rest] = text.split('.').map(bytesOf);
      if (!header || !payload || !signature || rest.length > 0) return undefined;
      const kid = kidOf(objectOf(header), typ);
      const claims = objectOf(payload);
      if (kid === undefined || !claims || signature.length !== SIGNATURE_BYTES) return undefined;
      const input = Buffer.from(text.slice(0, text.lastIndexOf('.')));
      return {
        kid,
        claims,
        isSignedBy(publicKey) {
          const key = publicKeyOf(publicKey);
          return key !== undefined && verify('sha256', input, { key, ...ENCODING }, signature);
        },
      };
    },
  };
}

function kidOf(header: Readonly<Record<string, unknown>> | undefined, typ: string) {
  if (!header || Object.keys(header).some((field) => !HEADER_FIELDS.has(field))) return undefined;
  if (header['alg'] !== 'ES256' || header['typ'] !== typ) return undefined;
  const { kid } = header;
  return typeof kid === 'string' && kid.length <= MAX_KID ? kid : undefined;
}

function readPublicKey(jwk: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: JSON.parse(jwk) as JsonWebKey, format: 'jwk' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined; // a row that is no key signs nothing
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** One text for each value: stray bits and padding are refused. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

function objectOf(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined; // not UTF-8, not JSON: a client's
  }
}
