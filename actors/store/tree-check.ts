/**
 * Does the tree say what the rows are? A slice of rows at a time is hashed again and compared with its leaves: bit rot, and
 * rows or leaves that are gone. And once in a while the tree is added up again from its leaves, beside the old one,
 * which goes on; writers never wait: what changes behind the cursor changes both, what changes within the slice that is
 * being read counts as it is afterwards.
 */
import type { Row } from '../../runtime/causality/row.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Entry } from '../../runtime/disk/storage.ts';
import { compareBytes } from '../../runtime/structures/bytes.ts';
import type { Item } from '../../runtime/structures/item.ts';
import { ITEM_BYTES, itemKey } from '../../runtime/structures/item.ts';
import type { CheckOutcome, RebuildOutcome } from './api.ts';
import type { Hashtree } from './hashtree.ts';
import type { RowKey } from './keys.ts';
import { after, decodeRowKey, diskKey, spaceRange } from './keys.ts';
import { rowKeyOfLeaf, rowOf } from './leaf-reader.ts';
import type { PartitionPort } from './port.ts';
import type { Lane } from './prefixes.ts';
import type { RowStore } from './row-store.ts';

const PAGE = 500;
const LANES: readonly Lane[] = ['durable', 'ram'];
/** In the order of leaf keys, as text that maps and sorts. */
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

interface Rebuild {
  readonly tree: Hashtree;
  lane: number;
  /** Leaves before it are in. */
  cursor: Uint8Array;
  /** What changed from the cursor on since the slice was asked for. */
  readonly changed: Map<string, readonly [Uint8Array, Item | undefined]>;
  readonly done: (outcome: RebuildOutcome) => void;
}

export class TreeCheck {
  readonly #rows: RowStore;
  readonly #port: PartitionPort;
  readonly #onRow: (rowKey: RowKey, row: Row) => void;
  #lane = 0;
  #space: 'r' | 'l' = 'r';
  #from = spaceRange('r').gte;
  #isChecking = false;
  /** Is told of each row that is not what it was, once it is certain. */
  onMismatch: ((rowKey: RowKey, isRewritten: boolean) => void) | undefined;
  #rebuild: Rebuild | undefined;
  /** Rows that are read a second time. */
  #confirming = 0;
  #onSettled: (() => void) | undefined;

  constructor(rows: RowStore, port: PartitionPort, onRow: (rowKey: RowKey, row: Row) => void) {
    this.#rows = rows;
    this.#port = port;
    this.#onRow = onRow;
  }

  /** The next `count` rows or leaves. */
  check(count: number, done: (outcome: CheckOutcome) => void): void {
    const none = { checked: 0, damaged: 0, unreadable: 0, isRoundComplete: false };
    if (this.#isChecking) return done(none);
    this.#isChecking = true;
    const finish = (outcome: CheckOutcome): void => {
      this.#isChecking = false;
      done(outcome);
    };
    const [lane, space] = [LANES[this.#lane]!, this.#space];
    const range = { ...spaceRange(space), gte: this.#from, limit: count };
    this.#port.page(lane, range, (page) => {
      if (page.kind === 'failed') return finish(this.#unreadable(page.failure, none));
      const last = page.value.at(-1);
      if (last === undefined) return finish({ ...none, isRoundComplete: this.#next() });
      this.#from = after(last.key);
      this.#compare(lane, space, page.value, (damaged, unreadable) => {
        this.#port.count('store_rows_checked', page.value.length);
        finish({ checked: page.value.length, damaged, unreadable, isRoundComplete: false });
      });
    });
  }

  /** When no row waits for its second look any more. */
  settled(done: () => void): void {
    if (this.#confirming === 0) return done();
    this.#onSettled = done;
  }

  rebuild(done: (outcome: RebuildOutcome) => void): void {
    if (this.#rebuild !== undefined) return done('busy');
    const tree = this.#rows.state.hashtree.fresh();
    const cursor = spaceRange('l').gte.subarray(1);
    this.#rebuild = { tree, lane: 0, cursor, changed: new Map(), done };
    this.#rows.onChange = (leafKey, before, item) => this.#changed(leafKey, before, item);
    this.#slice(this.#rebuild);
  }

  /** True: all lanes and spaces are through. */
  #next(): boolean {
    if (this.#space === 'r') this.#space = 'l';
    else {
      this.#space = 'r';
      this.#lane = (this.#lane + 1) % LANES.length;
    }
    this.#from = spaceRange(this.#space).gte;
    return this.#space === 'r' && this.#lane === 0;
  }

  /** A page that cannot be read is skipped: what is behind it is still checked in the next round. */
  #unreadable(failure: StorageFailure, none: CheckOutcome): CheckOutcome {
    this.#port.report('store_check_failed', { ...failure });
    return { ...none, unreadable: 1, isRoundComplete: this.#next() };
  }

  #compare(
    lane: Lane,
    space: 'r' | 'l',
    entries: readonly Entry[],
    done: (damaged: number, unreadable: number) => void,
  ): void {
    const others = entries.map((entry) => this.#otherKey(space, entry));
    this.#port.readMany(lane, others, (outcome) => {
      if (outcome.kind === 'failed') {
        this.#port.report('store_check_failed', { ...outcome.failure });
        return done(0, 1);
      }
      let damaged = 0;
      entries.forEach((entry, i) => {
        if (this.#isDamaged(space, entry, outcome.value[i])) damaged++;
      });
      done(damaged, 0);
    });
  }

  #otherKey(space: 'r' | 'l', entry: Entry): Uint8Array {
    const key = entry.key.subarray(1);
    if (space === 'r') return diskKey('l', this.#rows.leafKeyOf(key));
    return diskKey('r', key.subarray(8));
  }

  /** Rows that are being written are another matter: the two reads may have seen different batches. */
  #isDamaged(space: 'r' | 'l', entry: Entry, other: Uint8Array | undefined): boolean {
    const rowKey = space === 'r' ? decodeRowKey(entry.key.subarray(1)) : rowKeyOfLeaf(entry);
    if (rowKey === undefined || this.#rows.unwritten.has(rowKey)) return false;
    if (this.#rows.distrusted.has(rowKey)) {
      this.onMismatch?.(rowKey, false);
      return true;
    }
    if (space === 'l') return other === undefined && this.#confirm(rowKey, entry.value);
    const item = this.#rows.itemOf(entry.key.subarray(1), entry.value);
    if (other === undefined || compareBytes(item, other) !== 0) return this.#confirm(rowKey, other);
    const read = rowOf(entry);
    if (read !== undefined) this.#onRow(rowKey, read.row);
    return false;
  }

  /** A row may have been written and have landed between the two reads: both are read once more, together. */
  #confirm(rowKey: RowKey, leaf: Uint8Array | undefined): boolean {
    const lane = this.#rows.laneOf(rowKey);
    const key = new TextEncoder().encode(rowKey);
    const keys = [diskKey('r', key), diskKey('l', this.#rows.leafKeyOf(key))];
    this.#confirming++;
    this.#port.readMany(lane, keys, (outcome) => {
      if (outcome.kind === 'ok') this.#judgeRow(rowKey, key, outcome.value, leaf);
      else this.#port.report('store_check_failed', { ...outcome.failure });
      if (--this.#confirming === 0) this.#onSettled?.();
    });
    return true;
  }

  #judgeRow(
    rowKey: RowKey,
    key: Uint8Array,
    [row, now]: readonly (Uint8Array | undefined)[],
    leaf: Uint8Array | undefined,
  ): void {
    if (this.#rows.unwritten.has(rowKey) || (row === undefined && now === undefined)) return;
    if (row !== undefined && now !== undefined && isItem(now)) {
      if (compareBytes(this.#rows.itemOf(key, row), now) === 0) return;
    }
    const isRewritten = this.#rows.rewrite(rowKey);
    if (!isRewritten) this.#rows.distrust(rowKey, now ?? leaf);
    this.onMismatch?.(rowKey, isRewritten);
  }

  #changed(leafKey: Uint8Array, before: Item | undefined, item: Item | undefined): void {
    const rebuild = this.#rebuild!;
    if (compareBytes(leafKey, rebuild.cursor) < 0) rebuild.tree.change(before, item);
    else rebuild.changed.set(textOf(leafKey), [leafKey, item]);
  }

  /** Both lanes are read for each range of leaves, so that one cursor is enough. */
  #slice(rebuild: Rebuild): void {
    rebuild.changed.clear();
    for (const { leafKey, item } of this.#rows.unwritten.values()) {
      if (compareBytes(leafKey, rebuild.cursor) >= 0) {
        rebuild.changed.set(textOf(leafKey), [leafKey, item]);
      }
    }
    const gte = diskKey('l', rebuild.cursor);
    const range = { ...spaceRange('l'), gte, limit: PAGE };
    this.#port.page('durable', range, (durable) => {
      if (durable.kind === 'failed') return this.#finish(rebuild, 'failed');
      this.#port.page('ram', range, (ram) => {
        if (ram.kind === 'failed') return this.#finish(rebuild, 'failed');
        this.#add(rebuild, durable.value, ram.value);
      });
    });
  }

  #add(rebuild: Rebuild, durable: readonly Entry[], ram: readonly Entry[]): void {
    const ends = [durable, ram].flatMap((page) => page.at(-1)?.key ?? []).sort(compareBytes);
    // A page may end early, so only as far as the shorter one is everything known; none is left of an empty one.
    const end = ends[0];
    const leaves = new Map<string, Item>();
    for (const entry of [...durable, ...ram]) {
      if (end !== undefined && compareBytes(entry.key, end) > 0) continue;
      const rowKey = rowKeyOfLeaf(entry);
      const isCounted = rowKey !== undefined && !this.#rows.distrusted.has(rowKey);
      if (isCounted && isItem(entry.value)) leaves.set(textOf(entry.key.subarray(1)), entry.value);
    }
    for (const [text, [leafKey, item]] of rebuild.changed) {
      if (end !== undefined && compareBytes(leafKey, end.subarray(1)) > 0) continue;
      if (item === undefined) leaves.delete(text);
      else leaves.set(text, item);
    }
    for (const item of leaves.values()) rebuild.tree.change(undefined, item);
    if (end === undefined) return this.#finish(rebuild, this.#judge(rebuild.tree));
    rebuild.cursor = after(end.subarray(1));
    this.#slice(rebuild);
  }

  #judge(tree: Hashtree): RebuildOutcome {
    const { hashtree } = this.#rows.state;
    const [now, again] = [hashtree.tree.root, tree.tree.root];
    this.#port.count('store_trees_rebuilt');
    if (now.count === again.count && itemKey(now.hash) === itemKey(again.hash)) return 'right';
    hashtree.become(tree);
    this.#port.count('store_trees_wrong');
    this.#port.report('store_tree_wrong', { partition: this.#rows.state.index });
    return 'wrong';
  }

  #finish(rebuild: Rebuild, outcome: RebuildOutcome): void {
    this.#rows.onChange = undefined;
    this.#rebuild = undefined;
    rebuild.done(outcome);
  }
}

function isItem(bytes: Uint8Array): boolean {
  return bytes.length === ITEM_BYTES;
}
