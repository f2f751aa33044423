/** The knobs of membership, failure detection and discovery, each with its unit, its trade-off and its default. */

export interface MembershipConfig {
  /** `full_mesh`: a link to every member, for up to about 30 nodes. `hyparview`: a few neighbours each, for more. */
  readonly overlay: 'full_mesh' | 'hyparview';
  /** Names the roster holds, those that left included. Too low: nodes are refused. High: bounds only what a liar can fill. */
  readonly maxMembers: number;
  /** Ms between looks at the clock. Everything below is rounded up to it. */
  readonly tickMs: number;
  readonly gossip: GossipConfig;
  readonly detector: DetectorConfig;
  readonly hyparview: HyParViewConfig;
  readonly rosterProbe: RosterProbeConfig;
  /** Ms a link to somebody who is not a neighbour is kept for one conversation. Low: far nodes are never reached. */
  readonly contactMs: number;
  /** Ms a node waits for a member to take it in before it calls itself up all the same. */
  readonly joinTimeoutMs: number;
  /** Ms between announcing a leave and being gone: time for others to stop sending here. */
  readonly leavingMs: number;
}

export interface GossipConfig {
  /** Ms between rounds of comparing digests. Low: idle traffic. High: what a rumour missed is repaired later. */
  readonly intervalMs: number;
  /** Peers per round, and the ones each rumour is passed to. 3 reaches 94 % at once, the digests the rest. */
  readonly fanout: number;
}

export interface DetectorConfig {
  /** Ms between rounds of probes. Low: traffic. High: a silent death is found later. */
  readonly probeIntervalMs: number;
  /** Members probed per round, each in turn. Below the number of neighbours, silent deaths are found later. */
  readonly probesPerRound: number;
  /** Ms an answer may take: 3 x the slowest recent round trip, kept within these bounds. Low: false suspicion. */
  readonly minProbeTimeoutMs: number;
  readonly maxProbeTimeoutMs: number;
  /** Others asked to try when there was no answer. */
  readonly indirectProbes: number;
  /** A suspect has multiplier x max(1, log10 n) x the probe interval to refute, when others confirm. */
  readonly suspicionMultiplier: number;
  /** Without confirmation it has this many times longer. */
  readonly suspicionMaxMultiplier: number;
  /** How cautious this node becomes at most when it is itself late (Lifeguard): timeouts are stretched 1 + this times. */
  readonly maxLocalHealth: number;
  /** Ms after a lost connection until the member counts as dead, if others cannot reach it either. Low: restarts of links are deaths. */
  readonly quickConfirmMs: number;
  /** Requests of others served at a time. */
  readonly maxRelays: number;
}

export interface HyParViewConfig {
  /** Neighbours. More: faster broadcast and more links; below 4 the overlay falls apart under crashes. */
  readonly activeSize: number;
  /** Below this many a request for a place may push out somebody else's neighbour. */
  readonly minActive: number;
  /** Replacements kept at hand. */
  readonly passiveSize: number;
  /** Ms between shuffles, and between assertions that a link is wanted on both sides. */
  readonly shuffleIntervalMs: number;
  readonly shuffleTtl: number;
  readonly shuffleActive: number;
  readonly shufflePassive: number;
  /** Ms from wanting a neighbour to its answer, dialling included; then the next candidate is asked. */
  readonly requestTimeoutMs: number;
  /** Ms before the same candidate is asked again, and between attempts at the last, optional places. */
  readonly retryMs: number;
  /** Candidates that may say no before one is asked to make room. */
  readonly refusalsBeforeHigh: number;
}

export interface RosterProbeConfig {
  /** Ms between contacts to a random member: heals splits of any length. Low: dials. High: splits last. */
  readonly intervalMs: number;
  /** Ms between beats of the lowest member that tell an island that it is one. */
  readonly pulseMs: number;
  /** Ms without a beat after which this node bridges to a random member. Too low: rewiring without need. */
  readonly pulseLateMs: number;
}

export const MEMBERSHIP_DEFAULTS: MembershipConfig = {
  overlay: 'full_mesh',
  maxMembers: 10_000,
  tickMs: 100,
  gossip: { intervalMs: 1_000, fanout: 3 },
  detector: {
    probeIntervalMs: 1_000,
    probesPerRound: 5,
    minProbeTimeoutMs: 200,
    maxProbeTimeoutMs: 1_000,
    indirectProbes: 3,
    suspicionMultiplier: 4,
    suspicionMaxMultiplier: 6,
    maxLocalHealth: 8,
    quickConfirmMs: 500,
    maxRelays: 256,
  },
  hyparview: {
    activeSize: 5,
    minActive: 4,
    passiveSize: 30,
    shuffleIntervalMs: 10_000,
    shuffleTtl: 6,
    shuffleActive: 3,
    shufflePassive: 4,
    requestTimeoutMs: 2_000,
    retryMs: 2_000,
    refusalsBeforeHigh: 3,
  },
  rosterProbe: { intervalMs: 30_000, pulseMs: 5_000, pulseLateMs: 40_000 },
  contactMs: 3_000,
  joinTimeoutMs: 5_000,
  leavingMs: 1_000,
};
