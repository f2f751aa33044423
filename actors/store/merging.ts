/**
 * Rows of peers, merged with those here by rules that are the same on every node: what is known already, is stale or is
 * refused changes nothing, and who offered a row learns whether it is now another. Of single puts that come while this
 * node cannot tell old from new some are kept until it can.
 */
import { absorb } from '../../runtime/causality/resolver.ts';
import { decodeRow } from '../../runtime/causality/row-codec.ts';
import type { Dot, Row } from '../../runtime/causality/row.ts';
import { isSameRow, newestStamp } from '../../runtime/causality/row.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import { KEY_PART_BYTES } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { Knowledge, MergeOutcome } from './api.ts';
import { areSeen, dotsOf, withoutGone } from './deletions.ts';
import { EarlyPuts } from './early-puts.ts';
import type { HookCalls } from './hook-calls.ts';
import type { RowKey } from './keys.ts';
import { decodeRowKey, prefixOf } from './keys.ts';
import type { PartitionPort } from './port.ts';
import { resolverOf } from './prefixes.ts';
import type { Quarantine } from './quarantine.ts';
import type { RowStore } from './row-store.ts';
import type { RowWriter } from './row-writer.ts';
import type { SharedRow } from './shared-row.ts';
import type { Stored } from './state.ts';

type Merged = 'changed' | 'unchanged' | 'refused';
/** `differs`: the row is now another than was offered. */
type MergedRow = (merged: Merged, differs: boolean) => void;

export class Merging {
  readonly #rows: RowStore;
  readonly #writer: RowWriter;
  readonly #quarantine: Quarantine;
  readonly #hooks: HookCalls;
  readonly #port: Pick<PartitionPort, 'count'>;
  readonly #early = new EarlyPuts();

  constructor(
    rows: RowStore,
    writer: RowWriter,
    quarantine: Quarantine,
    hooks: HookCalls,
    port: Pick<PartitionPort, 'count'>,
  ) {
    this.#rows = rows;
    this.#writer = writer;
    this.#quarantine = quarantine;
    this.#hooks = hooks;
    this.#port = port;
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
        if (differs) differing.push(this.#rows.leafKeyOf(row.key).subarray(0, KEY_PART_BYTES));
        if (--waiting === 0) done({ ...counts, differing });
      });
    }
  }

  /** Of a row the peer has not any more: what of it the peer never saw, to be offered to it; undefined: given up. */
  discard(rowKey: RowKey, clock: Dots, done: (rest: Row | undefined) => void): void {
    this.#rows.find(rowKey, (found) => {
      if (found.kind === 'failed' || found.value === undefined) return done(undefined);
      const { row } = found.value;
      const rest = withoutGone(row, undefined, new StoreClock(clock));
      if (rest === row) return done(row);
      this.#port.count('store_rows_discarded');
      const spec = this.#rows.prefixes.get(prefixOf(rowKey));
      this.#writer.replace(spec, rowKey, found.value, rest, [], () => done(rest));
    });
  }

  /** An exchange is complete: its clock tells which of the puts that wait are news. */
  caughtUp(): void {
    this.#rows.state.isCatchingUp = false;
    this.merge(this.#early.take(), undefined, () => {});
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
    if (this.#writer.hlc.observe(newestStamp(remote)).kind === 'refused') {
      this.#port.count('store_rows_ahead');
      this.#quarantine.add(rowKey, 'its stamp is far ahead of our clock');
      return done('refused', false);
    }
    this.#rows.find(rowKey, (found) => {
      if (found.kind === 'failed') return done('refused', false);
      // While it waited for the disk an exchange may have begun, or ended.
      if (this.#isKnown(shared)) return done('unchanged', false);
      if (knowledge === undefined && this.#rows.state.isCatchingUp) {
        return this.#keepEarly(shared, done);
      }
      this.#mergeInto(rowKey, found.value, remote, shared.dot, knowledge, theirs, done);
    });
  }

  /** A put that came late: the clock covers it. */
  #isKnown({ dot }: SharedRow): boolean {
    if (dot === undefined || !this.#rows.state.clock.covers(dot)) return false;
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
    const { state, prefixes } = this.#rows;
    const isDistrusted = this.#rows.distrusted.has(rowKey);
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
      this.#rows.learn(dots);
      this.#port.count('store_merges_unchanged');
      return done('unchanged', differs);
    }
    if (!this.#hooks.mayMerge(spec, rowKey, remote, stored?.row)) return done('refused', false);
    if (this.#rows.failure !== undefined && spec.type === 'disk') return done('refused', false);
    this.#port.count('store_merges');
    // What is merged in memory while the disk is away is written when it is back.
    this.#writer.replace(spec, rowKey, stored, after, dots, () => done('changed', differs));
  }
}
