/** What the admin API counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const MANAGEMENT_COUNTERS = {
  management_operations: 'Operations of the admin API that were done.',
  management_failed: 'Operations of the admin API that were refused for what was asked.',
  management_refused:
    'Calls of the admin API by who may not, or refused because too many changes wait.',
} as const satisfies Readonly<Record<string, string>>;
