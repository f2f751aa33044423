/** What a request says of who makes it (RFC 7235, 7617, 6750). All of it is a stranger's until it is checked. */
import { fromBase64 } from '../../../runtime/crypto/encoding.ts';

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'malformed' };

const BASIC = /^basic +([A-Za-z0-9+/]+=*) *$/i;
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
/** A header has 8 KiB at most. */
const MAX_BYTES = 8 * 1024;

export function credentialsOf(authorization: string | undefined): Credentials {
  if (authorization === undefined) return { kind: 'none' };
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return { kind: 'bearer', token };
  const pair = textOf(BASIC.exec(authorization)?.[1]);
  const colon = pair?.indexOf(':') ?? -1;
  if (pair === undefined || colon < 1) return { kind: 'malformed' };
  return { kind: 'basic', username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/**
 * Whom a ticket (a JWS) is said to be for. Nothing is checked: whoever checks tickets needs a name to check it for.
 * Undefined: it is no ticket.
 */
export function claimedAuthid(ticket: string): string | undefined {
  const [, payload, signature] = ticket.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  const text = textOf(payload.replace(/-/g, '+').replace(/_/g, '/'));
  try {
    const claims: unknown = JSON.parse(text ?? '');
    const authid =
      typeof claims === 'object' && claims !== null && 'authid' in claims && claims.authid;
    return typeof authid === 'string' && authid !== '' ? authid : undefined;
  } catch {
    return undefined; // not JSON
  }
}

/** Undefined: not base64 of UTF-8. */
function textOf(base64: string | undefined): string | undefined {
  const bytes = base64 === undefined ? undefined : fromBase64(base64, MAX_BYTES);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
}
