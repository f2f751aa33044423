/** What the admin server counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const ADMIN_COUNTERS = {
  admin_accept_errors: 'Failed accepts of the admin port, mostly for want of file descriptors.',
  admin_tls_errors: 'TLS handshakes with the admin port that failed.',
  admin_reloads_failed:
    'Reloads of the admin port refused because its certificate could not be used.',
  admin_unknown_host: 'Admin requests refused because their Host is not served.',
  admin_foreign_origin: 'Admin requests refused because another web page made them.',
  admin_unauthorized: 'Admin requests refused because they had no valid credentials.',
  admin_forbidden: 'Admin requests refused because their user is not granted what they are.',
  admin_too_many_requests: 'Admin requests refused because their address made too many.',
  admin_api_requests: 'Requests of the admin API that were passed on to its operations.',
  admin_no_json: 'Admin requests refused because their body was not declared as JSON.',
  admin_operations:
    'What operators had this node do: join, leave, remove, check and repair the store.',
  admin_streams_refused: 'Followers of the live tree refused because there were too many.',
  admin_streams_cut: 'Followers of the live tree cut because they did not read.',
  admin_streams_ended:
    'Streams of the live tree ended because the login or grant that had opened them was taken back.',
  metric_series_left_out: 'Series left out of scrapes because one metric had too many.',
} as const satisfies Readonly<Record<string, string>>;
