/**
 * One exchange with one peer, from the side that began it: are we equal (then that was all); which rows differ (by one
 * stream of coded symbols over all partitions, or by hash trees when there are too many); then rows both ways in batches,
 * each side merging what it gets. At the end each has all the other had at the beginning, and takes over its clock.
 *
 * A pure machine: messages in, messages out, the node behind a port. Whoever runs it gives up when nothing moves.
 */
import type { StoreClock } from '../../runtime/causality/store-clock.ts';
import { StoreClock as Clock } from '../../runtime/causality/store-clock.ts';
import { decodeRow } from '../../runtime/causality/row-codec.ts';
import type { Difference } from '../../runtime/structures/item.ts';
import { itemKey, KEY_PART_BYTES } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { RibltStep } from '../../runtime/structures/riblt-decoder.ts';
import { RibltDecoder } from '../../runtime/structures/riblt-decoder.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { ExchangeOutcome, Knowledge, MergeOutcome } from './api.ts';
import type { StoreConfig } from './config.ts';
import { areSeen, isBehind } from './deletions.ts';
import type { ReplicaPort, Sha256 } from './exchange-port.ts';
import {
  aboutNode,
  digestOfClocks,
  digestOfTrees,
  forAll,
  rootsOf,
  stableOf,
  symbolsOf,
} from './exchange-port.ts';
import { grouped, takeKeys } from './key-groups.ts';
import { partitionOfItem } from './keys.ts';
import type { AboutMe, ExchangeMessage, PartitionKeys, PartitionRows } from './messages.ts';
import type { SharedRow } from './shared-row.ts';
import { weightOf } from './shared-row.ts';
import type { StoreState } from './state.ts';
import { TreeComparison } from './tree-comparison.ts';

export interface ExchangeOptions {
  readonly id: number;
  readonly peer: string;
  readonly state: StoreState;
  readonly config: StoreConfig;
  readonly sha256: Sha256;
  readonly replica: ReplicaPort;
  send(message: ExchangeMessage): void;
  finished(outcome: ExchangeOutcome): void;
}

interface Offer extends PartitionKeys {
  /** The peer has another version. */
  readonly isShared: boolean;
}

export class Exchange {
  readonly #o: ExchangeOptions;
  #about: AboutMe;
  #roots: readonly Uint8Array[];
  #theirs: AboutMe | undefined;
  #theirClocks: readonly StoreClock[] = [];
  #decoder: RibltDecoder | undefined;
  #trees: TreeComparison | undefined;
  /** Our rows to be read and offered, what is wanted, rows that are ready to go. */
  #offers: Offer[] = [];
  #wants: PartitionKeys[] = [];
  #ready: { readonly partition: number; readonly row: SharedRow }[] = [];
  readonly #offered = new Set<string>();
  #hasIntroduced = false;
  #isOver = false;
  #sent = 0;
  #received = 0;
  #refused = 0;
  #roundTrips = 0;

  constructor(options: ExchangeOptions) {
    this.#o = options;
    this.#about = aboutNode(options.state);
    this.#roots = rootsOf(options.state);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  start(): void {
    const { id, state, sha256, config } = this.#o;
    this.#about = aboutNode(state);
    this.#roots = rootsOf(state);
    this.#ask({
      ...{ kind: 'open', id, partitions: config.partitions },
      trees: digestOfTrees(state, sha256),
      clocks: digestOfClocks(this.#about.clocks, sha256),
    });
  }

  handle(message: ExchangeMessage): void {
    if (this.#isOver) return;
    switch (message.kind) {
      case 'equal':
        return this.#onEqual(message.isCatchingUp);
      case 'busy':
      case 'failed':
        return this.fail(message.reason);
      case 'equal_rows':
        return this.#onEqualRows(message.about);
      case 'different':
        return this.#onDifferent(message.about, message.symbols);
      case 'symbols':
        if (this.#decoder === undefined) return this.fail('symbols were not asked for');
        return this.#onStep(this.#decoder.received(message.symbols));
      case 'roots':
        if (this.#trees === undefined) return this.fail('roots were not asked for');
        return this.#trees.roots(message.roots);
      case 'trees':
        if (this.#trees === undefined) return this.fail('trees were not asked for');
        return this.#trees.answers(message.answers);
      case 'swapped':
        return this.#onSwapped(message.rows, message.left);
      case 'open':
      case 'ask_symbols':
      case 'ask_roots':
      case 'ask_trees':
      case 'swap':
      case 'learn':
      case 'closed':
        return this.fail(`${message.kind} is not for the side that began`);
    }
  }

  fail(reason: string): void {
    if (this.#isOver) return;
    this.#end({ kind: 'failed', peer: this.#o.peer, reason });
    if (this.#theirs !== undefined) this.#o.send({ kind: 'closed', id: this.#o.id });
  }

  #onEqual(isPeerCatchingUp: boolean): void {
    this.#end({ kind: 'equal', peer: this.#o.peer, isPeerCatchingUp });
  }

  #onEqualRows({ clocks, stable, isCatchingUp }: AboutMe): void {
    if (clocks.length !== this.#about.clocks.length) return this.fail('partitions');
    clocks.forEach((clock, i) => this.#o.replica.learn(i, clock, stable[i] ?? [], this.#roots[i]));
    this.#done(isCatchingUp);
    this.#o.send({ kind: 'learn', id: this.#o.id, about: this.#about });
  }

  #onDifferent(theirs: AboutMe, symbols: Uint8Array): void {
    const { partitions } = this.#o.state;
    if (this.#theirs !== undefined) return this.fail('told twice');
    if (theirs.clocks.length !== partitions.length || theirs.stable.length !== partitions.length) {
      return this.fail('another number of partitions');
    }
    const behind = partitions.filter(
      ({ clock, isCatchingUp }, i) => !isCatchingUp && isBehind(clock, theirs.stable[i]!),
    );
    if (behind.length > 0) return this.#startBehind(behind.map(({ index }) => index));
    this.#theirs = theirs;
    this.#theirClocks = theirs.clocks.map((dots) => new Clock(dots));
    this.#decoder = new RibltDecoder(symbolsOf(this.#o.state));
    this.#decoder.start(); // what it asks for came with the message
    this.#onStep(this.#decoder.received(symbols));
  }

  /**
   * A put that is taken in from now on may be one whose tombstone the peer has forgotten. It would not be in the difference,
   * and count as seen when the clock is taken over: so first no more of them, then the difference.
   */
  #startBehind(partitions: readonly number[]): void {
    this.#o.replica.catchUp(partitions, (isDone) => {
      if (this.#isOver) return;
      if (isDone) this.start();
      else this.fail('a partition does not answer');
    });
  }

  #onStep(step: RibltStep): void {
    const { id } = this.#o;
    switch (step.kind) {
      case 'ask':
        return this.#ask({ kind: 'ask_symbols', id, from: step.from, to: step.to });
      case 'done':
        return this.#onDifference(step.difference);
      case 'refused':
        return this.fail(step.reason);
      case 'gave_up':
        return this.#compareTrees();
    }
  }

  #compareTrees(): void {
    const { id, state, replica } = this.#o;
    this.#decoder = undefined;
    replica.count('store_exchange_trees');
    this.#trees = new TreeComparison(
      state.partitions.map(({ hashtree }) => hashtree.tree),
      replica,
      {
        ask: (requests) => this.#ask({ kind: 'ask_trees', id, requests }),
        done: (difference) => this.#onDifference(difference),
        failed: (reason) => this.fail(reason),
      },
    );
    this.#ask({ kind: 'ask_roots', id });
  }

  #onDifference({ mine, theirs }: Difference): void {
    const count = this.#o.state.partitions.length;
    if (theirs.some((item) => partitionOfItem(item) >= count)) return this.fail('impossible items');
    const keyPart = (item: Uint8Array): Uint8Array => item.subarray(0, KEY_PART_BYTES);
    this.#wants = grouped(theirs.map(keyPart));
    const wanted = new Set(theirs.map((item) => itemKey(keyPart(item))));
    const [both, only] = [[] as Uint8Array[], [] as Uint8Array[]];
    for (const part of mine.map(keyPart)) {
      (wanted.has(itemKey(part)) ? both : only).push(part);
    }
    this.#offers = grouped(both).map((keys) => ({ ...keys, isShared: true }));
    this.#giveUp(grouped(only), () => this.#swap());
  }

  /** Where this node was away too long: rows the peer has seen and has not any more go; the rest is offered. */
  #giveUp(only: readonly PartitionKeys[], done: () => void): void {
    const behind = only.filter(({ partition }) => this.#isBehind(partition));
    this.#offer(only.filter((keys) => !behind.includes(keys)));
    forAll<PartitionKeys, readonly SharedRow[] | StorageFailure>(
      behind,
      ({ partition, keyParts }, next) =>
        this.#o.replica.discard(partition, keyParts, this.#theirs!.clocks[partition]!, next),
      (results) => {
        this.#makeReady(behind, results);
        if (!this.#isOver) done();
      },
    );
  }

  #offer(keys: readonly PartitionKeys[]): void {
    for (const one of keys) this.#offers.push({ ...one, isShared: false });
  }

  /** Reads what is to be offered, as much as one message takes, and sends it with as much of what is wanted. */
  #swap(): void {
    if (this.#ready.length > 0 || this.#offers.length === 0) return this.#sendSwap();
    const offers = takeKeys(this.#offers);
    for (const part of offers.flatMap(({ keyParts }) => keyParts)) this.#offered.add(itemKey(part));
    forAll<Offer, readonly SharedRow[] | StorageFailure>(
      offers,
      ({ partition, keyParts }, next) => this.#o.replica.rowsOf(partition, keyParts, next),
      (results) => {
        this.#makeReady(offers, results);
        if (!this.#isOver) this.#sendSwap();
      },
    );
  }

  #sendSwap(): void {
    const rows = this.#takeRows();
    const wants = takeKeys(this.#wants);
    const isLast = this.#isAllSent();
    const about = this.#hasIntroduced ? undefined : this.#about;
    this.#hasIntroduced = true;
    const count = rows.reduce((sum, one) => sum + one.rows.length, 0);
    this.#sent += count;
    this.#o.replica.count('store_exchange_rows_sent', count);
    this.#ask({ kind: 'swap', id: this.#o.id, about, rows, wants, isLast });
  }

  #isAllSent(): boolean {
    return this.#ready.length + this.#offers.length + this.#wants.length === 0;
  }

  #makeReady(
    groups: readonly (PartitionKeys & { readonly isShared?: boolean })[],
    results: readonly (readonly SharedRow[] | StorageFailure)[],
  ): void {
    for (const [i, rows] of results.entries()) {
      if ('kind' in rows) return this.fail(`the disk failed: ${rows.detail}`);
      const { partition, isShared } = groups[i]!;
      for (const row of rows) {
        // The peer has another version and has seen all of ours: it comes with what is wanted.
        if (isShared === true && isSeen(row, this.#theirClocks[partition]!)) continue;
        this.#ready.push({ partition, row });
      }
    }
  }

  #takeRows(): PartitionRows[] {
    const { batchBytes, batchRows } = this.#o.config;
    const taken = new Map<number, SharedRow[]>();
    let bytes = 0;
    let count = 0;
    for (const { partition, row } of this.#ready) {
      bytes += weightOf(row);
      if (count > 0 && (count >= batchRows || bytes > batchBytes)) break;
      count++;
      const rows = taken.get(partition);
      if (rows === undefined) taken.set(partition, [row]);
      else rows.push(row);
    }
    this.#ready.splice(0, count);
    return [...taken].map(([partition, rows]) => ({ partition, rows }));
  }

  #onSwapped(rows: readonly PartitionRows[], left: readonly PartitionKeys[]): void {
    if (this.#theirs === undefined) return this.fail('a swap was not asked for');
    const count = this.#o.state.partitions.length;
    if ([...rows, ...left].some(({ partition }) => partition >= count)) {
      return this.fail('impossible partition');
    }
    const progress = rows.reduce((sum, one) => sum + one.rows.length, 0);
    if (progress === 0 && left.length > 0) return this.fail('the peer sends nothing');
    this.#received += progress;
    this.#wants.unshift(...left);
    this.#o.replica.count('store_exchange_rows_received', progress);
    forAll<PartitionRows, MergeOutcome>(
      rows,
      ({ partition, rows: some }, next) =>
        this.#o.replica.merge(partition, some, this.#knowledge(partition), next),
      (outcomes) => {
        outcomes.forEach((outcome, i) => this.#onMerged(rows[i]!.partition, outcome));
        if (!this.#isOver) this.#goOn();
      },
    );
  }

  /** What became another row than the peer's is offered in return, once. */
  #onMerged(partition: number, { refused, differing }: MergeOutcome): void {
    this.#refused += refused;
    const keyParts = differing.filter((part) => !this.#offered.has(itemKey(part)));
    if (keyParts.length > 0) this.#offer([{ partition, keyParts }]);
  }

  #goOn(): void {
    if (!this.#isAllSent()) return this.#swap();
    const { clocks, stable, isCatchingUp } = this.#theirs!;
    if (this.#refused === 0) {
      clocks.forEach((clock, i) => this.#o.replica.learn(i, clock, stable[i]!));
    }
    this.#done(isCatchingUp);
    this.#o.send({ kind: 'closed', id: this.#o.id });
  }

  #knowledge(partition: number): Knowledge {
    const clock = this.#theirs!.clocks[partition]!;
    const stable = stableOf(this.#o.state.partitions[partition]!);
    return {
      ...{ clock, isBehind: this.#isBehind(partition) },
      isPeerBehind: isBehind(this.#theirClocks[partition]!, stable),
    };
  }

  #isBehind(partition: number): boolean {
    return isBehind(this.#o.state.partitions[partition]!.clock, this.#theirs!.stable[partition]!);
  }

  #ask(message: ExchangeMessage): void {
    this.#roundTrips++;
    this.#o.send(message);
  }

  #done(isPeerCatchingUp: boolean): void {
    this.#end({
      ...{ kind: 'done', peer: this.#o.peer, sent: this.#sent, received: this.#received },
      ...{ refused: this.#refused, roundTrips: this.#roundTrips, bytes: 0 },
      byTrees: this.#trees !== undefined,
      isPeerCatchingUp,
    });
  }

  #end(outcome: ExchangeOutcome): void {
    this.#isOver = true;
    this.#decoder = undefined;
    this.#o.finished(outcome);
  }
}

function isSeen(shared: SharedRow, clock: StoreClock): boolean {
  const row = decodeRow(shared.row);
  return !(row instanceof Malformed) && areSeen(row, clock);
}
