/** What routers count, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const ROUTING_COUNTERS = {
  // Publish and subscribe
  publications: 'Publications accepted.',
  subscriptions: 'Subscriptions made, each subscriber of a topic counted.',
  publications_refused: 'Publications refused, whether or not they asked for an answer.',
  events: 'Events sent to subscribers.',
  events_dropped_too_large: 'Events not sent: larger than the subscriber accepts.',
  events_dropped_unencodable: 'Events not sent: not sayable in the serializer of the subscriber.',
  subscriptions_revoked: 'Subscriptions ended by this node.',
  retained_events: 'Retained events sent to new subscribers.',
  retained_deliveries_cut:
    'Deliveries of retained events cut because a subscription matched too many.',
  retained_refused_too_large: 'Events not retained: too large.',
  retained_refused_too_many: 'Events not retained: too many topics.',
  retained_refused_no_room: 'Events not retained: no room.',
  acknowledgements_waited: 'PUBLISHEDs that waited for the store.',
  acknowledgements_late:
    'Publications delivered and answered with an error: the store was not done with them in time.',
  acknowledgements_refused:
    'Publications delivered and answered with an error: the store did not take them.',
  acknowledgements_no_room: 'Publications refused: too many waited for the store.',
  retained_not_replicated: 'Retained events that the store refused: only this node keeps them.',
  retained_puts_deferred: 'Retained events the store could not take at once; they are put again.',
  retained_rows_deferred: 'Retained events of the store a busy realm could not take at once.',
  retained_rows_malformed: 'Retained events of the store that were none.',
  history_refused_too_large: 'Events not kept in a history: too large.',
  history_not_replicated: 'Events of a history that the store refused: only this node keeps them.',
  history_puts_deferred:
    'Events of a history the store could not take at once; they are put again.',
  history_rows_deferred: 'Events of a history in the store a busy realm could not take at once.',
  history_rows_malformed: 'Events of a history in the store that were none.',
  history_rows_not_recorded:
    'Events of other nodes’ histories passed over: this node’s configuration does not record them.',
  history_events_unreadable:
    'Events of a history left out of an answer: not sayable in the serializer.',
  // Calls
  calls: 'New calls, those of the meta API included.',
  results: 'Calls answered with a result.',
  call_errors: 'Calls answered with an error, of the callee or of this node.',
  progressive_results: 'Progressive results sent to callers.',
  registrations: 'Procedures registered, each callee of a shared one counted.',
  registrations_revoked: 'Registrations ended by this node or taken over by another session.',
  congested_callees_passed_over: 'Times a callee got no call because it did not read.',
  calls_rerouted: 'Calls sent to another callee because the first was unavailable.',
  calls_timed_out: 'Calls answered with a timeout.',
  late_answers: 'Answers of callees to calls that were over.',
  late_cancels: 'CANCELs of calls that were over.',
  late_chunks: 'Chunks of progressive calls that were over.',
  unwanted_progress: 'Progressive results dropped because the caller asked for none.',
  // Across nodes
  registration_conflicts: 'Registrations lost to one that another node had made at the same time.',
  publications_relayed: 'Publications that came from other nodes.',
  remote_entries_not_understood: 'Entries of other nodes that this version cannot use.',
  relay_duplicates:
    'Relayed calls that came twice, or behind a later one, and were not done again.',
  relay_calls_refused:
    'Relayed calls whose callee had gone or had no room; another may have taken them.',
  relay_violations: 'Rules of WAMP broken in the name of another node’s session.',
  questions_given_up: 'Meta API calls answered without a node that was too slow.',
} as const satisfies Readonly<Record<string, string>>;
