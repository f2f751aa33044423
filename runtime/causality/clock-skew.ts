/**
 * Whose clock is wrong? Each peer tells its wall clock now and then (with the membership's probes). Alone a difference
 * says nothing about whose fault it is; when most peers are off by more than the bound in the same direction, it is
 * ours. Then the node refuses its own new writes and says so, and what was written before merges by causality.
 */

export interface ClockSkewConfig {
  /** Half of the hybrid clock's drift, so that a node stops before its stamps are refused elsewhere. */
  readonly maxSkewMs: number;
  /** A peer not heard of for this long has no vote. Too low: too few votes. Too high: votes of clocks since corrected. */
  readonly voteTtlMs: number;
}

export const DEFAULT_CLOCK_SKEW: ClockSkewConfig = { maxSkewMs: 30_000, voteTtlMs: 60_000 };

/** `off`: our clock minus the peers' median, in milliseconds; positive: we are ahead. */
export type ClockVerdict =
  | { readonly kind: 'in_step' }
  | { readonly kind: 'off'; readonly byMs: number; readonly voters: number };

interface Vote {
  readonly offsetMs: number;
  /** By our monotonic clock: the wall clock is the accused. */
  readonly atMs: number;
}

export class ClockSkew {
  readonly #config: ClockSkewConfig;
  readonly #votes = new Map<string, Vote>();

  constructor(config = DEFAULT_CLOCK_SKEW) {
    this.#config = config;
  }

  /** `offsetMs`: our wall clock minus the peer's, already corrected by half the round trip; `nowMs` is monotonic. */
  heard(peer: string, offsetMs: number, nowMs: number): void {
    if (Number.isFinite(offsetMs)) this.#votes.set(peer, { offsetMs, atMs: nowMs });
  }

  forget(peer: string): void {
    this.#votes.delete(peer);
  }

  /** One voter is not a majority: of two nodes nobody can tell who is wrong. */
  verdict(nowMs: number): ClockVerdict {
    const offsets = [...this.#votes.values()]
      .filter(({ atMs }) => nowMs - atMs <= this.#config.voteTtlMs)
      .map(({ offsetMs }) => offsetMs)
      .sort((a, b) => a - b);
    const bound = this.#config.maxSkewMs;
    const ahead = offsets.filter((offset) => offset > bound).length;
    const behind = offsets.filter((offset) => offset < -bound).length;
    const voters = offsets.length;
    if (voters < 2 || 2 * Math.max(ahead, behind) <= voters) return { kind: 'in_step' };
    return { kind: 'off', byMs: offsets[voters >> 1]!, voters };
  }
}
