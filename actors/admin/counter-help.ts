/**
 * What each counter means: the `# HELP` lines of /metrics and the table in docs/metrics.md. The name `events` is
 * exported as `bondy_events_total`. A counter that is not listed is exported too, with a help made of its name;
 * a test asks for a line here.
 */
export const COUNTER_HELP: Readonly<Record<string, string>> = {
  // Listeners
  listener_accept_errors: 'Failed accepts, mostly for want of file descriptors.',
  listener_connections_refused:
    'Connections answered with a refusal because the listener was full.',
  listener_connections_cut: 'Connections cut unanswered because even refusals had no room.',
  listener_handshake_timeouts: 'Connections cut because their handshake took too long.',
  listener_proxy_header_refused: 'Connections cut for a bad or untrusted PROXY header.',
  listener_tls_errors: 'TLS handshakes and connections that failed.',
  listener_sessions_refused: 'Connections cut because no session could be started for them.',
  listener_reloads_failed: 'Reloads of a listener refused because its files could not be used.',
  websocket_refused_malformed: 'WebSocket upgrades refused: not HTTP.',
  websocket_refused_full: 'WebSocket upgrades refused: the listener was full.',
  websocket_refused_path: 'WebSocket upgrades refused: another path.',
  websocket_refused_origin: 'WebSocket upgrades refused: an origin that is not allowed.',
  websocket_refused_subprotocol: 'WebSocket upgrades refused: no subprotocol in common.',
  websocket_violations: 'WebSocket connections ended for breaking the rules of the transport.',
  rawsocket_refused_serializer_unsupported: 'RawSocket handshakes refused: unknown serializer.',
  rawsocket_refused_length_unacceptable:
    'RawSocket handshakes refused: the peer accepts too little.',
  rawsocket_refused_reserved_bits: 'RawSocket handshakes refused: reserved bits were set.',
  rawsocket_refused_too_many_connections: 'RawSocket handshakes refused: the listener was full.',
  rawsocket_refused_not_rawsocket: 'Connections cut because they did not begin as RawSocket.',
  rawsocket_violations: 'RawSocket connections ended for breaking the rules of the transport.',
  connections_overflowed: 'Connections cut because more waited unread than one may leave.',
  connections_cut_for_room: 'Connections cut because all together left too much unread.',
  connections_close_cut: 'Connections cut because they did not close in time when asked to.',
  // Sessions
  sessions_opened: 'Sessions welcomed.',
  sessions_closed: 'Sessions that ended after they were welcomed.',
  sessions_aborted: 'Sessions ended with ABORT by this node.',
  protocol_violations: 'Sessions ended for breaking the protocol.',
  hello_timeouts: 'Connections ended because they never said HELLO.',
  authentications_refused: 'Sessions refused because their authentication failed.',
  connections_timed_out: 'Connections whose peer stopped answering.',
  slow_consumers_aborted: 'Sessions ended because they did not read their events.',
  callers_paused: 'Times a client was not read from because answers to it waited unread.',
  requests_refused: 'Requests refused because the realm had no room for more.',
  requests_not_authorized: 'Requests refused because the session may not do that.',
  requests_of_the_departed: 'Requests dropped because their session had left.',
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
  history_refused_too_large: 'Events not kept in a history: too large.',
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
  // Admin server
  admin_accept_errors: 'Failed accepts of the admin port, mostly for want of file descriptors.',
  admin_unknown_host: 'Admin requests refused because their Host is not served.',
  admin_foreign_origin: 'Admin requests refused because another web page made them.',
  admin_streams_refused: 'Followers of the live tree refused because there were too many.',
  admin_streams_cut: 'Followers of the live tree cut because they did not read.',
  metric_series_left_out: 'Series left out of scrapes because one metric had too many.',
};
