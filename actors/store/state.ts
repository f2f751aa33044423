/**
 * What outlives a crash of the store's actors: rows in memory, trees, clocks, and the sequence that no dot may repeat.
 * Made once per life of the process, beside the incarnation, because a sequence that began again within one incarnation
 * would give two puts one dot. Each partition's actor writes its own; everybody reads.
 */
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import { Watermarks } from '../../runtime/causality/watermarks.ts';
import type { Row } from '../../runtime/causality/row.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import { OrderedSetTable } from '../../runtime/kernel/ordered-table.ts';
import type { HashKey } from '../../runtime/structures/half-siphash.ts';
import type { Item } from '../../runtime/structures/item.ts';
import type { ExchangeOutcome } from './api.ts';
import type { StoreConfig } from './config.ts';
import { Hashtree } from './hashtree.ts';
import type { RowKey } from './keys.ts';
import { compareRowKeys } from './keys.ts';
import type { Lane } from './prefixes.ts';

/** A row with the item that stands for it in the tree. */
export interface Stored {
  readonly row: Row;
  readonly item: Item;
}

export type PartitionStatus =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready' }
  /** Reads go on, writes to disk are refused. */
  | { readonly kind: 'degraded'; readonly failure: StorageFailure };

export class PartitionState {
  readonly index: number;
  /** Of prefixes that are read from memory. */
  readonly rows: OrderedSetTable<RowKey, Stored>;
  readonly hashtree: Hashtree;
  readonly watermarks = new Watermarks();
  /** Replaced when the partition is loaded again. */
  clock = new StoreClock();
  /** The last dots given, by lane. */
  readonly sequences: Record<Lane, number> = { durable: 0, ram: 0 };
  status: PartitionStatus = { kind: 'loading' };
  /** How often a subscriber would have been told something. */
  changes = 0;
  /** Rows that are not what they were: until they are healed, this partition vouches for nothing. */
  damaged = 0;
  /**
   * True until this life has compared with a peer that knows (catching-up.ts), and again when it is found to be behind what is
   * stable: its clock cannot tell yet what was deleted long ago, so single puts wait (early-puts.ts). Outlives the
   * partition's actor.
   */
  isCatchingUp: boolean;
  /** By how much the greatest stamp here is ahead of the wall clock, ms, when that is too much; asked, as time passes. */
  stampsAheadMs: () => number | undefined = () => undefined;

  constructor(index: number, key: HashKey, { treeDepth, symbols, isAaeEnabled }: StoreConfig) {
    this.index = index;
    this.rows = new OrderedSetTable(`store rows ${index}`, compareRowKeys);
    this.hashtree = new Hashtree(key, treeDepth, symbols);
    this.isCatchingUp = isAaeEnabled;
  }
}

export interface LastExchange {
  readonly outcome: ExchangeOutcome;
  readonly atMs: number;
  /** Of the last one that did not fail. */
  readonly comparedAtMs: number | undefined;
}

export class StoreState {
  readonly partitions: readonly PartitionState[];
  readonly #listeners = new Set<(partition: number) => void>();
  /** How the last exchange with each peer ended, wall clock ms; written by who begins them. */
  readonly lastExchanges = new Map<string, LastExchange>();
  /** Why this node writes nothing of its own. */
  clockOffMs: number | undefined;

  constructor(key: HashKey, config: StoreConfig) {
    const { partitions } = config;
    if (!(partitions >= 1 && partitions <= 256)) throw new RangeError(`${partitions} partitions`);
    this.partitions = Array.from(
      { length: partitions },
      (_, index) => new PartitionState(index, key, config),
    );
  }

  get isReady(): boolean {
    return this.partitions.every(({ status }) => status.kind !== 'loading');
  }

  /** Its clocks do not tell yet what was deleted long ago. */
  get isCatchingUp(): boolean {
    return this.partitions.some(({ isCatchingUp }) => isCatchingUp);
  }

  /** Nodes that what is stable waits for, this one among them, in the lives that are known. */
  get members(): readonly string[] {
    return this.partitions[0]!.watermarks.members;
  }

  /** What this node can give a peer, by partition. */
  clocks(): readonly Dots[] {
    return this.partitions.map(({ clock, damaged }) => (damaged > 0 ? [] : clock.dots));
  }

  /** Calls `listener` whenever a clock has grown, until the undo. */
  onAdvance(listener: (partition: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  advanced(partition: number): void {
    for (const listener of [...this.#listeners]) listener(partition);
  }
}

/**
 * Who gives the dots: a node has one actor for what survives its end, and one for what does not, so that after a restart
 * the clock on disk does not claim rows that went with the memory.
 */
export function actorOf(nodeKey: string, lane: Lane): string {
  return lane === 'ram' ? `${nodeKey}~` : nodeKey;
}

export function laneOfActor(actor: string): Lane {
  return actor.endsWith('~') ? 'ram' : 'durable';
}

/** The node, in one of its lives, that gave dots under this name. */
export function nodeKeyOfActor(actor: string): string {
  return actor.endsWith('~') ? actor.slice(0, -1) : actor;
}
