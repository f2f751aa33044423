/**
 * What happens to the rows of one partition: puts of this node get its next dot and the hybrid clock's stamp; rows of
 * peers are merged, repaired and settled by the same rules on every node; both end in one stream of changes. Rows that
 * wait for causal stability are forgotten when every member has seen them.
 *
 * A pure machine over a port. Nothing is acknowledged before the port said it is on disk.
 */
import type { Context as DotContext } from '../../runtime/causality/dvvset.ts';
import { contextOf, NOTHING } from '../../runtime/causality/dvvset.ts';
import { HybridClock } from '../../runtime/causality/hlc.ts';
import { absorb, repair, resolve } from '../../runtime/causality/resolver.ts';
import { decodeRow, ROW_LIMITS } from '../../runtime/causality/row-codec.ts';
import type { Dot, Row } from '../../runtime/causality/row.ts';
import { isDeleted, isSameRow, newestStamp, put, siblings } from '../../runtime/causality/row.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import { KEY_PART_BYTES } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type {
  Change,
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
import { EarlyPuts } from './early-puts.ts';
import { areSeen, dotsOf, withoutGone } from './deletions.ts';
import type { RowKey } from './keys.ts';
import { HookCalls } from './hook-calls.ts';
import { decodeRowKey, encodeRowKey, isKey, prefixOf, rowKeyOf } from './keys.ts';
import type { PartitionPort } from './port.ts';
import type { PrefixSpec } from './prefixes.ts';
import { laneOf, resolverOf } from './prefixes.ts';
import { Quarantine } from './quarantine.ts';
import { Reaper } from './reaper.ts';
import type { RowStore } from './row-store.ts';
import type { SharedRow } from './shared-row.ts';
import type { Stored, StoreState } from './state.ts';
import { actorOf } from './state.ts';

type Merged = 'changed' | 'unchanged' | 'refused';
/** `differs`: the row is now another than was offered. */
type MergedRow = (merged: Merged, differs: boolean) => void;

export class Partition {
  readonly rows: RowStore;
  readonly #nodeKey: string;
  readonly #store: StoreState;
  readonly #config: StoreConfig;
  readonly #port: PartitionPort;
  #hlc: HybridClock;
  readonly #closed: ClosedOrigins;
  readonly #reaper: Reaper;
  readonly #quarantine: Quarantine;
  readonly #hooks: HookCalls;
  readonly #early = new EarlyPuts();

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
    this.#config = config;
    this.#port = port;
    this.#hlc = new HybridClock(() => port.wallMs());
    this.#quarantine = new Quarantine(rows.state.index, config.maxQuarantined, port);
    this.#hooks = new HookCalls(this.#quarantine, port);
    rows.state.stampsAheadMs = () => this.#hlc.alarm?.behindMs;
  }

  get unsettled(): number {
    return this.#reaper.size;
  }

  get quarantined(): readonly Quarantined[] {
    return this.#quarantine.all;
  }

  /** After loading: stamps go on from the greatest on disk. */
  startFrom(lastStamp: bigint): void {
    this.#hlc = new HybridClock(() => this.#port.wallMs(), lastStamp);
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

  /** `knowledge` of an exchange; without it single puts by broadcast. */
  merge(
    rows: readonly SharedRow[],
    knowledge: Knowledge | undefined,
    done: (outcome: MergeOutcome) => void,
  ): void {
    const counts = { changed: 0, unchanged: 0, refused: 0 };
    const differing: Uint8Array[] = [];
    let waiting = rows.length;
    if (waiting === 0) return done({ ...counts, differing });
    const theirs = knowledge && new StoreClock(knowledge.clock);
    for (const row of rows) {
      this.#merge(row, knowledge, theirs, (merged, differs) => {
        counts[merged]++;
        if (differs) differing.push(this.rows.leafKeyOf(row.key).subarray(0, KEY_PART_BYTES));
        if (--waiting === 0) done({ ...counts, differing });
      });
    }
  }

  /** Of a row the peer has not any more: what of it the peer never saw, to be offered to it; undefined: given up. */
  discard(rowKey: RowKey, clock: Dots, done: (rest: Row | undefined) => void): void {
    this.rows.find(rowKey, (found) => {
      if (found.kind === 'failed' || found.value === undefined) return done(undefined);
      const { row } = found.value;
      const rest = withoutGone(row, undefined, new StoreClock(clock));
      if (rest === row) return done(row);
      this.#port.count('store_rows_discarded');
      const spec = this.rows.prefixes.get(prefixOf(rowKey));
      this.#replace(spec, rowKey, found.value, rest, [], 'remote', () => done(rest));
    });
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

  /** An exchange is complete: its clock tells which of the puts that wait are news. */
  caughtUp(): void {
    this.rows.state.isCatchingUp = false;
    this.merge(this.#early.take(), undefined, () => {});
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

  /** Forgets what is stable, a slice at a time. True: there is more to look at. */
  reap(): boolean {
    return this.#reaper.slice((rowKey, stored, rest) => {
      this.#write(rowKey, stored, rest, [], false, () => {});
    });
  }

  #hindrance(spec: PrefixSpec): readonly [PutRefusal, string] | undefined {
    const { state, failure, writing } = this.rows;
    if (state.status.kind === 'loading') return ['loading', 'the partition is being read'];
    if (laneOf(spec) === 'durable' && failure !== undefined) return ['disk', failure.detail];
    if (writing >= this.#config.maxWaiting) return ['overloaded', `${writing} writes wait`];
    const offMs = this.#hlc.alarm?.behindMs ?? this.#store.clockOffMs;
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
    const dot: Dot = {
      actor: actorOf(this.#nodeKey, lane),
      sequence: ++state.sequences[lane],
    };
    const seen = context ?? contextOf(stored?.row ?? NOTHING);
    const written = put(stored?.row, { stamp: this.#hlc.now(), value }, dot, seen);
    // As every replica that merges it will: a loser that stayed here alone would keep the replicas apart.
    const row = repair(written, resolverOf(spec));
    // What was raised above the clock must not be given again.
    this.#hlc.observe(newestStamp(row));
    this.#port.count('store_puts');
    const bytes = this.#write(rowKey, stored, row, [dot], spec.isSynced !== false, (failure) => {
      if (failure !== undefined) return refuse('disk', failure.detail);
      if (bytes !== undefined) this.#port.replicate({ key: encodeRowKey(rowKey), row: bytes, dot });
      const where = { ...dot, partition: state.index };
      done({ kind: 'stored', dot: where, before, context: contextOf(row) });
    });
    this.#quarantine.delete(rowKey);
    this.#hooks.announce(spec, rowKey, resolve(row, resolverOf(spec)), before, 'local');
  }

  #merge(
    shared: SharedRow,
    knowledge: Knowledge | undefined,
    theirs: StoreClock | undefined,
    done: MergedRow,
  ): void {
    const rowKey = decodeRowKey(shared.key);
    const remote = decodeRow(shared.row);
    if (rowKey === undefined || remote instanceof Malformed) {
      this.#port.count('store_rows_malformed');
      if (rowKey !== undefined) this.#quarantine.add(rowKey, 'malformed');
      return done('refused', false);
    }
    if (this.#isKnown(shared)) return done('unchanged', false);
    if (this.#hlc.observe(newestStamp(remote)).kind === 'refused') {
      this.#port.count('store_rows_ahead');
      this.#quarantine.add(rowKey, 'its stamp is far ahead of our clock');
      return done('refused', false);
    }
    this.rows.find(rowKey, (found) => {
      if (found.kind === 'failed') return done('refused', false);
      // While it waited for the disk an exchange may have begun, or ended.
      if (this.#isKnown(shared)) return done('unchanged', false);
      if (knowledge === undefined && this.rows.state.isCatchingUp) {
        return this.#keepEarly(shared, done);
      }
      this.#mergeInto(rowKey, found.value, remote, shared.dot, knowledge, theirs, done);
    });
  }

  /** A put that came late: the clock covers it. */
  #isKnown({ dot }: SharedRow): boolean {
    if (dot === undefined || !this.rows.state.clock.covers(dot)) return false;
    this.#port.count('store_puts_known');
    return true;
  }

  #keepEarly(shared: SharedRow, done: MergedRow): void {
    const isKept = this.#early.add(shared);
    this.#port.count(isKept ? 'store_puts_early' : 'store_puts_early_dropped');
    done('unchanged', false);
  }

  #mergeInto(
    rowKey: RowKey,
    stored: Stored | undefined,
    remote: Row,
    dot: Dot | undefined,
    knowledge: Knowledge | undefined,
    theirs: StoreClock | undefined,
    done: MergedRow,
  ): void {
    const { state, prefixes } = this.rows;
    const isDistrusted = this.rows.distrusted.has(rowKey);
    if (knowledge?.isPeerBehind === true && !isDistrusted && areSeen(remote, state.clock)) {
      this.#port.count('store_rows_stale');
      return done('unchanged', false);
    }
    const spec = prefixes.get(prefixOf(rowKey));
    const dots = dot === undefined ? dotsOf(remote) : [dot, ...dotsOf(remote)];
    const trusted = isDistrusted ? undefined : stored?.row;
    const kept =
      knowledge?.isBehind === true && trusted !== undefined
        ? withoutGone(trusted, remote, theirs!)
        : trusted;
    const after = absorb(kept, remote, resolverOf(spec), (one) => state.watermarks.isStable(one));
    const differs = after !== undefined && !isSameRow(after, remote);
    if (after === stored?.row && !isDistrusted) {
      this.rows.learn(dots);
      this.#port.count('store_merges_unchanged');
      return done('unchanged', differs);
    }
    if (!this.#hooks.mayMerge(spec, rowKey, remote, stored?.row)) return done('refused', false);
    if (this.rows.failure !== undefined && spec.type === 'disk') return done('refused', false);
    this.#port.count('store_merges');
    // What is merged in memory while the disk is away is written when it is back.
    this.#replace(spec, rowKey, stored, after, dots, 'remote', () => done('changed', differs));
  }

  #replace(
    spec: PrefixSpec,
    rowKey: RowKey,
    stored: Stored | undefined,
    after: Row | undefined,
    dots: readonly Dot[],
    source: Change['source'],
    written: () => void,
  ): void {
    const resolver = resolverOf(spec);
    const before = stored && resolve(stored.row, resolver);
    this.#write(rowKey, stored, after, dots, spec.isSynced !== false, written);
    this.#quarantine.delete(rowKey);
    this.#hooks.announce(spec, rowKey, after && resolve(after, resolver), before, source);
  }

  #write(
    rowKey: RowKey,
    stored: Stored | undefined,
    after: Row | undefined,
    dots: readonly Dot[],
    isSynced: boolean,
    written: Parameters<RowStore['write']>[5],
  ): Uint8Array | undefined {
    this.#reaper.changed(rowKey, after);
    const options = { lastStamp: this.#hlc.last, isSynced };
    return this.rows.write(rowKey, stored, after, dots, options, written);
  }
}

/** For reading: the row's one value, and those that are beside it. */
export function valuesIn(row: Row): readonly Uint8Array[] {
  return siblings(row).flatMap(({ version }) => version.value ?? []);
}
