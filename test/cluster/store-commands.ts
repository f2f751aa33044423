/** What a test says to a node of store-node.ts over its channel, and what it is answered. */
import type { Context as DotContext } from '../../runtime/causality/dvvset.ts';
import type { StoreConfig } from '../../actors/store/config.ts';
import type { ExchangeOutcome, PartitionInfo } from '../../actors/store/api.ts';

/** The families of rows of these nodes, one of each type; `fragile` has hooks that throw for some keys. */
export const PREFIXES = ['warm', 'cold', 'fragile'] as const;
export type PrefixName = (typeof PREFIXES)[number];

/** Keys of `fragile` whose hook throws, on every node. */
export const THROWS = { willMerge: 'throws in will_merge', onMerge: 'throws in on_merge' };

export interface StoreNodeOptions {
  readonly settings: Readonly<Record<string, string>>;
  /** Knobs that are no configuration keys: how long a member may be away, how often it is told what was seen. */
  readonly store: Partial<StoreConfig>;
  /** Added to the wall clock, ms. */
  readonly clockOffsetMs: number;
}

/** Keys `k<from>` … `k<to - 1>`. */
export interface Keys {
  readonly prefix: PrefixName;
  readonly from: number;
  readonly to: number;
}

interface Told {
  readonly stored: number;
  /** How often each reason was given. */
  readonly refused: Readonly<Record<string, number>>;
}

interface Read {
  /** Undefined: no such row, or deleted. */
  readonly value: string | undefined;
  readonly values: readonly string[];
  readonly context: DotContext;
}

interface Dump {
  readonly rows: number;
  /** Of keys, all values and contexts, in order. */
  readonly hash: string;
}

/** Each command with its argument and its answer. */
export interface Commands {
  put(keys: Keys & { readonly value: string }): Told;
  /** As `put`, one key, with what the writer has seen. */
  put_one(row: {
    readonly prefix: PrefixName;
    readonly key: string;
    readonly value: string;
    readonly context?: DotContext;
  }): string;
  delete(keys: Keys): Told;
  get(row: { readonly prefix: PrefixName; readonly key: string }): Read;
  /** Which of these keys, whose value is the key, are not there as they should be. */
  lacks(question: { readonly keys: readonly string[] }): readonly string[];
  dump(nothing: Record<string, never>): Dump;
  exchange(question: { readonly peer: string }): ExchangeOutcome;
  /** One round of the check of rows against their leaves: how many were damaged. */
  check(nothing: Record<string, never>): number;
  /** Trees added up again from their leaves: how many were wrong. */
  rebuild(nothing: Record<string, never>): number;
  partitions(nothing: Record<string, never>): readonly PartitionInfo[];
  counter(question: { readonly name: string }): number;
  crashes(nothing: Record<string, never>): readonly string[];
  set_clock(clock: { readonly offsetMs: number }): boolean;
  /** Broadcasts bytes that are no row, under a key that is one. */
  send_malformed(row: { readonly prefix: PrefixName; readonly key: string }): boolean;
  /** Puts `life <n> put <m>` with every m and says `acked` for each, until it is killed: by turns in memory and on disk only. */
  put_for_ever(keys: { readonly life: number }): boolean;
}

export type Command = keyof Commands;

export interface Asked {
  readonly number: number;
  readonly command: Command;
  readonly argument: never;
}

export type Said =
  | { readonly kind: 'started' }
  | { readonly kind: 'answer'; readonly number: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly number: number; readonly reason: string }
  | { readonly kind: 'acked'; readonly keys: readonly string[] };
