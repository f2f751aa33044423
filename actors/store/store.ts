/**
 * The store as other subsystems see it: rows in memory are read at once, everything else is a request to the partition that
 * has the row. A partition that is being restarted is a request that ends in `down`, never one that hangs.
 */
import { resolve } from '../../runtime/causality/resolver.ts';
import type { CallOutcome, Context, ReplyTo, Target } from '../../runtime/kernel/actor.ts';
import type {
  ChangeMessage,
  GetOutcome,
  PageOutcome,
  PageRow,
  PartitionMessage,
  PutOptions,
  PutOutcome,
  PutValue,
} from './api.ts';
import { partitionName } from './api.ts';
import { partitionOf, rowKeyOf } from './keys.ts';
import { inMemory } from './pages.ts';
import type { Prefixes } from './prefixes.ts';
import { isInMemory, resolverOf } from './prefixes.ts';
import type { StoreState } from './state.ts';

/** What the facade needs of its caller. */
type Asking<M> = Pick<Context<M>, 'call' | 'whereis' | 'self'>;

/** Where a page ended, to go on from. */
export interface PagePosition {
  readonly partition: number;
  readonly after: string | undefined;
}

export class Store {
  readonly prefixes: Prefixes;
  readonly #state: StoreState;
  readonly #timeoutMs: number;

  constructor(state: StoreState, prefixes: Prefixes, timeoutMs = 30_000) {
    this.#state = state;
    this.prefixes = prefixes;
    this.#timeoutMs = timeoutMs;
  }

  get isReady(): boolean {
    return this.#state.isReady;
  }

  get partitions(): number {
    return this.#state.partitions.length;
  }

  partitionOf(prefix: string, key: string): number {
    return partitionOf(rowKeyOf(prefix, key), this.partitions);
  }

  /** Of a `ram` or `ram_disk` prefix, now; a copy must be made of what is to be changed. Throws for a `disk` prefix. */
  get(prefix: string, key: string): Uint8Array | undefined {
    const spec = this.prefixes.get(prefix);
    if (!isInMemory(spec)) throw new Error(`prefix ${prefix} is on disk: use read`);
    const rowKey = rowKeyOf(prefix, key);
    const stored = this.#state.partitions[partitionOf(rowKey, this.partitions)]!.rows.get(rowKey);
    return stored && resolve(stored.row, resolverOf(spec));
  }

  /** All rows of a `ram` or `ram_disk` prefix, partition after partition, keys in order within each. */
  *entries(
    prefix: string,
    match: (key: string) => boolean = () => true,
  ): IterableIterator<PageRow> {
    const spec = this.prefixes.get(prefix);
    if (!isInMemory(spec)) throw new Error(`prefix ${prefix} is on disk: use page`);
    for (const state of this.#state.partitions) {
      for (const row of inMemory(state, prefix, undefined, (one) =>
        resolve(one, resolverOf(spec)),
      )) {
        if (match(row.key)) yield row;
      }
    }
  }

  fold<T>(prefix: string, initial: T, step: (sum: T, row: PageRow) => T): T {
    let sum = initial;
    for (const row of this.entries(prefix)) sum = step(sum, row);
    return sum;
  }

  /** Acknowledged when it is on disk, if the prefix is. A function sees what is there and runs once. */
  put<M>(
    context: Asking<M>,
    prefix: string,
    key: string,
    value: PutValue,
    deliver: (outcome: CallOutcome<PutOutcome>) => M,
    options: PutOptions = {},
  ): void {
    this.#ask(context, this.partitionOf(prefix, key), deliver, (reply: ReplyTo<PutOutcome>) => ({
      ...{ kind: 'put', prefix, key, value, options },
      reply,
    }));
  }

  delete<M>(
    context: Asking<M>,
    prefix: string,
    key: string,
    deliver: (outcome: CallOutcome<PutOutcome>) => M,
    options: PutOptions = {},
  ): void {
    this.put(context, prefix, key, undefined, deliver, options);
  }

  /** Deletes, and the outcome has what was there. */
  take<M>(
    context: Asking<M>,
    prefix: string,
    key: string,
    deliver: (outcome: CallOutcome<PutOutcome>) => M,
  ): void {
    this.put(context, prefix, key, undefined, deliver);
  }

  /** Of any prefix, with all concurrent values and the context to overwrite them. */
  read<M>(
    context: Asking<M>,
    prefix: string,
    key: string,
    deliver: (outcome: CallOutcome<GetOutcome>) => M,
  ): void {
    this.#ask(context, this.partitionOf(prefix, key), deliver, (reply: ReplyTo<GetOutcome>) => ({
      ...{ kind: 'get', prefix, key },
      reply,
    }));
  }

  /** Of any prefix. After a last page go on with the next partition. */
  page<M>(
    context: Asking<M>,
    prefix: string,
    { partition, after }: PagePosition,
    limit: number,
    deliver: (outcome: CallOutcome<PageOutcome>) => M,
  ): void {
    this.#ask(context, partition, deliver, (reply: ReplyTo<PageOutcome>) => ({
      ...{ kind: 'page', prefix, after, limit },
      reply,
    }));
  }

  /** Undefined: that was the last page of the last partition. */
  nextPosition(at: PagePosition, page: PageOutcome): PagePosition | undefined {
    if (page.kind === 'failed') return undefined;
    if (!page.isLast) return { ...at, after: page.rows.at(-1)?.key ?? at.after };
    const partition = at.partition + 1;
    return partition < this.partitions ? { partition, after: undefined } : undefined;
  }

  /**
   * Every change from now on: what a partition changes before it hears of this is told as `store_changes_lost`. To be
   * repeated when a partition was restarted (monitor `partitionName`).
   */
  subscribe(
    context: Pick<Context<never>, 'whereis'>,
    prefix: string,
    target: Target<ChangeMessage>,
  ): void {
    for (let index = 0; index < this.partitions; index++) {
      const { changes: seen } = this.#state.partitions[index]!;
      context.whereis(partitionName(index))?.cast({ kind: 'subscribe', prefix, target, seen });
    }
  }

  #ask<M, R>(
    context: Asking<M>,
    partition: number,
    deliver: (outcome: CallOutcome<R>) => M,
    request: (reply: ReplyTo<R>) => PartitionMessage,
  ): void {
    const target = context.whereis(partitionName(partition));
    if (target !== undefined) return context.call(target, request, this.#timeoutMs, deliver);
    context.self.cast(deliver({ kind: 'down', reason: { kind: 'noproc' } }));
  }
}
