/**
 * What happens to the rows of one partition: puts of this node get its next dot and the hybrid clock's stamp; rows of
 * peers are merged (merging.ts); both end in one stream of changes (row-writer.ts). Rows that wait for causal stability
 * are forgotten when every member has seen them.
 *
 * A pure machine over a port. Nothing is acknowledged before the port said it is on disk.
 */
import type { Context as DotContext } from '../../runtime/causality/dvvset.ts';
import { contextOf, NOTHING } from '../../runtime/causality/dvvset.ts';
import { repair, resolve } from '../../runtime/causality/resolver.ts';
import { ROW_LIMITS } from '../../runtime/causality/row-codec.ts';
import type { Dot, Row } from '../../runtime/causality/row.ts';
import { isDeleted, newestStamp, put, siblings } from '../../runtime/causality/row.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import type {
  Knowledge,
  MergeOutcome,
  PutOptions,
  PutOutcome,
  PutRefusal,
  PutValue,
  Quarantined,
} from './api.ts';
import { ClosedOrigins } from './closed-origins.ts';
import type { StoreConfig } from './config.ts';
import { HookCalls } from './hook-calls.ts';
import type { RowKey } from './keys.ts';
import { encodeRowKey, isKey, rowKeyOf } from './keys.ts';
import { Merging } from './merging.ts';
import type { PartitionPort } from './port.ts';
import type { PrefixSpec } from './prefixes.ts';
import { laneOf, resolverOf } from './prefixes.ts';
import { Quarantine } from './quarantine.ts';
import { Reaper } from './reaper.ts';
import type { RowStore } from './row-store.ts';
import { RowWriter } from './row-writer.ts';
import type { SharedRow } from './shared-row.ts';
import type { Stored, StoreState } from './state.ts';
import { actorOf } from './state.ts';

export class Partition {
  readonly rows: RowStore;
  readonly #nodeKey: string;
  readonly #store: StoreState;
  readonly #port: PartitionPort;
  readonly #closed: ClosedOrigins;
  readonly #reaper: Reaper;
  readonly #quarantine: Quarantine;
  readonly #writer: RowWriter;
  readonly #merging: Merging;

  constructor(
    nodeKey: string,
    rows: RowStore,
    store: StoreState,
    config: StoreConfig,
    port: PartitionPort,
  ) {
    this.#nodeKey = nodeKey;
    this.#closed = new ClosedOrigins(nodeKey);
    this.rows = rows;
    this.#reaper = new Reaper(rows, port);
    this.#store = store;
    this.#port = port;
    this.#quarantine = new Quarantine(rows.state.index, config.maxQuarantined, port);
    const hooks = new HookCalls(this.#quarantine, port);
    this.#writer = new RowWriter(rows, this.#reaper, this.#quarantine, hooks, port);
    this.#merging = new Merging(rows, this.#writer, this.#quarantine, hooks, port);
    rows.state.stampsAheadMs = () => this.#writer.hlc.alarm?.behindMs;
  }

  get unsettled(): number {
    return this.#reaper.size;
  }

  get quarantined(): readonly Quarantined[] {
    return this.#quarantine.all;
  }

  /** After loading: stamps go on from the greatest on disk. */
  startFrom(lastStamp: bigint): void {
    this.#writer.startFrom(lastStamp);
  }

  /** A row was seen (loaded, checked): does it wait for stability? */
  noticed(rowKey: RowKey, row: Row): void {
    this.#reaper.noticed(rowKey, row);
  }

  put(
    prefix: string,
    key: string,
    value: PutValue,
    { context }: PutOptions,
    done: (outcome: PutOutcome) => void,
  ): void {
    const rowKey = rowKeyOf(prefix, key);
    const refuse = (reason: PutRefusal, detail: string): void => {
      this.#port.count('store_puts_refused');
      done({ kind: 'refused', reason, detail });
    };
    const spec = this.rows.prefixes.find(prefix);
    if (spec === undefined) return refuse('unknown_prefix', prefix);
    if (!isKey(key)) return refuse('bad_key', 'too long, or not text');
    const hindrance = this.#hindrance(spec);
    if (hindrance !== undefined) return refuse(...hindrance);
    if (context !== undefined && !this.#isPossible(spec, context)) {
      return refuse('bad_context', 'names puts that were never made');
    }
    this.rows.find(rowKey, (found) => {
      if (found.kind === 'failed') return refuse('disk', found.failure.detail);
      const stored = found.value;
      const before = stored && resolve(stored.row, resolverOf(spec));
      let after: Uint8Array | undefined;
      try {
        after = typeof value === 'function' ? value(before) : value;
      } catch (error) {
        this.#port.count('store_functions_threw');
        return refuse('function_threw', String(error));
      }
      if (after === undefined && (stored === undefined || isDeleted(stored.row))) {
        return done({ kind: 'absent' });
      }
      if (after !== undefined && after.length > ROW_LIMITS.maxValueBytes) {
        return refuse('too_large', `${after.length} bytes`);
      }
      this.#put(spec, rowKey, stored, after, before, context, done, refuse);
    });
  }

  merge(
    rows: readonly SharedRow[],
    knowledge: Knowledge | undefined,
    done: (outcome: MergeOutcome) => void,
  ): void {
    this.#merging.merge(rows, knowledge, done);
  }

  /** Of a row the peer has not any more: what of it the peer never saw, to be offered to it; undefined: given up. */
  discard(rowKey: RowKey, clock: Dots, done: (rest: Row | undefined) => void): void {
    this.#merging.discard(rowKey, clock, done);
  }

  /** All members that are known, those that are down among them. `isComplete`: there are no others. */
  setMembers(members: readonly string[], isComplete: boolean, nowMs: number): void {
    const { watermarks, clock } = this.rows.state;
    watermarks.setMembers(members, isComplete);
    if (isComplete) this.#closed.setMembers(members, clock, nowMs);
    else this.#closed.clear();
    this.learned();
  }

  /** All that this member had is here. */
  compared(member: string, nowMs: number): void {
    const lost = this.#closed.compared(member, this.rows.state.clock, nowMs);
    if (lost.length === 0) return;
    this.#port.count('store_puts_lost', lost.length);
    this.rows.learnAll(lost);
  }

  /** All a peer had at this clock is here, if the rows are still those with `root`; what it calls stable is. */
  learn(clock: Dots, stable: DotContext = [], root?: Uint8Array): void {
    const { watermarks, clock: own, hashtree } = this.rows.state;
    if (root !== undefined && compareBytes(root, hashtree.tree.root.hash) !== 0) return;
    this.rows.learnAll(clock);
    this.learned();
    // Who has taken over a clock must know who is behind it, or it would take what is deleted for news.
    const believed = stable.filter(([origin, sequence]) => sequence <= own.contiguous(origin));
    watermarks.restore(believed);
    this.rows.saveStable();
  }

  caughtUp(): void {
    this.#merging.caughtUp();
  }

  /** How far a member has seen. */
  watermark(member: string, frontier: DotContext): void {
    if (member !== this.#nodeKey) this.rows.state.watermarks.report(member, frontier);
  }

  /** Our own clock has grown. */
  learned(): void {
    const { watermarks, clock } = this.rows.state;
    watermarks.report(this.#nodeKey, clock.frontier);
  }

  /** Stability may have moved: everything that waits is to be looked at once. */
  reapAll(): void {
    this.#reaper.all();
  }

  /** Forgets what is stable, a slice at a time; `done` when that is written: is there more to look at? */
  reap(done: (hasMore: boolean) => void): void {
    this.#reaper.slice((rowKey, stored, rest, written) => {
      this.#writer.write(rowKey, stored, rest, [], false, written);
    }, done);
  }

  #hindrance(spec: PrefixSpec): readonly [PutRefusal, string] | undefined {
    const { state, failure } = this.rows;
    if (state.status.kind === 'loading') return ['loading', 'the partition is being read'];
    if (laneOf(spec) === 'durable' && failure !== undefined) return ['disk', failure.detail];
    if (this.#port.isBusy(laneOf(spec))) return ['overloaded', 'too many writes wait'];
    const offMs = this.#writer.hlc.alarm?.behindMs ?? this.#store.clockOffMs;
    return offMs === undefined ? undefined : ['clock_off', `the clock is off by ${offMs} ms`];
  }

  /** A context that names dots we have not given yet would make our next put vanish. */
  #isPossible(spec: PrefixSpec, context: DotContext): boolean {
    const lane = laneOf(spec);
    const own = actorOf(this.#nodeKey, lane);
    const isSane = context.every(([actor, counter]) => {
      if (actor.length > ROW_LIMITS.maxActorBytes || !Number.isSafeInteger(counter)) return false;
      return counter > 0 && (actor !== own || counter <= this.rows.state.sequences[lane]);
    });
    return isSane && context.length <= ROW_LIMITS.maxActors;
  }

  #put(
    spec: PrefixSpec,
    rowKey: RowKey,
    stored: Stored | undefined,
    value: Uint8Array | undefined,
    before: Uint8Array | undefined,
    context: DotContext | undefined,
    done: (outcome: PutOutcome) => void,
    refuse: (reason: PutRefusal, detail: string) => void,
  ): void {
    const lane = laneOf(spec);
    const { state } = this.rows;
    const { hlc } = this.#writer;
    const dot: Dot = {
      actor: actorOf(this.#nodeKey, lane),
      sequence: ++state.sequences[lane],
    };
    const seen = context ?? contextOf(stored?.row ?? NOTHING);
    const written = put(stored?.row, { stamp: hlc.now(), value }, dot, seen);
    // As every replica that merges it will: a loser that stayed here alone would keep the replicas apart.
    const row = repair(written, resolverOf(spec));
    // What was raised above the clock must not be given again.
    hlc.observe(newestStamp(row));
    this.#port.count('store_puts');
    const isSynced = spec.isSynced !== false;
    const bytes = this.#writer.write(rowKey, stored, row, [dot], isSynced, (failure) => {
      if (failure !== undefined) return refuse('disk', failure.detail);
      if (bytes !== undefined) this.#port.replicate({ key: encodeRowKey(rowKey), row: bytes, dot });
      const where = { ...dot, partition: state.index };
      done({ kind: 'stored', dot: where, before, context: contextOf(row) });
    });
    this.#writer.announce(spec, rowKey, row, before, 'local');
  }
}

/** For reading: the row's one value, and those that are beside it. */
export function valuesIn(row: Row): readonly Uint8Array[] {
  return siblings(row).flatMap(({ version }) => version.value ?? []);
}
