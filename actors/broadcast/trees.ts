/**
 * Which neighbours are on the tree of which root (Plumtree, SRDS'07: eager and lazy peers), one tree per origin: with many
 * senders on one tree a branch that suits one origin is a repetition for another. Only the lazy ones are kept, so a new
 * neighbour is on every tree and no tree is reset when members come and go. At most `maxTrees`; the roots beyond, and
 * those that found no idle place, share one.
 */
import type { BroadcastConfig } from './config.ts';

export interface Tree {
  readonly lazy: Set<string>;
  /** Repetitions in a row, by peer. */
  readonly repetitions: Map<string, number>;
  usedAt: number;
}

/** Looking for an idle place walks all trees, so it is done at most this often. */
const EVICTION_INTERVAL_MS = 1_000;

export class Trees {
  readonly #config: BroadcastConfig;
  readonly #trees = new Map<string, Tree>();
  readonly #shared: Tree = newTree(0);
  #lookAgainAt = 0;

  constructor(config: BroadcastConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#trees.size;
  }

  /** The tree that messages of `root` use now. */
  of(root: string, now: number): Tree {
    const known = this.#trees.get(root);
    if (known !== undefined) {
      known.usedAt = now;
      return known;
    }
    if (this.#trees.size >= this.#config.maxTrees && !this.#makeRoom(now)) return this.#shared;
    const tree = newTree(now);
    this.#trees.set(root, tree);
    return tree;
  }

  /** The tree of a root that has one already: a peer's word about a root makes none. */
  find(root: string): Tree | undefined {
    const known = this.#trees.get(root);
    return known ?? (this.#trees.size >= this.#config.maxTrees ? this.#shared : undefined);
  }

  /** The peer is no neighbour any more. */
  forgetPeer(peer: string): void {
    for (const tree of [this.#shared, ...this.#trees.values()]) {
      tree.lazy.delete(peer);
      tree.repetitions.delete(peer);
    }
  }

  forgetRoot(root: string): void {
    this.#trees.delete(root);
  }

  roots(): IterableIterator<string> {
    return this.#trees.keys();
  }

  /** The ones used last, at most `limit`. */
  latest(limit: number): readonly (readonly [root: string, tree: Tree])[] {
    return [...this.#trees].sort(([, a], [, b]) => b.usedAt - a.usedAt).slice(0, limit);
  }

  #makeRoom(now: number): boolean {
    if (now < this.#lookAgainAt) return false;
    let oldest: string | undefined;
    let oldestAt = now - this.#config.treeIdleMs;
    for (const [root, { usedAt }] of this.#trees) {
      if (usedAt <= oldestAt) {
        oldest = root;
        oldestAt = usedAt;
      }
    }
    if (oldest === undefined) this.#lookAgainAt = now + EVICTION_INTERVAL_MS;
    else this.#trees.delete(oldest);
    return oldest !== undefined;
  }
}

/** The peer's payloads are wanted again. */
export function makeEager(tree: Tree, peer: string): void {
  tree.lazy.delete(peer);
  tree.repetitions.delete(peer);
}

export function makeLazy(tree: Tree, peer: string): void {
  tree.lazy.add(peer);
  tree.repetitions.delete(peer);
}

function newTree(now: number): Tree {
  return { lazy: new Set(), repetitions: new Map(), usedAt: now };
}
