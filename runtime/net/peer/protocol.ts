/**
 * Numbers both sides must agree on: versions, codes, sizes. Whoever changes the meaning of a byte on the wire raises
 * `VERSIONS.max`; a release talks to the one before it, so `min` follows one release later.
 */
import type { ChannelName, ServiceName } from './port.ts';

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export const VERSIONS: VersionRange = { min: 1, max: 1 };

/** The highest version both know, or undefined. */
export function commonVersion(a: VersionRange, b: VersionRange): number | undefined {
  const version = Math.min(a.max, b.max);
  return version >= Math.max(a.min, b.min) ? version : undefined;
}

/** The position is the code on the wire. */
export const CHANNELS: readonly ChannelName[] = ['control', 'broadcast', 'relay', 'store'];

export const SERVICES: readonly ServiceName[] = [
  'membership',
  'broadcast',
  'registry',
  'relay',
  'store',
  'remote',
  'causal',
];

/** A frame without its length. Small, so that what is urgent waits for one frame and not for a message. */
export const FRAME_BYTES = 64 * 1024;

const MIB = 1024 * 1024;

/** Longest message of a channel; also what a receiver holds of unfinished messages, per connection. */
export const MESSAGE_BYTES: Readonly<Record<ChannelName, number>> = {
  control: 4 * MIB,
  broadcast: 16 * MIB,
  relay: 64 * MIB,
  store: 64 * MIB,
};

/** Longest message that may travel compressed: inflating happens in one go, on the loop. */
export const COMPRESSED_BYTES = 1 * MIB;

/** Unfinished messages per connection. */
export const MAX_STREAMS = 64;

/** Connections per channel. */
export const MAX_PARALLELISM = 16;

/** Messages sent and not acknowledged, per peer and channel. */
export const WINDOW = 4096;

/** Why a connection ends, said to the other side. The position is the code. */
export const CLOSE_REASONS = [
  'unknown',
  'shutting_down',
  'disconnected', // an operator or the membership wants no link
  'replaced', // by a newer connection or a newer incarnation
  'duplicate', // of a link that the other side dialled
  'violation',
  'silent',
  'incomplete', // not every channel got its connection
  'failed',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];
