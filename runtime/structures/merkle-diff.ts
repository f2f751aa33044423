/**
 * Finds the items that differ between this replica's tree and a peer's: from the roots down, a whole level per round
 * trip, only where hashes differ. Small branches, and those that only one side has, are listed at once instead of being
 * followed to the leaves. A pure machine: it says what to ask, and is told the answers in any order.
 *
 * Both trees may change meanwhile; then some differences are found that are none any more, or not yet found.
 */
import { compareBytes } from './bytes.ts';
import type { Difference, Item } from './item.ts';
import { differenceOf } from './item.ts';
import { Malformed } from './malformed.ts';
import type { Branch, MerkleTree, TreeRoot } from './merkle.ts';
import { branchIndexOf, FAN_OUT } from './merkle.ts';
import type { Child, TreeRequest } from './tree-messages.ts';
import { decodeChildren, decodeItems, MAX_BRANCHES, MAX_ITEMS } from './tree-messages.ts';

/** To list so few items costs no more than the hashes of sixteen children. */
const FEW_ITEMS = 8;
/** Of what one side lacks, everything is needed; a branch of up to so many is listed at once. */
const MANY_ITEMS = 4096;

export type DiffStep =
  /** To all of these an answer is awaited; of each `items` request also our own items of those branches. */
  | { readonly kind: 'ask'; readonly requests: readonly TreeRequest[] }
  /** Other answers are still out. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'done'; readonly difference: Difference }
  /** The peer answered something else than it was asked. */
  | { readonly kind: 'refused'; readonly reason: string };

interface Listed extends Branch {
  readonly count: number;
}

export class MerkleDiff {
  readonly #tree: MerkleTree;
  readonly #depth: number;
  readonly #awaited = new Set<TreeRequest>();
  readonly #mine: Item[] = [];
  readonly #theirs: Item[] = [];
  /** Parents to ask about in the next round, all of one level. */
  #next: Branch[] = [];
  /** Branches to list, of any level. */
  #listed: Listed[] = [];

  constructor(tree: MerkleTree, theirDepth: number) {
    this.#tree = tree;
    this.#depth = Math.min(tree.depth, theirDepth);
  }

  start(theirs: TreeRoot): DiffStep {
    const mine = this.#tree.root;
    if (mine.count === theirs.count && compareBytes(mine.hash, theirs.hash) === 0) {
      return this.#done();
    }
    this.#compare({ level: 0, index: 0 }, theirs);
    return this.#ask();
  }

  /** The peer's children for one of the requests asked. */
  children(request: TreeRequest, answer: Uint8Array): DiffStep {
    if (!this.#awaited.delete(request)) return refused('not asked');
    const children = decodeChildren(answer, request);
    if (children instanceof Malformed) return refused(children.reason);
    children.forEach((child, i) => {
      const index = FAN_OUT * request.indexes[Math.floor(i / FAN_OUT)]! + (i % FAN_OUT);
      const branch = { level: request.level + 1, index };
      if (!this.#isEqual(branch, child)) this.#compare(branch, child);
    });
    return this.#ask();
  }

  /** The peer's items for one of the requests asked, and our own of the same branches. */
  items(request: TreeRequest, answer: Uint8Array, mine: readonly Item[]): DiffStep {
    if (!this.#awaited.delete(request)) return refused('not asked');
    const theirs = decodeItems(answer);
    if (theirs instanceof Malformed) return refused(theirs.reason);
    if (!areAskedFor(theirs, request)) return refused('an item not asked for');
    const difference = differenceOf(mine, theirs);
    for (const item of difference.mine) this.#mine.push(item);
    for (const item of difference.theirs) this.#theirs.push(item);
    return this.#ask();
  }

  #isEqual(branch: Branch, child: Child | undefined): boolean {
    const count = this.#tree.count(branch);
    if (child === undefined || count !== child.count) return child === undefined && count === 0;
    return compareBytes(this.#tree.hash(branch), child.hash) === 0;
  }

  #compare(branch: Branch, theirs: { readonly count: number } | undefined): void {
    const counts = [this.#tree.count(branch), theirs?.count ?? 0];
    const [fewer, more] = [Math.min(...counts), Math.max(...counts)];
    const isListed = more <= FEW_ITEMS || (fewer === 0 && more <= MANY_ITEMS);
    if (isListed || branch.level >= this.#depth) this.#listed.push({ ...branch, count: more });
    else this.#next.push(branch);
  }

  #ask(): DiffStep {
    if (this.#awaited.size > 0) return { kind: 'wait' };
    const requests = [
      ...grouped(this.#next, () => 0).map((group) => requestOf('children', group)),
      ...grouped(this.#listed, ({ count }) => count).map((group) => requestOf('items', group)),
    ];
    this.#next = [];
    this.#listed = [];
    if (requests.length === 0) return this.#done();
    for (const request of requests) this.#awaited.add(request);
    return { kind: 'ask', requests };
  }

  #done(): DiffStep {
    return { kind: 'done', difference: { mine: this.#mine, theirs: this.#theirs } };
  }
}

function requestOf(kind: TreeRequest['kind'], branches: readonly Branch[]): TreeRequest {
  return { kind, level: branches[0]!.level, indexes: branches.map(({ index }) => index) };
}

/** Groups of one level, ascending, none too large for a message. */
function grouped<B extends Branch>(
  branches: readonly B[],
  weight: (branch: B) => number,
): readonly (readonly B[])[] {
  const groups: B[][] = [];
  let sum = Infinity;
  for (const branch of [...branches].sort((a, b) => a.level - b.level || a.index - b.index)) {
    const group = groups.at(-1);
    const isFull = group?.length === MAX_BRANCHES || sum + weight(branch) > MAX_ITEMS / 2;
    if (group === undefined || isFull || group[0]!.level !== branch.level) {
      groups.push([branch]);
      sum = weight(branch);
    } else {
      group.push(branch);
      sum += weight(branch);
    }
  }
  return groups;
}

function areAskedFor(items: readonly Item[], { level, indexes }: TreeRequest): boolean {
  const asked = new Set(indexes);
  return items.every((item) => asked.has(branchIndexOf(item, level)));
}

function refused(reason: string): DiffStep {
  return { kind: 'refused', reason };
}
