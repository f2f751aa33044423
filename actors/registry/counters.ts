/** What the registry counts, in words: the `# HELP` lines of /metrics and the rows of docs/metrics.md. */

export const REGISTRY_COUNTERS = {
  registry_changes: 'Entries of other nodes that came or went.',
  registry_gaps: 'Times a missing change was asked for.',
  registry_snapshots: 'Times all entries of a node were sent because the changes were not kept.',
  registry_refused: 'Registry messages refused because they claimed too much.',
  registry_malformed: 'Registry messages that were none.',
  registry_sends_refused:
    'Registry messages not sent for want of a link or of room; comparing repairs it.',
} as const satisfies Readonly<Record<string, string>>;

export type RegistryCounter = keyof typeof REGISTRY_COUNTERS;
