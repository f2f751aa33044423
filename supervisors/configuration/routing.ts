/** Keys of the dealer and the broker. */
import type { BrokerConfig, DealerConfig } from '../../actors/routing/config.ts';
import { DEFAULT_BROKER_CONFIG, DEFAULT_DEALER_CONFIG } from '../../actors/routing/config.ts';
import type { Conflict } from '../../runtime/config/check.ts';
import { each, key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import {
  byteSize,
  duration,
  integer,
  oneOf,
  onOff,
  text,
} from '../../runtime/config/scalar-types.ts';

const GB = 1024 ** 3;
const count = integer({ min: 1, max: 100_000_000 });
const size = byteSize({ min: 1, max: 64 * GB });
const timeout = duration({ min: 0, max: 30 * 86_400_000 });

const dealer = DEFAULT_DEALER_CONFIG;
const { retention, acknowledgements, history, testaments, ...broker } = DEFAULT_BROKER_CONFIG;

const dealerKeys = {
  callTimeoutMs: key({
    name: 'wamp.call_timeout',
    type: timeout,
    default: dealer.callTimeoutMs,
    doc:
      'How long a call may take that gives no timeout of its own; 0s: for ever. Low: slow work is canceled. ' +
      '0s trusts every callee to answer.',
  }),
  maxCallTimeoutMs: key({
    name: 'wamp.max_call_timeout',
    type: timeout,
    default: dealer.maxCallTimeoutMs,
    doc: 'The longest timeout a caller may ask for; longer ones are cut. 0s: no limit.',
  }),
  maxCallsPerSession: key({
    name: 'wamp.max_calls_per_session',
    type: count,
    default: dealer.maxCallsPerSession,
    doc: 'Unanswered calls of one session. Low: bursts are refused. High: one client may fill the memory.',
  }),
  maxRegistrationsPerSession: key({
    name: 'wamp.max_registrations_per_session',
    type: count,
    default: dealer.maxRegistrationsPerSession,
    doc: 'Procedures one session may register.',
  }),
  maxCalleesPerRegistration: key({
    name: 'wamp.max_callees_per_registration',
    type: count,
    default: dealer.maxCalleesPerRegistration,
    doc: 'Callees that may share one procedure. Choosing one may look at each of them.',
  }),
  allowForceReregister: key({
    name: 'wamp.allow_force_reregister',
    type: onOff,
    default: dealer.allowForceReregister,
    doc: 'May `force_reregister` take a procedure from its callees?',
  }),
};

const retentionKeys = {
  maxTopics: key({
    name: 'wamp.message_retention.max_messages',
    type: count,
    default: retention.maxTopics,
    doc: 'Topics with a retained event, per realm. A subscription to a pattern looks at each of them.',
  }),
  maxBytes: key({
    name: 'wamp.message_retention.max_memory',
    type: size,
    default: retention.maxBytes,
    doc: 'Bytes of all retained events of a realm. What does not fit is delivered, not retained.',
  }),
  maxEventBytes: key({
    name: 'wamp.message_retention.max_message_size',
    type: size,
    default: retention.maxEventBytes,
    doc: 'Bytes of one retained event. A larger one is delivered, not retained.',
  }),
  maxListedPerTopic: key({
    name: 'wamp.message_retention.max_listed_per_topic',
    type: count,
    default: retention.maxListedPerTopic,
    doc:
      'Black- or white-listed events a topic keeps beside the last one for everybody. Low: some subscribers ' +
      'see an older event.',
  }),
  maxPerSubscribe: key({
    name: 'wamp.message_retention.max_per_subscribe',
    type: count,
    default: retention.maxPerSubscribe,
    doc: 'Retained events that one SUBSCRIBE to a pattern gets. High: its queue is full at once.',
  }),
  sweepIntervalMs: key({
    name: 'wamp.message_retention.sweep_interval',
    type: duration({ min: 100, max: 86_400_000 }),
    default: retention.sweepIntervalMs,
    doc: 'Between two removals of expired events. They are never delivered; until then they take room.',
  }),
};

const acknowledgementKeys = {
  timeoutMs: key({
    name: 'wamp.acknowledge.timeout',
    type: duration({ min: 10, max: 3_600_000 }),
    default: acknowledgements.timeoutMs,
    doc:
      'How long PUBLISHED of an event that is retained, or recorded on disk, waits for the store; then ' +
      '`wamp.error.unavailable`, though the event was delivered. Low: a disk that stalls is an error. High: ' +
      'publishers wait for it.',
  }),
  maxWaiting: key({
    name: 'wamp.acknowledge.max_waiting',
    type: count,
    default: acknowledgements.maxWaiting,
    doc:
      'Acknowledgements of a realm that wait for the store at once. Beyond, such publications are refused with ' +
      '`wamp.error.unavailable` and not delivered. High: memory.',
  }),
};

const historyKeys = {
  storage: key({
    name: 'wamp.event_history.storage_type',
    type: oneOf(['ram', 'ram_disk']),
    default: history.storage,
    doc:
      'Where recorded events are kept, the same on all nodes. ram: as long as one node lives. ' +
      'ram_disk: for good, a write to each disk per event.',
  }),
  maxEventBytes: key({
    name: 'wamp.event_history.max_message_size',
    type: size,
    default: history.maxEventBytes,
    doc: 'Bytes of one recorded event. A larger one is delivered, not recorded.',
  }),
  maxBytesPerTopic: key({
    name: 'wamp.event_history.max_memory_per_topic',
    type: size,
    default: history.maxBytesPerTopic,
    doc: 'Bytes of the events of one entry below; the oldest go first.',
  }),
  maxReply: key({
    name: 'wamp.event_history.max_reply',
    type: count,
    default: history.maxReply,
    doc: 'Events in one answer of `wamp.subscription.get_events`. High: answers clients cannot take.',
  }),
  topics: each('wamp.event_history.topics.$topic', (prefix) => ({
    uri: key({
      name: `${prefix}.uri`,
      type: text({ name: 'topic', pattern: /^[^\s#]*$/, advice: 'Write a URI.' }),
      default: '',
      doc: 'A topic whose events are recorded, or a pattern; a name in the key stands for the entry.',
    }),
    match: key({
      name: `${prefix}.match`,
      type: oneOf(['exact', 'prefix', 'wildcard']),
      default: 'exact',
      doc: 'How the URI is compared. The first entry that matches a topic takes its events.',
    }),
    limit: key({
      name: `${prefix}.limit`,
      type: count,
      default: 1000,
      doc: 'Events kept; the oldest go first.',
    }),
  })),
};

const testamentKeys = {
  maxPerSession: key({
    name: 'wamp.testaments.max_per_session',
    type: integer({ min: 0, max: 1_000_000 }),
    default: testaments.maxPerSession,
    doc: 'Testaments one session may leave.',
  }),
  maxBytesPerSession: key({
    name: 'wamp.testaments.max_memory_per_session',
    type: byteSize({ min: 0, max: GB }),
    default: testaments.maxBytesPerSession,
    doc: 'Bytes of all testaments of one session.',
  }),
};

export const routingKeys = {
  dealer: dealerKeys,
  maxUriLength: key({
    name: 'wamp.uri.max_length',
    type: integer({ min: 32, max: 65_536 }),
    default: broker.maxUriLength,
    doc: 'Characters of a topic or procedure that is subscribed or registered. Bounds the depth of the index.',
  }),
  maxSubscriptionsPerSession: key({
    name: 'wamp.max_subscriptions_per_session',
    type: count,
    default: broker.maxSubscriptionsPerSession,
    doc: 'Subscriptions one session may hold.',
  }),
  maxWildcardsPerSession: key({
    name: 'wamp.max_wildcards_per_session',
    type: count,
    default: broker.maxWildcardsPerSession,
    doc:
      'Wildcard patterns one session may subscribe to, and as many it may register. Those that overlap make ' +
      'every lookup of a matching URI longer, for everybody.',
  }),
  retention: retentionKeys,
  acknowledgements: acknowledgementKeys,
  history: historyKeys,
  testaments: testamentKeys,
};

export interface RoutingConfig {
  readonly dealer: DealerConfig;
  readonly broker: BrokerConfig;
}

type RoutingValues = Values<typeof routingKeys>;

export function routingConfig(values: RoutingValues): RoutingConfig {
  const { dealer, maxUriLength, maxWildcardsPerSession, ...broker } = values;
  const shared = { maxUriLength, maxWildcardsPerSession };
  return { dealer: { ...dealer, ...shared }, broker: { ...broker, ...shared } };
}

export function routingConflicts({ dealer, history }: RoutingValues): readonly Conflict[] {
  const conflicts: Conflict[] = history.topics
    .filter(({ uri, match }) => uri === '' && match === 'exact')
    .map(({ name }) => ({
      keys: [`wamp.event_history.topics.${name}.uri`],
      problem: 'this entry has no URI',
      advice: 'Set it to the topic, or to a pattern together with match = prefix or wildcard.',
    }));
  const { callTimeoutMs, maxCallTimeoutMs } = dealer;
  if (maxCallTimeoutMs !== 0 && callTimeoutMs > maxCallTimeoutMs) {
    conflicts.push({
      keys: ['wamp.call_timeout', 'wamp.max_call_timeout'],
      problem: 'the timeout of a call is above the longest one allowed',
      advice: 'Lower wamp.call_timeout, or raise wamp.max_call_timeout.',
    });
  }
  return conflicts;
}
