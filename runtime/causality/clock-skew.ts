/**
 * Whose clock is wrong? Each peer tells its wall clock now and then, by broadcast. Alone a difference says nothing about
 * whose fault it is; when most peers are off by more than the bound in the same direction, it is ours. Then the node
 * refuses its own new writes and says so, and what was written before merges by causality.
 *
 * A broadcast may come minutes late: a node that has just started is sent what it has missed, in any order. So what a peer
 * said long before something it has said already does not count (as in NTP's clock filter, least delay is nearest to the
 * truth), and a verdict stands from the second judgement on, by when peers have told anew.
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
  /** Our wall clock minus the peer's, when it was heard. */
  readonly offsetMs: number;
  /** By our monotonic clock: the wall clock is the accused. */
  readonly atMs: number;
  /** The peer's wall clock minus our monotonic one. */
  readonly leadMs: number;
}

export class ClockSkew {
  readonly #config: ClockSkewConfig;
  readonly #votes = new Map<string, Vote>();
  #wasOff = false;

  constructor(config = DEFAULT_CLOCK_SKEW) {
    this.#config = config;
  }

  /** `saidMs`: the peer's wall clock when it spoke; `wallMs` and `nowMs`: ours now, the latter monotonic. */
  heard(peer: string, saidMs: number, wallMs: number, nowMs: number): void {
    if (!Number.isFinite(saidMs)) return;
    const leadMs = saidMs - nowMs;
    const last = this.#votes.get(peer);
    const isLate =
      last !== undefined &&
      this.#isYoung(last, nowMs) &&
      last.leadMs - leadMs > this.#config.maxSkewMs;
    if (!isLate) this.#votes.set(peer, { offsetMs: wallMs - saidMs, atMs: nowMs, leadMs });
  }

  forget(peer: string): void {
    this.#votes.delete(peer);
  }

  /** To be asked as often as peers tell. */
  judge(nowMs: number): ClockVerdict {
    const verdict = this.#majority(nowMs);
    const isFirst = !this.#wasOff;
    this.#wasOff = verdict.kind === 'off';
    return isFirst ? { kind: 'in_step' } : verdict;
  }

  #isYoung({ atMs }: Vote, nowMs: number): boolean {
    return nowMs - atMs <= this.#config.voteTtlMs;
  }

  /** One voter is not a majority: of two nodes nobody can tell who is wrong. */
  #majority(nowMs: number): ClockVerdict {
    const offsets = [...this.#votes.values()]
      .filter((vote) => this.#isYoung(vote, nowMs))
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
