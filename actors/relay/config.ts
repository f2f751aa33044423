/** The knobs of relaying, each with its unit, its trade-off and its default. */

export interface RelayConfig {
  /** Bytes of one message; the links take no more than 64 MiB. */
  readonly maxMessageBytes: number;
  /**
   * Bytes of answers and events that wait for one node whose channel is full or down. Low: events are dropped sooner,
   * and answers lose their payload (their callers get an error). High: memory.
   */
  readonly maxHeldBytes: number;
  /** Ms until what waits is tried again. */
  readonly heldRetryMs: number;
  /** Ms until what waits for a node is given up: longer than membership takes to call a node down. */
  readonly heldMs: number;
  /**
   * Of an overlay that does not link to every node: ms that a call waits for a link to be made. Low: the first calls to a
   * node are refused while it is dialled. High: a node that cannot be dialled is given up late.
   */
  readonly reachMs: number;
  /** ... and ms until a link that is not used is given up, at least. Low: it is dialled again. High: idle links. */
  readonly keptMs: number;
  /**
   * Ms until a relayed call is refused because what its sender's store had seen has not come. Low: calls are refused while
   * a store catches up. High: they are answered late instead.
   */
  readonly causalWaitMs: number;
  /**
   * Ms until it is asked for instead of waited for; a broadcast brings it meanwhile as a rule. Low: comparisons that
   * nobody needed. High: what a broadcast lost is late.
   */
  readonly causalPullMs: number;
  /** Bytes of relayed messages that wait for the store; beyond, they are late at once. High: memory. */
  readonly maxWaitingBytes: number;
}

export const DEFAULT_RELAY_CONFIG: RelayConfig = {
  maxMessageBytes: 60 * 1024 * 1024,
  maxHeldBytes: 32 * 1024 * 1024,
  heldRetryMs: 5,
  heldMs: 15_000,
  reachMs: 2_000,
  keptMs: 300_000,
  causalWaitMs: 2_000,
  causalPullMs: 20,
  maxWaitingBytes: 32 * 1024 * 1024,
};
