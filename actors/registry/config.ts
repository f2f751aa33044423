/** The knobs of the replicated registry, each with its unit, its trade-off and its default. */

export interface RegistryConfig {
  /**
   * Ms the entries of a node that counts as dead are kept. Low: a node that was cut off for a moment is learned anew.
   * High: what nobody can reach is listed for longer.
   */
  readonly graceMs: number;
  /** Ms before a missing change is asked for: it may only have been overtaken. */
  readonly gapDelayMs: number;
  /** Ms between two comparisons with a peer, each in turn. Finds what was lost with nothing after it to show the hole. */
  readonly compareMs: number;
  /** Changes kept per owner to fill gaps with; who lacks more gets all entries. */
  readonly keptChanges: number;
  /** Changes in one message, and entries in one page of a snapshot. */
  readonly batch: number;
  /** Batches kept per owner that came before their turn. Beyond, the owner is asked. */
  readonly earlyBatches: number;
  /** Entries one node may have. A peer that claims more is not believed. */
  readonly maxEntriesPerNode: number;
}

export const DEFAULT_REGISTRY_CONFIG: RegistryConfig = {
  graceMs: 5_000,
  gapDelayMs: 20,
  compareMs: 5_000,
  keptChanges: 4_096,
  batch: 500,
  earlyBatches: 64,
  maxEntriesPerNode: 2_000_000,
};
