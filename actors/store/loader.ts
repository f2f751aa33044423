/**
 * Reads a partition at its start: what was seen of each origin, the leaves, and the rows that are read from memory. A row
 * that is not what its leaf says is reported and left to the peers.
 */
import { decodeDots } from '../../runtime/causality/dots-codec.ts';
import type { Stamp } from '../../runtime/causality/hlc.ts';
import { ZERO_STAMP } from '../../runtime/causality/hlc.ts';
import type { Row } from '../../runtime/causality/row.ts';
import { StoreClock } from '../../runtime/causality/store-clock.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Entry } from '../../runtime/disk/storage.ts';
import { ByteReader, compareBytes } from '../../runtime/structures/bytes.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import { ITEM_BYTES } from '../../runtime/structures/item.ts';
import type { RowKey } from './keys.ts';
import { after, decodeRanges, decodeRowKey, diskKey, prefixOf, spaceRange } from './keys.ts';
import type { Space } from './keys.ts';
import { rowKeyOfLeaf, rowOf } from './leaf-reader.ts';
import type { DiskPort } from './port.ts';
import type { Lane } from './prefixes.ts';
import { isInMemory } from './prefixes.ts';
import type { RowStore } from './row-store.ts';
import { actorOf } from './state.ts';

const PAGE = 1_000;
const LANES: readonly Lane[] = ['ram', 'durable'];
const decoder = new TextDecoder();

export interface Loaded {
  readonly lastStamp: Stamp;
}

export class Loader {
  readonly #rows: RowStore;
  readonly #disk: DiskPort;
  readonly #nodeKey: string;
  readonly #onRow: (rowKey: RowKey, row: Row) => void;
  #lastStamp: Stamp = ZERO_STAMP;
  /** Rows that are not what their leaves say. Named when the leaves are in the tree, of which theirs are taken out. */
  readonly #doubted: [RowKey, Uint8Array | undefined][] = [];

  /** `onRow`: each row that was read. */
  constructor(
    nodeKey: string,
    rows: RowStore,
    disk: DiskPort,
    onRow: (rowKey: RowKey, row: Row) => void,
  ) {
    this.#nodeKey = nodeKey;
    this.#rows = rows;
    this.#disk = disk;
    this.#onRow = onRow;
  }

  load(done: (loaded: Loaded | StorageFailure) => void): void {
    const { state } = this.#rows;
    state.clock = new StoreClock();
    state.hashtree.become(state.hashtree.fresh());
    const kept = new Set<RowKey>();
    this.#lanes(LANES, kept, (failure) => {
      if (failure !== undefined) return done(failure);
      for (const [rowKey] of [...state.rows.entries()]) {
        if (!kept.has(rowKey)) this.#rows.drop(rowKey);
      }
      this.#ownDots();
      state.status = { kind: 'ready' };
      done({ lastStamp: this.#lastStamp });
    });
  }

  /** Nobody else can have a dot of ours that we have not: one that did not reach the disk was never told. */
  #ownDots(): void {
    const { clock, sequences } = this.#rows.state;
    for (const lane of LANES) {
      const origin = actorOf(this.#nodeKey, lane);
      sequences[lane] = Math.max(sequences[lane], clock.rangesOf(origin).at(-1) ?? 0);
      if (sequences[lane] > 0) clock.addAll([{ origin, ranges: [1, sequences[lane]] }]);
    }
  }

  #lanes(
    [lane, ...others]: readonly Lane[],
    kept: Set<RowKey>,
    done: (failure: StorageFailure | undefined) => void,
  ): void {
    if (lane === undefined) return done(undefined);
    this.#each(
      lane,
      'c',
      (entries) => entries.forEach((entry) => this.#seen(entry)),
      (c) => {
        if (c !== undefined) return done(c);
        this.#stamp(lane, (failure) => {
          if (failure !== undefined) return done(failure);
          this.#loadRows(lane, kept, (r) => {
            if (r !== undefined) return done(r);
            this.#loadLeaves(lane, kept, (l) =>
              l === undefined ? this.#lanes(others, kept, done) : done(l),
            );
          });
        });
      },
    );
  }

  #seen({ key, value }: Entry): void {
    const ranges = decodeRanges(value);
    const origin = decoder.decode(key.subarray(1));
    // What cannot be read is asked for again: the next exchange brings it.
    if (ranges !== undefined) this.#rows.state.clock.addAll([{ origin, ranges }]);
  }

  /** After the rows: a leaf whose row is gone would stay in the tree beside that of the row's next version. */
  #loadLeaves(
    lane: Lane,
    kept: ReadonlySet<RowKey>,
    done: (failure: StorageFailure | undefined) => void,
  ): void {
    const lost: [RowKey, Uint8Array][] = [];
    this.#each(
      lane,
      'l',
      (entries) => {
        for (const entry of entries) {
          this.#leaf(entry);
          const rowKey = rowKeyOfLeaf(entry);
          const isLost = rowKey !== undefined && this.#isInMemory(rowKey) && !kept.has(rowKey);
          if (isLost) lost.push([rowKey, entry.value]);
        }
      },
      (failure) => {
        for (const [rowKey, leaf] of [...this.#doubted, ...lost]) {
          this.#rows.distrust(rowKey, leaf);
        }
        this.#doubted.length = 0;
        done(failure);
      },
    );
  }

  #leaf({ value }: Entry): void {
    if (value.length === ITEM_BYTES) this.#rows.state.hashtree.change(undefined, value);
  }

  #stamp(lane: Lane, done: (failure: StorageFailure | undefined) => void): void {
    this.#disk.readMany(lane, [diskKey('m', 'stamp'), diskKey('m', 'stable')], (outcome) => {
      if (outcome.kind === 'failed') return done(outcome.failure);
      const [bytes, stable] = outcome.value;
      const dots = stable === undefined ? [] : decodeDots(stable);
      if (!(dots instanceof Malformed)) {
        const { watermarks } = this.#rows.state;
        watermarks.restore(dots.map(({ origin, ranges }) => [origin, ranges.at(-1)!]));
      }
      const stamp = bytes === undefined ? ZERO_STAMP : new ByteReader(bytes).uint64();
      if (stamp > this.#lastStamp) this.#lastStamp = stamp;
      done(undefined);
    });
  }

  #loadRows(
    lane: Lane,
    kept: Set<RowKey>,
    done: (failure: StorageFailure | undefined) => void,
  ): void {
    const next = (from: Uint8Array): void => {
      const range = { ...spaceRange('r'), gte: from, limit: PAGE };
      this.#disk.page(lane, range, (outcome) => {
        if (outcome.kind === 'failed') return done(outcome.failure);
        const last = outcome.value.at(-1);
        if (last === undefined) return done(undefined);
        const entries = outcome.value.filter(({ key }) => {
          const rowKey = decodeRowKey(key.subarray(1));
          return rowKey !== undefined && this.#isInMemory(rowKey);
        });
        this.#withLeaves(lane, entries, kept, (failure) =>
          failure === undefined ? next(after(last.key)) : done(failure),
        );
      });
    };
    next(spaceRange('r').gte);
  }

  #withLeaves(
    lane: Lane,
    entries: readonly Entry[],
    kept: Set<RowKey>,
    done: (failure: StorageFailure | undefined) => void,
  ): void {
    const keys = entries.map(({ key }) => diskKey('l', this.#rows.leafKeyOf(key.subarray(1))));
    this.#disk.readMany(lane, keys, (outcome) => {
      if (outcome.kind === 'failed') return done(outcome.failure);
      entries.forEach((entry, i) => this.#row(entry, outcome.value[i], kept));
      done(undefined);
    });
  }

  #row(entry: Entry, leaf: Uint8Array | undefined, kept: Set<RowKey>): void {
    const key = entry.key.subarray(1);
    const rowKey = decodeRowKey(key);
    if (rowKey === undefined) return;
    const item = this.#rows.itemOf(key, entry.value);
    if (leaf === undefined || compareBytes(leaf, item) !== 0) this.#doubted.push([rowKey, leaf]);
    const read = rowOf(entry);
    if (read === undefined) return;
    kept.add(rowKey);
    this.#rows.loaded(rowKey, { row: read.row, item });
    this.#onRow(rowKey, read.row);
  }

  #isInMemory(rowKey: RowKey): boolean {
    return isInMemory(this.#rows.prefixes.get(prefixOf(rowKey)));
  }

  #each(
    lane: Lane,
    space: Space,
    take: (entries: readonly Entry[]) => void,
    done: (failure: StorageFailure | undefined) => void,
  ): void {
    const next = (from: Uint8Array): void =>
      this.#disk.page(lane, { ...spaceRange(space), gte: from, limit: PAGE }, (outcome) => {
        if (outcome.kind === 'failed') return done(outcome.failure);
        const last = outcome.value.at(-1);
        if (last === undefined) return done(undefined);
        take(outcome.value);
        next(after(last.key));
      });
    next(spaceRange(space).gte);
  }
}
