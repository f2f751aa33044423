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

export class TreeFeed {
  #nodes: ReadonlyMap<string, TreeNode> = new Map();

  /** What changed since the last tree. */
  next(tree: TreeNode): TreeDelta {
    const before = this.#nodes;
    const after = nodesOf(tree);
    this.#nodes = after;
    const rows: Row[] = [];
    const children = emptyLists();
    for (const [path, node] of after) {
      const old = before.get(path);
      if (old === undefined || !isSameRow(old, node)) rows.push(rowOf(node));
      if (!isSameList(old?.children ?? [], node.children)) children[path] = pathsOf(node);
    }
    return { rows, removed: [...before.keys()].filter((path) => !after.has(path)), children };
  }

  /** Everything as of the last tree, for somebody who starts to follow. */
  whole(): TreeDelta {
    const children = emptyLists();
    for (const [path, node] of this.#nodes) {
      if (node.children.length > 0) children[path] = pathsOf(node);
    }
    return { rows: [...this.#nodes.values()].map(rowOf), removed: [], children };
  }
}

/** The tree without what is deeper than `depth` levels; `childCount` still tells what was left out. */
export function cutAt(depth: number, tree: TreeNode): TreeNode {
  const children = depth <= 1 ? [] : tree.children.map((child) => cutAt(depth - 1, child));
  return { ...tree, children };
}

// Runs over every actor at every tick, so it copies nothing that did not change.
function nodesOf(tree: TreeNode): Map<string, TreeNode> {
  const nodes = new Map<string, TreeNode>();
  const visit = (node: TreeNode): void => {
    nodes.set(node.path, node);
    for (const child of node.children) visit(child);
  };
  visit(tree);
  return nodes;
}

function rowOf({ children: _, ...row }: TreeNode): Row {
  return row;
}

function pathsOf({ children }: TreeNode): string[] {
  return children.map(({ path }) => path);
}

function emptyLists(): Record<string, readonly string[]> {
  return Object.create(null); // a path may be called __proto__
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

function isSameList(a: readonly TreeNode[], b: readonly TreeNode[]): boolean {
  return a.length === b.length && a.every(({ path }, index) => path === b[index]?.path);
}
