/** What listeners and connections count, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const LISTENER_COUNTERS = {
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
} as const satisfies Readonly<Record<string, string>>;
