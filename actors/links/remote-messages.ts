/** What the remote service of one node says to that of another, and how it is read: nothing unchecked comes through. */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody, isMap } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { RemoteDownReason } from './api.ts';

export type RemoteWire =
  | { readonly kind: 'cast'; readonly name: string; readonly body: PlainValue }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: string;
      readonly timeoutMs: number;
      readonly body: PlainValue;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly body: PlainValue }
  /** The call will not be answered; or the watched actor has ended. */
  | { readonly kind: 'failed' | 'down'; readonly id: number; readonly reason: RemoteDownReason }
  | { readonly kind: 'monitor'; readonly id: number; readonly name: string }
  | { readonly kind: 'demonitor'; readonly id: number }
  /** The service has begun anew: it knows nothing of calls and monitors from before. */
  | { readonly kind: 'reset' };

const MAX_NAME = 255;
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;
const REASONS: readonly RemoteDownReason[] = [
  'node_down',
  'noproc',
  'refused',
  'overloaded',
  'ended',
];

export function encodeRemote(message: RemoteWire): Uint8Array {
  return encodeBody(message as { readonly [key: string]: PlainValue });
}

/** Undefined: not one of ours. */
export function parseRemote(bytes: Uint8Array): RemoteWire | undefined {
  const fields = decodeBody(bytes);
  if (fields instanceof Malformed || !isMap(fields)) return undefined;
  const { kind, id, name, body, timeoutMs, reason } = fields;
  switch (kind) {
    case 'cast':
      return isName(name) && body !== undefined ? { kind, name, body } : undefined;
    case 'call':
      if (!isId(id) || !isName(name) || body === undefined) return undefined;
      if (!isId(timeoutMs) || timeoutMs > MAX_TIMEOUT_MS) return undefined;
      return { kind, id, name, timeoutMs, body };
    case 'answer':
      return isId(id) && body !== undefined ? { kind, id, body } : undefined;
    case 'failed':
    case 'down': {
      const known = REASONS.find((each) => each === reason);
      return isId(id) && known !== undefined ? { kind, id, reason: known } : undefined;
    }
    case 'monitor':
      return isId(id) && isName(name) ? { kind, id, name } : undefined;
    case 'demonitor':
      return isId(id) ? { kind, id } : undefined;
    case 'reset':
      return { kind };
    default:
      return undefined;
  }
}

function isId(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isName(value: PlainValue | undefined): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME;
}
