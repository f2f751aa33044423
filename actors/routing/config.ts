/** The knobs of routing, each with its unit, its trade-off and its default. */

/** Routing across nodes. */
export interface ClusterRoutingConfig {
  /**
   * Ms REGISTERED and SUBSCRIBED wait at most until every node that is up knows. Low: who acts at once on the answer may
   * find that a slow node does not know yet. High: one slow node makes clients wait.
   */
  readonly announceTimeoutMs: number;
  /** Callees of this node before those of others, where the policy leaves a choice. Faster, and uneven. */
  readonly preferLocal: boolean;
  /** Ms the meta API waits for what other nodes know of their sessions. */
  readonly questionTimeoutMs: number;
  /** Questions of the meta API that are open at once. */
  readonly maxQuestions: number;
}

export const DEFAULT_CLUSTER_ROUTING_CONFIG: ClusterRoutingConfig = {
  announceTimeoutMs: 100,
  preferLocal: false,
  questionTimeoutMs: 2_000,
  maxQuestions: 10_000,
};

/** Routed RPC. */
export interface DealerConfig {
  /** Ms a call without a timeout of its own may take; 0: for ever. Too low cancels slow work, 0 trusts callees. */
  readonly callTimeoutMs: number;
  /** Ms no CALL.timeout may exceed (longer ones are cut); 0: no limit. */
  readonly maxCallTimeoutMs: number;
  /** Unanswered calls one session may have. Too low refuses bursts, too high lets one client fill the heap. */
  readonly maxCallsPerSession: number;
  /** Procedures one session may register. */
  readonly maxRegistrationsPerSession: number;
  /** Of them wildcard patterns: one lookup may have to walk all that overlap, whoever has registered them. */
  readonly maxWildcardsPerSession: number;
  /** Callees of one shared procedure. Choosing one may look at each. */
  readonly maxCalleesPerRegistration: number;
  /** UTF-16 units of a procedure that is registered. Bounds the depth of the index. */
  readonly maxUriLength: number;
  /** May REGISTER.force_reregister take a procedure from its callees? */
  readonly allowForceReregister: boolean;
}

export const DEFAULT_DEALER_CONFIG: DealerConfig = {
  callTimeoutMs: 0,
  maxCallTimeoutMs: 0,
  maxCallsPerSession: 65_536,
  maxRegistrationsPerSession: 100_000,
  maxWildcardsPerSession: 1_000,
  maxCalleesPerRegistration: 10_000,
  maxUriLength: 1024,
  allowForceReregister: true,
};

/** Publish and subscribe. */
export interface BrokerConfig {
  /** Subscriptions one session may hold. Too low refuses clients that follow many topics, too high lets one fill the heap. */
  readonly maxSubscriptionsPerSession: number;
  /** Of them wildcard patterns: one publication may have to walk all that overlap, whoever has subscribed to them. */
  readonly maxWildcardsPerSession: number;
  /** UTF-16 units of a topic. Bounds the depth of the index and the work of a match. */
  readonly maxUriLength: number;
  readonly retention: RetentionConfig;
  readonly acknowledgements: AcknowledgementConfig;
  readonly history: HistoryConfig;
  readonly testaments: TestamentsConfig;
}

/** The last event of a topic, kept for who subscribes later. */
export interface RetentionConfig {
  /** Topics with a retained event. A subscription to a pattern looks at each of them. */
  readonly maxTopics: number;
  /** Bytes of one event (payload, topic and lists). A larger one is delivered but not retained. */
  readonly maxEventBytes: number;
  /** Bytes of all retained events of a realm. A new one that does not fit is delivered but not retained. */
  readonly maxBytes: number;
  /** Black- or white-listed events a topic keeps beside the last open one. Too low: some subscribers see an older one. */
  readonly maxListedPerTopic: number;
  /** Retained events one SUBSCRIBE to a pattern gets at most. Too high fills the subscriber's queue at once. */
  readonly maxPerSubscribe: number;
  /** Ms between sweeps of expired events. They are never delivered; until the sweep they only take room. */
  readonly sweepIntervalMs: number;
}

/** Publications with `acknowledge` that are retained, or recorded on disk: PUBLISHED waits until the store has them. */
export interface AcknowledgementConfig {
  /** Ms it waits at most; then an ERROR. Low: a disk that stalls for a moment is an error. High: publishers wait for it. */
  readonly timeoutMs: number;
  /** Of a realm that wait at once; beyond, publications are refused. High: memory, some 300 bytes each. */
  readonly maxWaiting: number;
}

/** One recorded topic or pattern. The first entry that matches a topic takes its events. */
export interface HistoryTopic {
  readonly uri: string;
  readonly match: 'exact' | 'prefix' | 'wildcard';
  /** Events kept; the oldest go first. */
  readonly limit: number;
}

/** Events that can be read again by `wamp.subscription.get_events`. */
export interface HistoryConfig {
  /** Nothing is recorded that is not named here: history costs memory for as long as the realm is open. */
  readonly topics: readonly HistoryTopic[];
  /**
   * Where it is kept; the same on all nodes. `ram`: it lives as long as one node does. `ram_disk`: it outlives them all, and
   * each event costs a write to the disk on each node.
   */
  readonly storage: 'ram' | 'ram_disk';
  /** Bytes of one recorded event. A larger one is delivered but not recorded. */
  readonly maxEventBytes: number;
  /** Bytes of the events of one entry; the oldest go first. */
  readonly maxBytesPerTopic: number;
  /** Events in one answer, whatever `limit` the caller asks for. Too high: answers over the peer's frame limit. */
  readonly maxReply: number;
}

/** What a session leaves behind to be published at its end. */
export interface TestamentsConfig {
  readonly maxPerSession: number;
  /** Bytes of all testaments of one session. */
  readonly maxBytesPerSession: number;
}

export const DEFAULT_BROKER_CONFIG: BrokerConfig = {
  maxSubscriptionsPerSession: 100_000,
  maxWildcardsPerSession: 1_000,
  maxUriLength: 1024,
  retention: {
    maxTopics: 100_000,
    maxEventBytes: 64 * 1024,
    maxBytes: 256 * 1024 * 1024,
    maxListedPerTopic: 8,
    maxPerSubscribe: 1_000,
    sweepIntervalMs: 60_000,
  },
  acknowledgements: { timeoutMs: 5_000, maxWaiting: 100_000 },
  history: {
    topics: [],
    storage: 'ram',
    maxEventBytes: 64 * 1024,
    maxBytesPerTopic: 16 * 1024 * 1024,
    maxReply: 1_000,
  },
  testaments: { maxPerSession: 100, maxBytesPerSession: 256 * 1024 },
};
