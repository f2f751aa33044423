/**
 * What each counter means: the `# HELP` lines of /metrics and the table in docs/metrics.md. The name `calls` is
 * exported as `bondy_calls_total`. A counter that is not listed is exported too, with a help made of its name.
 */
export const COUNTER_HELP: Readonly<Record<string, string>> = {
  admin_unknown_host: 'Admin requests refused because their Host is not served.',
  admin_foreign_origin: 'Admin requests refused because another web page made them.',
  admin_streams_refused: 'Followers of the live tree refused because there were too many.',
  admin_streams_cut: 'Followers of the live tree cut because they did not read.',
  metric_series_left_out: 'Series left out of scrapes because one metric had too many.',
};
