/** Knobs of the session layer. */
export interface SessionsConfig {
  /** A connection that has not said HELLO by then is aborted, ms. Low: slow links never get in. High: idle sockets pile up. */
  readonly helloTimeoutMs: number;
  /** A CHALLENGE unanswered by then is aborted, ms. Low: people typing a code fail. High: half-open sessions pile up. */
  readonly authenticateTimeoutMs: number;
  /**
   * How long WELCOME waits for what the session's token says it has seen, ms. Low: a reconnect to a node that lags is
   * refused. High: it hangs.
   */
  readonly catchUpTimeoutMs: number;
  /** How long a GOODBYE of ours waits for the peer's, ms, before the socket is closed. */
  readonly goodbyeTimeoutMs: number;
  /**
   * A subscriber whose outbound queue stays over the high-water mark this long is aborted, ms. Low: a hiccup of a
   * phone costs its session. High: its backlog costs this node memory for longer.
   */
  readonly slowConsumerTimeoutMs: number;
  /** A backlog of this many bytes aborts the session at once. Must be above the listeners' high-water mark. */
  readonly maxBacklogBytes: number;
  /** Deepest nesting of arrays and maps in a message. */
  readonly maxDepth: number;
}

export const SESSIONS_DEFAULTS: SessionsConfig = {
  helloTimeoutMs: 10_000,
  authenticateTimeoutMs: 30_000,
  catchUpTimeoutMs: 5_000,
  goodbyeTimeoutMs: 5_000,
  slowConsumerTimeoutMs: 5_000,
  maxBacklogBytes: 64 * 1024 * 1024,
  maxDepth: 64,
};
