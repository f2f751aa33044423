/**
 * How long a suspect may take to refute (Lifeguard, DSN-W 2018, section IV-B): long when one node alone accuses it, falling
 * with the logarithm of independent confirmations to a minimum that grows with the logarithm of the cluster.
 */
import type { DetectorConfig } from './config.ts';

export interface Suspicion {
  readonly incarnation: number;
  readonly beat: number;
  readonly since: number;
  /** Who got no answer, this node included. */
  readonly accusers: Set<string>;
  /** Helpers of this node that could not reach it either. */
  nacks: number;
  /** The connection was reset here: looked at from then on, until `quickUntil`. */
  quickAt: number | undefined;
  quickUntil: number;
}

/** Confirmations beyond the first accuser after which the minimum holds; `alive` members, the suspect included. */
export function expectedConfirmations(config: DetectorConfig, alive: number): number {
  return Math.max(0, Math.min(config.suspicionMultiplier - 2, alive - 2));
}

/** Milliseconds from `since`. */
export function suspicionTimeout(config: DetectorConfig, alive: number, accusers: number): number {
  const scale = Math.max(1, Math.log10(Math.max(1, alive)));
  const min = config.suspicionMultiplier * scale * config.probeIntervalMs;
  const expected = expectedConfirmations(config, alive);
  if (expected === 0) return min;
  const max = min * config.suspicionMaxMultiplier;
  const confirmed = Math.min(expected, Math.max(0, accusers - 1));
  const share = Math.log(confirmed + 1) / Math.log(expected + 1);
  return Math.max(min, max - (max - min) * share);
}
