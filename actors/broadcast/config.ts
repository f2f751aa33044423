/** The knobs of broadcast, each with its unit, its trade-off and its default. */

export interface BroadcastConfig {
  /**
   * `cluster.lazy_tick_period`: ms between two announcements of what neighbours off the tree may lack. Low: more small
   * control messages, repair sooner. High: a message lost on the tree arrives that much later.
   */
  readonly lazyTickMs: number;
  /** `cluster.exchange_tick_period`: ms between two comparisons with a peer, each peer in turn. 0: never. */
  readonly exchangeTickMs: number;
  /**
   * Members up to which the origin sends to each itself. Above, a tree is cheaper for the origin; below, a tree costs
   * as many control messages as it saves payloads. 0: always a tree, for a membership whose nodes know only a part.
   */
  readonly directMembers: number;
  /** Neighbours up to which all connected peers are neighbours; of more, a few are chosen (`overlayRings`). */
  readonly maxNeighbours: number;
  /** Rings of the overlay on a full mesh; each gives two neighbours. Low: fragile. High: more announcements. */
  readonly overlayRings: number;
  /** Ms after an announcement before the payload is asked for. At least twice the peer's round trip is taken. */
  readonly graftTimeoutMs: number;
  /** Ms before the next announcer is asked. At least one and a half times the asked peer's round trip is taken. */
  readonly graftRetryMs: number;
  /** Repetitions in a row from one peer before it is pruned. 1: fewest repetitions, trees that swing with latency. */
  readonly duplicatesBeforePrune: number;
  /** Trees of their own; the roots beyond share one. Each costs a set of neighbours. */
  readonly maxTrees: number;
  /** Ms without a message before a tree's place may be taken by another root. */
  readonly treeIdleMs: number;
  /** Ms of ids that are announced to a new neighbour. What was sent while it had no neighbour must be younger. */
  readonly replayMs: number;
  /** Ids announced at once, the newest. Also bounds what waits for one peer's next announcement. */
  readonly maxAnnouncedIds: number;
  /** Bytes of one payload. Larger ones are refused at the publisher and from peers. */
  readonly maxPayloadBytes: number;
  /** Ms a payload can still be asked for. Shorter than an exchange with each neighbour in turn: some gaps stay. */
  readonly cacheAgeMs: number;
  /** Bytes of all payloads kept, the oldest go first. */
  readonly maxCacheBytes: number;
  /** Payloads kept, the oldest go first. */
  readonly maxCachedPayloads: number;
  /**
   * Origins whose ids are remembered; those of members stay longest. Fewer than there are members: what comparisons bring
   * is delivered again and again.
   */
  readonly maxOrigins: number;
  /** Holes kept per origin. Beyond, the oldest holes count as seen and are left to the store's anti-entropy. */
  readonly maxHoles: number;
  /** Ids that were announced and have not come. Beyond, they wait for an exchange. */
  readonly maxMissing: number;
  /** Payloads that one comparison supplies before the peer must compare again. */
  readonly exchangePayloads: number;
  /** Bytes that one comparison supplies. */
  readonly exchangeBytes: number;
  /** Comparisons in a row with one peer, each after the other said that it had more. */
  readonly exchangeRounds: number;
  /** Payloads and bytes that wait for one subscriber, or for a topic's first. Beyond, the newest is dropped. */
  readonly maxBacklog: number;
  readonly maxBacklogBytes: number;
  /** Ms before a subscriber whose mailbox was full is tried again. */
  readonly backlogRetryMs: number;
}

export const BROADCAST_DEFAULTS: BroadcastConfig = {
  lazyTickMs: 1_000,
  exchangeTickMs: 60_000,
  directMembers: 30,
  maxNeighbours: 8,
  overlayRings: 3,
  graftTimeoutMs: 80,
  graftRetryMs: 40,
  duplicatesBeforePrune: 2,
  maxTrees: 256,
  treeIdleMs: 30_000,
  replayMs: 5_000,
  maxAnnouncedIds: 10_000,
  maxPayloadBytes: 1024 * 1024,
  cacheAgeMs: 360_000,
  maxCacheBytes: 64 * 1024 * 1024,
  maxCachedPayloads: 100_000,
  maxOrigins: 16_384,
  maxHoles: 64,
  maxMissing: 10_000,
  exchangePayloads: 1_000,
  exchangeBytes: 1024 * 1024,
  exchangeRounds: 64,
  maxBacklog: 4_096,
  maxBacklogBytes: 16 * 1024 * 1024,
  backlogRetryMs: 50,
};
