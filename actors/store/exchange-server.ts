/**
 * The other side of exchanges: answers what peers ask, a few of them at a time, and takes in what they bring. What it
 * keeps for each is bounded and forgotten when nothing is asked for a while.
 */
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import { itemKey, KEY_PART_BYTES } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { CodedSymbols } from '../../runtime/structures/riblt.ts';
import { FIRST_CHUNK } from '../../runtime/structures/riblt-decoder.ts';
import {
  answerChildren,
  decodeTreeRequest,
  encodeRoot,
} from '../../runtime/structures/tree-messages.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import type { Knowledge, MergeOutcome } from './api.ts';
import type { StoreConfig } from './config.ts';
import { isBehind } from './deletions.ts';
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
import type { AboutMe, ExchangeMessage, PartitionKeys, PartitionRows } from './messages.ts';
import type { SharedRow } from './shared-row.ts';
import { weightOf } from './shared-row.ts';
import type { StoreState } from './state.ts';

interface Served {
  readonly id: number;
  symbols: CodedSymbols | undefined;
  /** Of each partition, as it was at the beginning. */
  readonly roots: readonly Uint8Array[];
  about: AboutMe | undefined;
  /** Rows that were not taken in: the peer's clock must not be taken over. */
  refused: number;
  lastMs: number;
}

type Of<K extends ExchangeMessage['kind']> = Extract<ExchangeMessage, { kind: K }>;

export class ExchangeServer {
  readonly #state: StoreState;
  readonly #config: StoreConfig;
  readonly #sha256: Sha256;
  readonly #replica: ReplicaPort;
  readonly #send: (to: string, message: ExchangeMessage) => void;
  readonly #served = new Map<string, Served>();

  constructor(
    state: StoreState,
    config: StoreConfig,
    sha256: Sha256,
    replica: ReplicaPort,
    send: (to: string, message: ExchangeMessage) => void,
  ) {
    this.#state = state;
    this.#config = config;
    this.#sha256 = sha256;
    this.#replica = replica;
    this.#send = send;
  }

  get serving(): number {
    return this.#served.size;
  }

  forget(peer: string): void {
    this.#served.delete(peer);
  }

  /** What is for this side. Anything else is an answer to an exchange that is over. */
  handle(from: string, message: ExchangeMessage, nowMs: number): void {
    if (message.kind === 'open') return this.#onOpen(from, message, nowMs);
    const served = this.#served.get(from);
    if (served?.id !== message.id) return this.#replica.count('store_messages_unexpected');
    served.lastMs = nowMs;
    switch (message.kind) {
      case 'ask_symbols':
        return this.#onAskSymbols(from, served, message);
      case 'ask_roots': {
        served.symbols = undefined;
        const roots = this.#state.partitions.map(({ hashtree }) => encodeRoot(hashtree.tree.root));
        return this.#send(from, { kind: 'roots', id: served.id, roots });
      }
      case 'ask_trees':
        return this.#onAskTrees(from, served, message);
      case 'swap':
        return this.#onSwap(from, served, message);
      case 'learn':
        this.forget(from);
        return this.#onLearn(served, message.about);
      case 'closed':
        return this.forget(from);
      default:
        return this.#replica.count('store_messages_unexpected');
    }
  }

  #onOpen(from: string, { id, partitions, trees, clocks }: Of<'open'>, nowMs: number): void {
    this.#expire(nowMs);
    const refuse = (reason: string): void => {
      this.#replica.count('store_exchanges_refused');
      this.#send(from, { kind: 'busy', id, reason });
    };
    if (partitions !== this.#state.partitions.length) return refuse('another number of partitions');
    if (!this.#state.isReady) return refuse('loading');
    const about = aboutNode(this.#state);
    const isEqual = compareBytes(trees, digestOfTrees(this.#state, this.#sha256)) === 0;
    if (isEqual && compareBytes(clocks, digestOfClocks(about.clocks, this.#sha256)) === 0) {
      return this.#send(from, { kind: 'equal', id, isCatchingUp: about.isCatchingUp });
    }
    if (!this.#served.has(from) && this.#served.size >= this.#config.maxServed) {
      return refuse('too many exchanges at once');
    }
    const symbols = isEqual ? undefined : symbolsOf(this.#state);
    const roots = rootsOf(this.#state);
    this.#served.set(from, { id, symbols, roots, about: undefined, refused: 0, lastMs: nowMs });
    if (symbols === undefined) {
      return this.#send(from, { kind: 'equal_rows', id, about });
    }
    const first = symbols.encode(0, FIRST_CHUNK);
    this.#send(from, { kind: 'different', id, about, symbols: first });
  }

  #onAskSymbols(from: string, { id, symbols }: Served, { from: low, to }: Of<'ask_symbols'>): void {
    if (symbols === undefined || low >= to) return this.#fail(from, id, 'no symbols');
    this.#send(from, { kind: 'symbols', id, symbols: symbols.encode(low, to) });
  }

  #onAskTrees(from: string, { id }: Served, { requests }: Of<'ask_trees'>): void {
    forAll<readonly [number, Uint8Array], Uint8Array | 'too_many' | StorageFailure>(
      requests.slice(0, MAX_QUESTIONS),
      ([partition, bytes], next) => {
        const tree = this.#state.partitions[partition]?.hashtree.tree;
        const request = tree && decodeTreeRequest(bytes, tree.depth);
        if (tree === undefined || request === undefined || request instanceof Malformed) {
          return next('too_many');
        }
        if (request.kind === 'children') return next(answerChildren(tree, request));
        this.#replica.itemsOf(partition, request, next);
      },
      (answers) => {
        const whole = answers.filter((answer) => answer instanceof Uint8Array);
        if (whole.length < requests.length) return this.#fail(from, id, 'not answerable');
        this.#send(from, { kind: 'trees', id, answers: whole });
      },
    );
  }

  #onSwap(from: string, served: Served, message: Of<'swap'>): void {
    const count = this.#state.partitions.length;
    const about = message.about ?? served.about;
    const isPossible = [...message.rows, ...message.wants].every((one) => one.partition < count);
    if (about?.clocks.length !== count || about.stable.length !== count || !isPossible) {
      return this.#fail(from, served.id, 'impossible');
    }
    served.about = about;
    forAll<PartitionRows, MergeOutcome>(
      message.rows,
      ({ partition, rows }, next) =>
        this.#replica.merge(partition, rows, this.#knowledge(about, partition), next),
      (outcomes) => {
        served.refused += outcomes.reduce((sum, { refused }) => sum + refused, 0);
        const received = message.rows.reduce((sum, { rows }) => sum + rows.length, 0);
        this.#replica.count('store_exchange_rows_received', received);
        if (message.isLast && served.refused === 0) this.#learn(about);
        this.#answerWants(from, served, message);
      },
    );
  }

  /** After equal rows: where they are still the same. */
  #onLearn({ roots }: Served, { clocks, stable }: AboutMe): void {
    if (clocks.length !== this.#state.partitions.length) return;
    clocks.forEach((clock, i) => this.#replica.learn(i, clock, stable[i] ?? [], roots[i]));
  }

  /** Not where this node is behind: it would forget that it is, before it gave up what was deleted meanwhile. */
  #learn({ clocks, stable }: AboutMe): void {
    clocks.forEach((clock, i) => {
      if (isBehind(this.#state.partitions[i]!.clock, stable[i]!)) return;
      this.#replica.learn(i, clock, stable[i]!);
    });
  }

  #answerWants(from: string, served: Served, { rows, wants, isLast }: Of<'swap'>): void {
    const brought = new Map(
      rows.flatMap((one) => one.rows).map((row) => [itemKey(row.key), row.row] as const),
    );
    forAll<PartitionKeys, readonly SharedRow[] | StorageFailure>(
      wants,
      ({ partition, keyParts }, next) => this.#replica.rowsOf(partition, keyParts, next),
      (results) => {
        const found: PartitionRows[] = [];
        for (const [i, some] of results.entries()) {
          if ('kind' in some) return this.#fail(from, served.id, 'the disk failed');
          const isNews = ({ key, row }: SharedRow): boolean => {
            const theirs = brought.get(itemKey(key));
            return theirs === undefined || compareBytes(theirs, row) !== 0;
          };
          found.push({ partition: wants[i]!.partition, rows: some.filter(isNews) });
        }
        this.#sendRows(from, served, found, isLast);
      },
    );
  }

  #sendRows(from: string, served: Served, found: readonly PartitionRows[], isLast: boolean): void {
    const { batchBytes } = this.#config;
    const left: PartitionKeys[] = [];
    const rows: PartitionRows[] = [];
    let bytes = 0;
    for (const { partition, rows: some } of found) {
      const fits: SharedRow[] = [];
      const rest: SharedRow[] = [];
      for (const row of some) {
        bytes += weightOf(row);
        (bytes <= batchBytes || (rows.length === 0 && fits.length === 0) ? fits : rest).push(row);
      }
      if (fits.length > 0) rows.push({ partition, rows: fits });
      if (rest.length > 0) {
        left.push({ partition, keyParts: rest.map(({ key }) => this.#keyPart(partition, key)) });
      }
    }
    const count = rows.reduce((sum, one) => sum + one.rows.length, 0);
    this.#replica.count('store_exchange_rows_sent', count);
    if (isLast && left.length === 0) served.symbols = undefined;
    this.#send(from, { kind: 'swapped', id: served.id, rows, left });
  }

  #keyPart(partition: number, key: Uint8Array): Uint8Array {
    return this.#replica.keyPartOf(partition, key).subarray(0, KEY_PART_BYTES);
  }

  #knowledge({ clocks }: AboutMe, partition: number): Knowledge {
    const clock = clocks[partition]!;
    const stable = stableOf(this.#state.partitions[partition]!);
    return { clock, isPeerBehind: isBehind(new StoreClock(clock), stable), isBehind: false };
  }

  #fail(to: string, id: number, reason: string): void {
    this.#served.delete(to);
    this.#send(to, { kind: 'failed', id, reason });
  }

  #expire(nowMs: number): void {
    for (const [peer, { lastMs }] of this.#served) {
      if (nowMs - lastMs > this.#config.exchangeTimeoutMs) this.#served.delete(peer);
    }
  }
}

const MAX_QUESTIONS = 64;
