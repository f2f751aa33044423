/** What sessions count, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const SESSION_COUNTERS = {
  sessions_opened: 'Sessions welcomed.',
  sessions_closed: 'Sessions that ended after they were welcomed.',
  sessions_aborted: 'Sessions ended with ABORT by this node.',
  protocol_violations: 'Sessions ended for breaking the protocol.',
  hello_timeouts: 'Connections ended because they never said HELLO.',
  authentications_refused: 'Sessions refused because their authentication failed.',
  authentications_late: 'Sessions refused because their authentication took too long on this node.',
  session_tokens_refused: 'Sessions refused because their token was not of this cluster and realm.',
  session_tokens_late:
    'Sessions refused because this node had not caught up with their token in time.',
  connections_timed_out: 'Connections whose peer stopped answering.',
  slow_consumers_aborted: 'Sessions ended because they did not read their events.',
  callers_paused: 'Times a client was not read from because answers to it waited unread.',
  requests_refused: 'Requests refused because the realm had no room for more.',
  messages_too_long: 'Messages refused because they were longer than their realm allows.',
  requests_too_many:
    'Requests refused because their session made more of them a second than its realm allows.',
  requests_not_authorized: 'Requests refused because the session may not do that.',
  requests_of_the_departed: 'Requests dropped because their session had left.',
} as const satisfies Readonly<Record<string, string>>;
