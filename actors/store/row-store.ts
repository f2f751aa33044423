/**
 * The rows of one partition, wherever they live, with everything that must change together: row, leaf, tree and clock.
 * Memory changes at once, the disk with the next batch; what is not on disk yet is known here, so a read never sees less
 * than was written. After a failed write the disk is left alone until it was opened again, then gets what it missed.
 */
import type { Dot, Row } from '../../runtime/causality/row.ts';
import type { Stamp } from '../../runtime/causality/hlc.ts';
import { encodeDots } from '../../runtime/causality/dots-codec.ts';
import { decodeRow, digestOf, encodeRow } from '../../runtime/causality/row-codec.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Write } from '../../runtime/disk/storage.ts';
import type { OrderedSetWriter } from '../../runtime/kernel/ordered-table.ts';
import { compareBytes, ByteWriter } from '../../runtime/structures/bytes.ts';
import type { Item, KeyedHash } from '../../runtime/structures/item.ts';
import { ITEM_BYTES, leafKeyOf } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { RowKey } from './keys.ts';
import { diskKey, encodeRanges, encodeRowKey, prefixOf, storeItem, storeKeyPart } from './keys.ts';
import type { Found } from './open-rows.ts';
import { OpenRows } from './open-rows.ts';
import type { PartitionPort } from './port.ts';
import type { Lane, Prefixes } from './prefixes.ts';
import { isInMemory, laneOf } from './prefixes.ts';
import type { PartitionState, Stored } from './state.ts';
import { laneOfActor } from './state.ts';

/** Hashes as values, so that the core knows no library. */
export interface Hashing {
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** The same on all nodes of the cluster, for ever. */
  readonly keyed: KeyedHash;
}

export type Written = (failure: StorageFailure | undefined) => void;

/** A write on its way: the newest one of its row. */
interface Unwritten {
  readonly leafKey: Uint8Array;
  readonly item: Item | undefined;
}

export class RowStore {
  readonly state: PartitionState;
  readonly prefixes: Prefixes;
  readonly #port: PartitionPort;
  readonly #hashing: Hashing;
  readonly #memory: OrderedSetWriter<RowKey, Stored>;
  readonly #unwritten = new Map<RowKey, Unwritten>();
  readonly #open = new OpenRows((rowKey) => this.#unwritten.has(rowKey));
  /** Rows that are not what their leaf says: not in the tree, and replaced by any peer's. */
  readonly #distrusted = new Set<RowKey>();
  /** Told of each change while a tree is added up again. */
  onChange:
    ((leafKey: Uint8Array, before: Item | undefined, after: Item | undefined) => void) | undefined;
  #failure: StorageFailure | undefined;
  /** The version of what is stable that is on disk, or on its way. */
  #savedStable = 0;

  constructor(
    state: PartitionState,
    memory: OrderedSetWriter<RowKey, Stored>,
    prefixes: Prefixes,
    port: PartitionPort,
    hashing: Hashing,
  ) {
    this.state = state;
    this.#memory = memory;
    this.prefixes = prefixes;
    this.#port = port;
    this.#hashing = hashing;
  }

  get failure(): StorageFailure | undefined {
    return this.#failure;
  }

  get unwritten(): ReadonlyMap<RowKey, Unwritten> {
    return this.#unwritten;
  }

  get distrusted(): ReadonlySet<RowKey> {
    return this.#distrusted;
  }

  laneOf(rowKey: RowKey): Lane {
    return laneOf(this.prefixes.get(prefixOf(rowKey)));
  }

  leafKeyOf(key: Uint8Array): Uint8Array {
    return leafKeyOf(storeKeyPart(this.state.index, key, this.#hashing.keyed), key);
  }

  itemOf(key: Uint8Array, row: Uint8Array): Item {
    const { sha256, keyed } = this.#hashing;
    return storeItem(this.state.index, key, digestOf(row, sha256), keyed);
  }

  /** At once for rows in memory; one after the other for each row on disk. */
  find(rowKey: RowKey, found: Found): void {
    if (isInMemory(this.prefixes.get(prefixOf(rowKey)))) {
      return found({ kind: 'ok', value: this.state.rows.get(rowKey) });
    }
    if (this.#open.mustRead(rowKey, found)) this.#read(rowKey);
  }

  /**
   * Undefined: the row is gone. `dots` join the clock. Changes memory before it returns; `written` tells when it is on
   * disk, or why it is not (yet: what the disk missed it gets when it answers again).
   */
  write(
    rowKey: RowKey,
    before: Stored | undefined,
    after: Row | undefined,
    dots: readonly Dot[],
    options: { readonly lastStamp: Stamp; readonly isSynced: boolean },
    written: Written,
  ): Uint8Array | undefined {
    const key = encodeRowKey(rowKey);
    const bytes = after && encodeRow(after);
    const item = bytes && this.itemOf(key, bytes);
    const leafKey = this.leafKeyOf(key);
    this.#changeTree(rowKey, leafKey, before?.item, item);
    this.#keep(rowKey, after && item && { row: after, item });
    const unwritten = { leafKey, item };
    this.#unwritten.set(rowKey, unwritten);
    const isAdvanced = this.#learn(dots);
    const lane = this.laneOf(rowKey);
    const writes = [
      ...rowWrites(key, leafKey, bytes, item),
      ...this.#clockWrites(
        lane,
        dots.map(({ actor }) => actor),
      ),
      stampWrite(options.lastStamp),
    ];
    this.#commit(lane, writes, options.isSynced, (failure) => {
      if (failure === undefined && this.#unwritten.get(rowKey) === unwritten) {
        this.#unwritten.delete(rowKey);
        this.#open.close(rowKey);
      }
      written(failure);
    });
    if (isAdvanced) this.#port.advanced();
    return bytes;
  }

  /** Dots whose puts are contained in what is here. */
  learn(dots: readonly Dot[]): void {
    if (!this.#learn(dots)) return;
    this.#saveClock(new Set(dots.map(({ actor }) => actor)));
    this.#port.advanced();
  }

  /** A peer's clock, when all it has is here. */
  learnAll(
    clock: readonly { readonly origin: string; readonly ranges: readonly number[] }[],
  ): void {
    const news = this.state.clock.lacks(clock);
    if (news.length === 0) return;
    this.state.clock.addAll(news);
    this.#saveClock(new Set(news.map(({ origin }) => origin)));
    this.#port.advanced();
  }

  /**
   * Before anything is forgotten: without it a node that starts again would take what it has forgotten for news, from a
   * member that was away too long.
   */
  saveStable(): void {
    const { watermarks } = this.state;
    if (watermarks.version === this.#savedStable) return;
    this.#savedStable = watermarks.version;
    const dots = watermarks.stable.map(([origin, sequence]) => ({ origin, ranges: [1, sequence] }));
    const write = { kind: 'put', key: diskKey('m', 'stable'), value: encodeDots(dots) } as const;
    this.#commit('durable', [write], false, (failure) => {
      if (failure !== undefined) this.#savedStable = 0;
    });
  }

  /** Out of the tree until a peer's row or a put replaces it. */
  distrust(rowKey: RowKey, leaf: Uint8Array | undefined): void {
    if (this.#distrusted.has(rowKey)) return;
    const item = leaf?.length === ITEM_BYTES ? leaf : undefined; // another one is not in the tree
    this.#changeTree(rowKey, this.leafKeyOf(encodeRowKey(rowKey)), item, undefined);
    this.#distrusted.add(rowKey);
    this.state.damaged = this.#distrusted.size;
    this.#port.count('store_rows_damaged');
    this.#port.report('store_row_damaged', { partition: this.state.index, row: printable(rowKey) });
  }

  /** Of a row in memory that the disk has otherwise: memory is right. False: there is none. */
  rewrite(rowKey: RowKey): boolean {
    const stored = this.state.rows.get(rowKey);
    if (stored === undefined || this.#distrusted.has(rowKey)) return false;
    const key = encodeRowKey(rowKey);
    const leafKey = this.leafKeyOf(key);
    const unwritten = { leafKey, item: stored.item };
    this.#unwritten.set(rowKey, unwritten);
    const writes = rowWrites(key, leafKey, encodeRow(stored.row), stored.item);
    this.#commit(this.laneOf(rowKey), writes, true, (failure) => {
      if (failure === undefined && this.#unwritten.get(rowKey) === unwritten) {
        this.#unwritten.delete(rowKey);
      }
    });
    this.#port.count('store_rows_healed');
    return true;
  }

  /** The disk answers again: what it missed is written, all at once. */
  reopened(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    const writes: Write[] = [];
    const caught = [...this.#unwritten];
    for (const [rowKey, { leafKey, item }] of caught) {
      if (this.laneOf(rowKey) !== 'durable') continue;
      const row = this.#current(rowKey)?.row;
      writes.push(...rowWrites(encodeRowKey(rowKey), leafKey, row && encodeRow(row), item));
    }
    const origins = this.state.clock.dots.map(({ origin }) => origin);
    writes.push(...this.#clockWrites('durable', origins));
    this.#commit('durable', writes, true, (failure) => {
      if (failure !== undefined) return;
      for (const [rowKey, unwritten] of caught) {
        if (this.#unwritten.get(rowKey) !== unwritten) continue;
        this.#unwritten.delete(rowKey);
        this.#open.close(rowKey);
      }
      this.state.status = { kind: 'ready' };
    });
  }

  /** While loading: a row read from disk into memory, its item already in the tree. */
  loaded(rowKey: RowKey, stored: Stored): void {
    this.#memory.set(rowKey, stored);
  }

  drop(rowKey: RowKey): void {
    this.#memory.delete(rowKey);
  }

  #read(rowKey: RowKey): void {
    const key = encodeRowKey(rowKey);
    const keys = [diskKey('r', key), diskKey('l', this.leafKeyOf(key))];
    this.#port.readMany(this.laneOf(rowKey), keys, (outcome) => {
      if (outcome.kind === 'failed') return this.#open.answered(rowKey, outcome);
      const [bytes, leaf] = outcome.value;
      const value = bytes && this.#judged(rowKey, key, bytes, leaf);
      // The row is gone, its leaf would stay in the tree beside that of the next version.
      if (bytes === undefined && leaf !== undefined) this.distrust(rowKey, leaf);
      this.#open.answered(rowKey, { kind: 'ok', value });
    });
  }

  /** A row from disk, with what its leaf says: the tree holds that, whatever the row has become. */
  #judged(
    rowKey: RowKey,
    key: Uint8Array,
    bytes: Uint8Array,
    leaf: Uint8Array | undefined,
  ): Stored | undefined {
    const row = decodeRow(bytes);
    const item = this.itemOf(key, bytes);
    if (leaf === undefined || compareBytes(item, leaf) !== 0) this.distrust(rowKey, leaf);
    return row instanceof Malformed ? undefined : { row, item };
  }

  #changeTree(
    rowKey: RowKey,
    leafKey: Uint8Array,
    before: Item | undefined,
    after: Item | undefined,
  ): void {
    const old = this.#distrusted.has(rowKey) ? undefined : before;
    if (this.#distrusted.delete(rowKey)) this.#port.count('store_rows_healed');
    this.state.damaged = this.#distrusted.size;
    this.state.hashtree.change(old, after);
    this.onChange?.(leafKey, old, after);
  }

  #keep(rowKey: RowKey, stored: Stored | undefined): void {
    if (!isInMemory(this.prefixes.get(prefixOf(rowKey)))) this.#open.set(rowKey, stored);
    else if (stored === undefined) this.#memory.delete(rowKey);
    else this.#memory.set(rowKey, stored);
  }

  #current(rowKey: RowKey): Stored | undefined {
    return this.state.rows.get(rowKey) ?? this.#open.get(rowKey);
  }

  #learn(dots: readonly Dot[]): boolean {
    return dots.reduce((isNew, dot) => this.state.clock.add(dot) || isNew, false);
  }

  #saveClock(actors: ReadonlySet<string>): void {
    for (const lane of ['durable', 'ram'] as const) {
      const writes = this.#clockWrites(lane, actors);
      if (writes.length > 0) this.#commit(lane, writes, false, () => {});
    }
  }

  #clockWrites(lane: Lane, actors: Iterable<string>): readonly Write[] {
    return [...new Set(actors)]
      .filter((actor) => laneOfActor(actor) === lane)
      .map((actor) => ({
        kind: 'put',
        key: diskKey('c', actor),
        value: encodeRanges(this.state.clock.rangesOf(actor)),
      }));
  }

  #commit(lane: Lane, writes: readonly Write[], isSynced: boolean, written: Written): void {
    if (lane === 'durable' && this.#failure !== undefined) return written(this.#failure);
    this.#port.commit(lane, writes, isSynced, (outcome) => {
      if (outcome.kind === 'failed') this.#fail(lane, outcome.failure);
      written(outcome.kind === 'failed' ? outcome.failure : undefined);
    });
  }

  #fail(lane: Lane, failure: StorageFailure): void {
    if (lane !== 'durable' || this.#failure !== undefined || failure.kind === 'closed') return;
    this.#failure = failure;
    this.state.status = { kind: 'degraded', failure };
    this.#port.count('store_disk_failures');
    this.#port.report('store_disk_failed', { partition: this.state.index, ...failure });
    this.#port.reopen();
  }
}

export function printable(rowKey: RowKey): string {
  return rowKey.replace('\0', '/').slice(0, 200);
}

function rowWrites(
  key: Uint8Array,
  leafKey: Uint8Array,
  row: Uint8Array | undefined,
  item: Item | undefined,
): readonly Write[] {
  const [rowAt, leafAt] = [diskKey('r', key), diskKey('l', leafKey)];
  if (row === undefined || item === undefined) {
    return [
      { kind: 'delete', key: rowAt },
      { kind: 'delete', key: leafAt },
    ];
  }
  return [
    { kind: 'put', key: rowAt, value: row },
    { kind: 'put', key: leafAt, value: item },
  ];
}

function stampWrite(stamp: Stamp): Write {
  return {
    kind: 'put',
    key: diskKey('m', 'stamp'),
    value: new ByteWriter().uint64(stamp).finish(),
  };
}
