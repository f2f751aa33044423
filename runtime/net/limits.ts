/** The bounds of a connection, as types. Where they come from and what they default to: actors/listeners/config.ts. */
import type { BacklogLimits } from './outbound.ts';

export interface ConnectionLimits extends BacklogLimits {
  /** Longest message accepted from a peer, bytes. */
  readonly maxMessageBytes: number;
  /** Bytes kept for a session that does not take them now; then reading stops. */
  readonly maxHeldBytes: number;
  /** From `close` to the cut, milliseconds. */
  readonly closeTimeoutMs: number;
  /** Silence after which the peer is asked for a sign of life, milliseconds; 0: never asked. */
  readonly pingIntervalMs: number;
  /** From the question to the cut, milliseconds. */
  readonly pingTimeoutMs: number;
}

/** The header in which an HTTP proxy names its client. */
export type ForwardedHeader = 'x_forwarded_for' | 'forwarded';
