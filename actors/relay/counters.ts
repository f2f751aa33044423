/** What the relay counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const RELAY_COUNTERS = {
  relay_strays: 'Relayed messages for a realm, node or procedure that is not known here.',
  relay_sent: 'Messages of realms sent to other nodes.',
  relay_batches_sent:
    'Batches these were sent in: one per turn, node and realm, if they are short.',
  relay_received: 'Messages of realms that came from other nodes.',
  relay_malformed: 'Batches from other nodes, and messages in them, that were none.',
  relay_overloaded: 'Relayed calls, events and questions refused because the router was behind.',
  relay_refused: 'Calls not sent to a node that cannot be reached or does not keep up.',
  relay_held: 'Answers and events that had to wait for a node.',
  relay_expired: 'Of those, the ones whose node did not come back.',
  relay_events_dropped: 'Events lost because too much was waiting for a node already.',
  relay_answers_stripped:
    'Answers that became errors because too much was waiting for a node already.',
  relay_waited: 'Batches that waited until the store had what their sender had seen of it.',
  relay_late_calls: 'Relayed calls refused because that did not come in time.',
  relay_late_messages: 'Relayed events and answers that were acted on although it had not come.',
} as const satisfies Readonly<Record<string, string>>;

export type RelayCounter = keyof typeof RELAY_COUNTERS;
