/**
 * Tokens of other issuers: JWT (RFC 7519) signed with one of the issuer's keys (JWKS, RFC 7517), which are given or
 * fetched. Only asymmetric algorithms: with a shared one whoever knows the public key could sign (RFC 8725, 2.1).
 */
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';

export const TOKEN_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Characters of a token. */
export const MAX_TOKEN = 16 * 1024;

export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Of `TOKEN_ALGORITHMS`. */
  readonly algorithms: readonly string[];
  /** The key set itself, or its https URL. */
  readonly keys: { readonly jwks: object } | { readonly uri: string };
}

export type CheckedToken =
  | { readonly kind: 'valid'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly kind: 'invalid'; readonly why: string }
  /** The issuer's keys cannot be had now, or too much is asked at once. */
  | { readonly kind: 'unavailable'; readonly why: string };

export interface TokenChecker {
  /** Delivers once, later. */
  check(issuer: TokenIssuer, token: string, deliver: (checked: CheckedToken) => void): void;
}

export interface JwtEnvironment {
  /** Ms since 1970. */
  wall(): number;
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 5_000;
/** Between two fetches because of an unknown key: a stranger's token must not make us ask its issuer each time. */
const COOLDOWN_MS = 30_000;
const CACHE_MS = 600_000;
const MAX_KEY_SET_BYTES = 256 * 1024;
const MAX_KEY_SETS = 64;
const MAX_AT_ONCE = 1_000;
/** Between clocks of different machines. */
const TOLERANCE_S = 30;

export class JwtChecker implements TokenChecker {
  readonly #environment: JwtEnvironment;
  /** By what says where the keys are; the oldest is dropped. */
  readonly #keySets = new Map<string, JWTVerifyGetKey>();
  #running = 0;

  constructor(environment: JwtEnvironment) {
    this.#environment = environment;
  }

  check(issuer: TokenIssuer, token: string, deliver: (checked: CheckedToken) => void): void {
    if (this.#running >= MAX_AT_ONCE) {
      return deliver({ kind: 'unavailable', why: 'too many tokens are being checked' });
    }
    this.#running += 1;
    void this.#checked(issuer, token).then((checked) => {
      this.#running -= 1;
      deliver(checked);
    });
  }

  async #checked(issuer: TokenIssuer, token: string): Promise<CheckedToken> {
    if (token.length > MAX_TOKEN) return { kind: 'invalid', why: 'the token is too long' };
    const algorithms = issuer.algorithms.filter((name) => TOKEN_ALGORITHMS.includes(name));
    try {
      const { payload } = await jwtVerify(token, this.#keys(issuer.keys), {
        issuer: issuer.issuer,
        audience: [...issuer.audience],
        algorithms,
        clockTolerance: TOLERANCE_S,
        currentDate: new Date(this.#environment.wall()),
        requiredClaims: ['exp'],
      });
      return { kind: 'valid', claims: payload };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: isTheTokens(error) ? 'invalid' : 'unavailable', why };
    }
  }

  #keys(keys: TokenIssuer['keys']): JWTVerifyGetKey {
    const name = JSON.stringify(keys);
    const known = this.#keySets.get(name);
    if (known) return known;
    const made =
      'uri' in keys ? this.#remote(keys.uri) : createLocalJWKSet(keys.jwks as JSONWebKeySet);
    const [oldest] = this.#keySets.keys();
    if (this.#keySets.size >= MAX_KEY_SETS && oldest !== undefined) this.#keySets.delete(oldest);
    this.#keySets.set(name, made);
    return made;
  }

  #remote(uri: string): JWTVerifyGetKey {
    const url = new URL(uri);
    if (url.protocol !== 'https:') throw new TypeError('keys are fetched over https only');
    const fetched = this.#environment.fetch ?? fetch;
    return createRemoteJWKSet(url, {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: CACHE_MS,
      [customFetch]: async (target, options) =>
        bounded(await fetched(target, { ...options, redirect: 'error' })),
    });
  }
}

/** Otherwise the answer of an issuer would be as long as it likes. */
async function bounded(response: Response): Promise<Response> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_KEY_SET_BYTES)
      throw new Error(`a key set of more than ${MAX_KEY_SET_BYTES} bytes`);
    parts.push(part);
  }
  const { status, headers } = response;
  return new Response(Buffer.concat(parts), { status, headers: new Headers(headers) });
}

/** What is wrong with the token itself; the rest is trouble with the keys. */
function isTheTokens(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}
