/**
 * The tree as a stream: first every row, then only what changed. One feed serves all followers that see the
 * same number of children, so a tick costs one walk however many look.
 */
import type { TreeNode } from '../../runtime/kernel/kernel.ts';

/** A node without its children: what a follower keeps under its path. */
export type Row = Omit<TreeNode, 'children'>;

export interface TreeDelta {
  /** New rows and rows with a new value; parents before their children. */
  readonly rows: readonly Row[];
  /** Paths that are gone, with everything below them. */
  readonly removed: readonly string[];
  /** For each parent whose list changed: the paths of all its children, in start order. */
  readonly children: Readonly<Record<string, readonly string[]>>;
}

interface Entry {
  readonly row: Row;
  readonly children: readonly string[];
}

export class TreeFeed {
  #entries: ReadonlyMap<string, Entry> = new Map();

  /** What changed since the last tree. */
  next(tree: TreeNode): TreeDelta {
    const before = this.#entries;
    const after = entriesOf(tree);
    this.#entries = after;
    const rows: Row[] = [];
    const children: Record<string, readonly string[]> = Object.create(null);
    for (const [path, entry] of after) {
      const old = before.get(path);
      if (old === undefined || !isSameRow(old.row, entry.row)) rows.push(entry.row);
      if (!isSameList(old?.children ?? [], entry.children)) children[path] = entry.children;
    }
    return { rows, removed: [...before.keys()].filter((path) => !after.has(path)), children };
  }

  /** Everything as of the last tree, for somebody who starts to follow. */
  whole(): TreeDelta {
    const children: Record<string, readonly string[]> = Object.create(null);
    for (const [path, entry] of this.#entries) {
      if (entry.children.length > 0) children[path] = entry.children;
    }
    return { rows: [...this.#entries.values()].map(({ row }) => row), removed: [], children };
  }
}

/** The tree without what is deeper than `depth` levels; `childCount` still tells what was left out. */
export function cutAt(depth: number, tree: TreeNode): TreeNode {
  const children = depth <= 1 ? [] : tree.children.map((child) => cutAt(depth - 1, child));
  return { ...tree, children };
}

function entriesOf(tree: TreeNode): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const visit = (node: TreeNode): void => {
    const { children, ...row } = node;
    entries.set(node.path, { row, children: children.map(({ path }) => path) });
    children.forEach(visit);
  };
  visit(tree);
  return entries;
}

/** Uptime is left out: it always changes, and a follower has a clock. */
function isSameRow(a: Row, b: Row): boolean {
  return (
    a.handled === b.handled &&
    a.mailbox === b.mailbox &&
    a.pid === b.pid &&
    a.state === b.state &&
    a.restarts === b.restarts &&
    a.lastExit === b.lastExit &&
    a.childCount === b.childCount &&
    a.kind === b.kind &&
    a.class === b.class &&
    a.strategy === b.strategy
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, index) => path === b[index]);
}
