/**
 * From items back to rows, for a peer that compares: leaves are read from disk in their own order, and what is not on
 * disk yet stands in for what is. Each question is bounded before it is asked.
 */
import { decodeRow, encodeRow } from '../../runtime/causality/row-codec.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Entry } from '../../runtime/disk/storage.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import type { Item } from '../../runtime/structures/item.ts';
import { KEY_PART_BYTES } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import { leafRangeOf } from '../../runtime/structures/merkle.ts';
import type { TreeRequest } from '../../runtime/structures/tree-messages.ts';
import { encodeItems, MAX_ITEMS } from '../../runtime/structures/tree-messages.ts';
import type { RowKey } from './keys.ts';
import { after, decodeRowKey, diskKey, encodeRowKey, spaceRange } from './keys.ts';
import type { DiskPort } from './port.ts';
import type { Lane } from './prefixes.ts';
import type { RowStore } from './row-store.ts';
import type { SharedRow } from './shared-row.ts';

const PAGE = 1_000;

/** A range of leaf keys. */
interface LeafRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array | undefined;
}

type Leaves = ReadonlyMap<RowKey, Item>;

export class LeafReader {
  readonly #rows: RowStore;
  readonly #disk: DiskPort;

  constructor(rows: RowStore, disk: DiskPort) {
    this.#rows = rows;
    this.#disk = disk;
  }

  /** The names of the rows with these halves of items. */
  keysOf(
    keyParts: readonly Uint8Array[],
    done: (keys: readonly RowKey[] | StorageFailure) => void,
  ): void {
    this.#leaves(
      keyParts.map((part) => ({ gte: part, lt: nextPart(part) })),
      (leaves) => done(leaves instanceof Map ? [...leaves.keys()] : (leaves as StorageFailure)),
    );
  }

  /** The rows with these halves of items, as they are now; a row that is distrusted is not shown. */
  rowsOf(
    keyParts: readonly Uint8Array[],
    done: (rows: readonly SharedRow[] | StorageFailure) => void,
  ): void {
    this.keysOf(keyParts, (keys) => {
      if (!Array.isArray(keys)) return done(keys as StorageFailure);
      this.#rowsNamed(keys as readonly RowKey[], done);
    });
  }

  itemsOf(
    { level, indexes }: TreeRequest,
    done: (items: Uint8Array | 'too_many' | StorageFailure) => void,
  ): void {
    const { tree } = this.#rows.state.hashtree;
    const branches = indexes.map((index) => ({ level, index }));
    const count = branches.reduce((sum, branch) => sum + tree.count(branch), 0);
    if (level > tree.depth || count > MAX_ITEMS) return done('too_many');
    this.#leaves(branches.map(leafRangeOf), (leaves) => {
      if (!(leaves instanceof Map)) return done(leaves as StorageFailure);
      const items = [...(leaves as Leaves)]
        .filter(([rowKey]) => !this.#rows.distrusted.has(rowKey))
        .map(([, item]) => item);
      done(items.length > MAX_ITEMS ? 'too_many' : encodeItems(items));
    });
  }

  #rowsNamed(
    keys: readonly RowKey[],
    done: (rows: readonly SharedRow[] | StorageFailure) => void,
  ): void {
    const rows: SharedRow[] = [];
    let waiting = keys.length;
    let failure: StorageFailure | undefined;
    if (waiting === 0) return done(rows);
    for (const rowKey of keys) {
      this.#rows.find(rowKey, (found) => {
        if (found.kind === 'failed') failure = found.failure;
        else if (found.value !== undefined && !this.#rows.distrusted.has(rowKey)) {
          rows.push({ key: encodeRowKey(rowKey), row: encodeRow(found.value.row) });
        }
        if (--waiting === 0) done(failure ?? rows);
      });
    }
  }

  #leaves(ranges: readonly LeafRange[], done: (leaves: Leaves | StorageFailure) => void): void {
    const leaves = new Map<RowKey, Item>();
    let waiting = 2 * ranges.length;
    let failure: StorageFailure | undefined;
    if (waiting === 0) return done(leaves);
    const read = (broken: StorageFailure | undefined): void => {
      failure ??= broken;
      if (--waiting > 0) return;
      if (failure !== undefined) return done(failure);
      this.#overlay(ranges, leaves);
      done(leaves);
    };
    for (const range of ranges) {
      for (const lane of ['durable', 'ram'] as const) this.#range(lane, range, leaves, read);
    }
  }

  #range(
    lane: Lane,
    { gte, lt }: LeafRange,
    leaves: Map<RowKey, Item>,
    done: (failure: StorageFailure | undefined) => void,
  ): void {
    const end = lt === undefined ? spaceRange('l').lt : diskKey('l', lt);
    const next = (from: Uint8Array): void =>
      this.#disk.page(lane, { gte: from, lt: end, limit: PAGE }, (outcome) => {
        if (outcome.kind === 'failed') return done(outcome.failure);
        for (const entry of outcome.value) {
          const rowKey = rowKeyOfLeaf(entry);
          if (rowKey !== undefined) leaves.set(rowKey, entry.value);
        }
        const last = outcome.value.at(-1);
        if (last === undefined || leaves.size > 2 * MAX_ITEMS) return done(undefined);
        next(after(last.key));
      });
    next(diskKey('l', gte));
  }

  #overlay(ranges: readonly LeafRange[], leaves: Map<RowKey, Item>): void {
    for (const [rowKey, { leafKey, item }] of this.#rows.unwritten) {
      const isAsked = ranges.some(
        ({ gte, lt }) =>
          compareBytes(leafKey, gte) >= 0 && (lt === undefined || compareBytes(leafKey, lt) < 0),
      );
      if (!isAsked) continue;
      if (item === undefined) leaves.delete(rowKey);
      else leaves.set(rowKey, item);
    }
  }
}

/** A leaf's key ends with its row's. */
export function rowKeyOfLeaf({ key }: Entry): RowKey | undefined {
  return decodeRowKey(key.subarray(1 + KEY_PART_BYTES));
}

/** A row on disk that can be read, with its name. */
export function rowOf({ key, value }: Entry) {
  const rowKey = decodeRowKey(key.subarray(1));
  const row = decodeRow(value);
  return rowKey === undefined || row instanceof Malformed ? undefined : { rowKey, row };
}

/** Undefined: there is none above. */
function nextPart(part: Uint8Array): Uint8Array | undefined {
  const next = new Uint8Array(part);
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = next[i]! + 1;
    if (next[i] !== 0) return next;
  }
  return undefined;
}
