/**
 * A hash tree over the items of a partition: sixteen children per node, a node's hash is the sum of its items modulo
 * 2^128 (a multiset hash; sound because items are keyed hashes, see item.ts).
 *
 * A sum needs no sorted leaves and no recomputing: a changed row is one subtraction and one addition per level, so the
 * tree is never dirty, and of a row nothing is kept here. Only leaves are persisted; a start adds them up again. And the
 * nodes of a level are the same in trees of any depth, so nodes with different depths can compare what both have.
 */
import { setWord, wordAt } from './bytes.ts';
import type { Item } from './item.ts';

export const FAN_OUT = 16;
export const MAX_DEPTH = 6;

/** 4,096 leaves in 87 KB: 15 rows per leaf at 60,000 rows, a sixteenth of a million. Both too low and too high cost bytes. */
export const DEFAULT_DEPTH = 3;

/** Bytes of a node's hash between nodes; the root's are twice as many. */
export const NODE_HASH_BYTES = 8;
export const ROOT_HASH_BYTES = 16;

export interface TreeRoot {
  /** 16 bytes. */
  readonly hash: Uint8Array;
  readonly count: number;
  readonly depth: number;
}

/** The items whose first `level` half-bytes are `index`. */
export interface Branch {
  readonly level: number;
  readonly index: number;
}

export class MerkleTree {
  readonly depth: number;
  /** Level after level; four words per node, the most significant first. */
  readonly #sums: Uint32Array;
  readonly #counts: Uint32Array;

  constructor(depth = DEFAULT_DEPTH) {
    if (!(depth >= 1 && depth <= MAX_DEPTH)) throw new RangeError(`depth ${depth}`);
    this.depth = depth;
    const nodes = offsetOf(depth + 1);
    this.#sums = new Uint32Array(4 * nodes);
    this.#counts = new Uint32Array(nodes);
  }

  get root(): TreeRoot {
    const hash = new Uint8Array(ROOT_HASH_BYTES);
    for (let i = 0; i < 4; i++) setWord(hash, 4 * i, this.#sums[i]!);
    return { hash, count: this.#counts[0]!, depth: this.depth };
  }

  /** A row changed; undefined: it was not there before, or is not after. Which items there are is for the caller to know. */
  change(before: Item | undefined, after: Item | undefined): void {
    if (before !== undefined) this.#each(before, (node) => this.#subtract(node, before));
    if (after !== undefined) this.#each(after, (node) => this.#add(node, after));
  }

  clear(): void {
    this.#sums.fill(0);
    this.#counts.fill(0);
  }

  count({ level, index }: Branch): number {
    return this.#counts[offsetOf(level) + index]!;
  }

  /** The low half of the sum. */
  hash({ level, index }: Branch): Uint8Array {
    const at = 4 * (offsetOf(level) + index);
    const hash = new Uint8Array(NODE_HASH_BYTES);
    setWord(hash, 0, this.#sums[at + 2]!);
    setWord(hash, 4, this.#sums[at + 3]!);
    return hash;
  }

  #each(item: Item, visit: (node: number) => void): void {
    for (let level = 0, offset = 0; level <= this.depth; level++) {
      visit(offset + branchIndexOf(item, level));
      offset = offset * FAN_OUT + 1;
    }
  }

  #add(node: number, item: Item): void {
    this.#counts[node]!++;
    for (let i = 3, carry = 0; i >= 0; i--) {
      const sum = this.#sums[4 * node + i]! + (wordAt(item, 4 * i) >>> 0) + carry;
      this.#sums[4 * node + i] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  #subtract(node: number, item: Item): void {
    if (this.#counts[node] === 0) throw new RangeError('an item that is not in the tree');
    this.#counts[node]!--;
    for (let i = 3, borrow = 0; i >= 0; i--) {
      const rest = this.#sums[4 * node + i]! - (wordAt(item, 4 * i) >>> 0) - borrow;
      this.#sums[4 * node + i] = rest;
      borrow = rest < 0 ? 1 : 0;
    }
  }
}

/** The items of a branch as a range of leaf keys: from `gte` on, and before `lt`, or to the end. */
export function leafRangeOf({ level, index }: Branch): {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array | undefined;
} {
  const isLast = index + 1 === FAN_OUT ** level;
  return { gte: pathOf(level, index), lt: isLast ? undefined : pathOf(level, index + 1) };
}

/** Which branch of a level an item belongs to. */
export function branchIndexOf(item: Item, level: number): number {
  return level === 0 ? 0 : wordAt(item, 0) >>> (32 - 4 * level);
}

function pathOf(level: number, index: number): Uint8Array {
  const path = new Uint8Array(4);
  if (level > 0) setWord(path, 0, index * 2 ** (32 - 4 * level));
  return path;
}

/** How many nodes there are above a level: (16^level - 1) / 15. */
function offsetOf(level: number): number {
  return (FAN_OUT ** level - 1) / (FAN_OUT - 1);
}
