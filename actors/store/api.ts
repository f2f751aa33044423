/** What can be said to the store, and what it says. */
import type { Context as DotContext } from '../../runtime/causality/dvvset.ts';
import type { Dot } from '../../runtime/causality/row.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Scan } from '../../runtime/disk/storage.ts';
import type { Name, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import { name } from '../../runtime/kernel/actor.ts';
import type { SharedRow } from './shared-row.ts';
import type { TreeRequest } from '../../runtime/structures/tree-messages.ts';

export type { PrefixSpec, PrefixType, Hooks, Lane } from './prefixes.ts';
export type { StoreConfig } from './config.ts';
export { Prefixes } from './prefixes.ts';
export { Store } from './store.ts';
export type { StoreState } from './state.ts';

/** Where a put is in the store's history: what a barrier or a session waits for. */
export interface StoreDot extends Dot {
  readonly partition: number;
}

export type PutOutcome =
  /** On disk, if its prefix says so. `before` is the value it replaced. */
  | {
      readonly kind: 'stored';
      readonly dot: StoreDot;
      readonly before: Uint8Array | undefined;
      /** What the row knows now: the context for a next put that has seen this one. */
      readonly context: DotContext;
    }
  /** There was nothing to delete. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly reason: PutRefusal; readonly detail: string };

export type PutRefusal =
  | 'unknown_prefix'
  | 'bad_key'
  | 'bad_context'
  | 'too_large'
  | 'overloaded'
  | 'loading'
  /** The disk failed; if this put was the first to learn it, it may still be there later. */
  | 'disk'
  /** This node's clock is far off. */
  | 'clock_off'
  /** The function of the put threw. */
  | 'function_threw';

export interface PutOptions {
  /** What the writer has seen; absent: all of the row. */
  readonly context?: DotContext;
}

/** The value of a put; a function is given what is there, and may answer undefined: delete it. */
export type PutValue =
  Uint8Array | ((current: Uint8Array | undefined) => Uint8Array | undefined) | undefined;

export type GetOutcome =
  | {
      readonly kind: 'value';
      readonly value: Uint8Array | undefined;
      /** All values concurrent writes left. */
      readonly values: readonly Uint8Array[];
      readonly context: DotContext;
    }
  | { readonly kind: 'failed'; readonly failure: StorageFailure };

export interface PageRow {
  readonly key: string;
  readonly value: Uint8Array;
}

export type PageOutcome =
  | { readonly kind: 'page'; readonly rows: readonly PageRow[]; readonly isLast: boolean }
  | { readonly kind: 'failed'; readonly failure: StorageFailure };

/** One stream for local and remote changes, in the order of this node's partition. */
export interface Change {
  readonly kind: 'store_change';
  readonly prefix: string;
  readonly key: string;
  /** As resolved; undefined: deleted. */
  readonly value: Uint8Array | undefined;
  readonly before: Uint8Array | undefined;
  readonly source: 'local' | 'remote';
}

export type ChangeMessage =
  | Change
  /** The subscriber's mailbox was full and changes were lost: read the prefix again. */
  | { readonly kind: 'store_changes_lost'; readonly prefix: string };

/** What the offerer's side of an exchange has told about itself. */
export interface Knowledge {
  /** Its clock as it was when the exchange began. */
  readonly clock: Dots;
  /** It lacks puts that every member has seen: what it has and we have not was deleted. */
  readonly isPeerBehind: boolean;
  /** The same of us. */
  readonly isBehind: boolean;
}

export interface MergeOutcome {
  readonly changed: number;
  readonly unchanged: number;
  /** Not taken in: the peer's clock must not be taken over. */
  readonly refused: number;
  /** Halves of items of rows that are now another than was offered: the peer should have them. */
  readonly differing: readonly Uint8Array[];
}

export type PartitionMessage =
  | {
      readonly kind: 'put';
      readonly prefix: string;
      readonly key: string;
      readonly value: PutValue;
      readonly options: PutOptions;
      readonly reply?: ReplyTo<PutOutcome>;
    }
  /** From memory or from disk. */
  | {
      readonly kind: 'get';
      readonly prefix: string;
      readonly key: string;
      readonly reply: ReplyTo<GetOutcome>;
    }
  /** Keys after `after`, at most `limit`; works for every type of prefix. */
  | {
      readonly kind: 'page';
      readonly prefix: string;
      readonly after: string | undefined;
      readonly limit: number;
      readonly reply: ReplyTo<PageOutcome>;
    }
  | {
      readonly kind: 'subscribe';
      readonly prefix: string;
      readonly target: Target<ChangeMessage>;
      /** Changes of the partition that the subscriber can have read: of a later one it is told that it missed some. */
      readonly seen: number;
    }
  | {
      readonly kind: 'unsubscribe';
      readonly prefix: string;
      readonly target: Target<ChangeMessage>;
    }
  /** Of a peer: single puts by broadcast (no knowledge), or rows of an exchange. */
  | {
      readonly kind: 'merge';
      readonly rows: readonly SharedRow[];
      readonly knowledge?: Knowledge;
      readonly reply?: ReplyTo<MergeOutcome>;
    }
  /** The rows of these halves of items (8 bytes each). */
  | {
      readonly kind: 'rows_of';
      readonly keyParts: readonly Uint8Array[];
      readonly reply: ReplyTo<readonly SharedRow[] | StorageFailure>;
    }
  /** The items of branches, as bytes; `too_many`: ask for children. */
  | {
      readonly kind: 'items_of';
      readonly request: TreeRequest;
      readonly reply: ReplyTo<Uint8Array | 'too_many' | StorageFailure>;
    }
  /** This node was away too long: gives up those of these rows whose puts the peer has seen and has not any more. */
  | {
      readonly kind: 'discard';
      readonly keyParts: readonly Uint8Array[];
      readonly clock: Dots;
      readonly reply: ReplyTo<readonly SharedRow[] | StorageFailure>;
    }
  /**
   * All a peer had at this clock is here now, and what it knows to be stable is. With `root`: only if the rows are still
   * those with this root; a put that came meanwhile may be one the peer has forgotten.
   */
  | {
      readonly kind: 'learn';
      readonly clock: Dots;
      readonly stable?: DotContext;
      readonly root?: Uint8Array;
      readonly reply?: ReplyTo<void>;
    }
  /** This node is behind what is stable: single puts wait until an exchange is complete. */
  | { readonly kind: 'catch_up'; readonly reply: ReplyTo<void> }
  /** An exchange is complete. */
  | { readonly kind: 'caught_up' }
  /** An exchange with this member (by its key) is complete: all it had is here. */
  | { readonly kind: 'compared'; readonly member: string }
  /** Those that are known, by their keys. `isComplete`: they know of no others. */
  | { readonly kind: 'members'; readonly members: readonly string[]; readonly isComplete: boolean }
  | { readonly kind: 'watermark'; readonly member: string; readonly frontier: DotContext }
  | { readonly kind: 'check'; readonly rows: number; readonly reply?: ReplyTo<CheckOutcome> }
  /** Every row against its leaf, from the first on. While one runs, others get its outcome. */
  | { readonly kind: 'audit'; readonly reply: ReplyTo<AuditOutcome> }
  | { readonly kind: 'rebuild'; readonly reply?: ReplyTo<RebuildOutcome> }
  /** What is on disk now, for a backup. */
  | { readonly kind: 'snapshot'; readonly reply: ReplyTo<PartitionSnapshot | StorageFailure> }
  | { readonly kind: 'info'; readonly reply: ReplyTo<PartitionInfo> };

/** Both are to be closed. Made in this order, so that what the clock has seen is in the rows. */
export interface PartitionSnapshot {
  readonly clock: Scan;
  readonly rows: Scan;
}

export interface CheckOutcome {
  /** Rows or leaves. */
  readonly checked: number;
  readonly damaged: number;
  /** Pages that could not be read, and were skipped. */
  readonly unreadable: number;
  /** The next slice starts from the first row again. */
  readonly isRoundComplete: boolean;
}

export interface AuditOutcome {
  /** Also those that are damaged. */
  readonly rows: number;
  /** Rows that are not what their leaf says, or have none, and leaves without a row. */
  readonly mismatches: number;
  /** Of them, put right from memory at once; the others wait for a peer's. */
  readonly rewritten: number;
  readonly unreadable: number;
  readonly quarantined: number;
}

/** `wrong`: the tree in memory was not that of its leaves, and was replaced. */
export type RebuildOutcome = 'right' | 'wrong' | 'failed' | 'busy';

export interface PartitionInfo {
  readonly partition: number;
  readonly status: 'loading' | 'ready' | 'degraded';
  readonly failure: StorageFailure | undefined;
  /** Rows, tombstones among them. */
  readonly rows: number;
  /** Rows that wait for every member to have seen them. */
  readonly unsettled: number;
  readonly distrusted: number;
  readonly unwritten: number;
  readonly quarantined: readonly Quarantined[];
  readonly origins: number;
}

export interface Quarantined {
  readonly prefix: string;
  readonly key: string;
  readonly reason: string;
}

export function partitionName(index: number): Name<PartitionMessage> {
  return name(`store:${index}`);
}

export type ExchangesMessage =
  /** Begins one with this peer now, or with the next one. */
  | {
      readonly kind: 'exchange';
      readonly peer?: string;
      readonly reply?: ReplyTo<ExchangeOutcome>;
    }
  | { readonly kind: 'info'; readonly reply: ReplyTo<ExchangesInfo> };

export type ExchangeOutcome =
  | { readonly kind: 'equal'; readonly peer: string; readonly isPeerCatchingUp: boolean }
  | {
      readonly kind: 'done';
      readonly peer: string;
      readonly sent: number;
      readonly received: number;
      readonly refused: number;
      readonly roundTrips: number;
      readonly bytes: number;
      /** Trees had to be compared: too many differences for the stream. */
      readonly byTrees: boolean;
      readonly isPeerCatchingUp: boolean;
    }
  | { readonly kind: 'failed'; readonly peer: string | undefined; readonly reason: string };

export interface ExchangesInfo {
  readonly running: string | undefined;
  readonly served: number;
  readonly last: ReadonlyMap<string, { readonly outcome: ExchangeOutcome; readonly atMs: number }>;
}

export const EXCHANGES: Name<ExchangesMessage> = name('store:exchanges');

export type { Applied, BarrierPort, CausalClock } from './causal.ts';
export { Following } from './following.ts';
export { CausalHistory, CausalMarkers } from './causal-history.ts';
export { CausalBarrier, decodeCausal, encodeCausal, SessionClock } from './causal.ts';
