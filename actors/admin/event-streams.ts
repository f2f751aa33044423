/**
 * The followers of the live tree: who they are, what each gets at a tick, and who is cut because it does not
 * read. Server-sent events (WHATWG HTML 9.2): `tree` starts a follower afresh, `delta` changes what it has.
 */
import type { CrashReport, TreeNode } from '../../runtime/kernel/kernel.ts';
import type { AdminConfig } from './config.ts';
import { TreeFeed, type TreeDelta } from './tree-feed.ts';

/** One follower's end of the wire. */
export interface EventSink {
  write(text: string): void;
  /** Bytes the operating system has not taken yet. */
  readonly backlog: number;
  /** False: whoever follows may no longer see the tree. */
  readonly isOpen: boolean;
  /** Cuts the stream. */
  close(): void;
}

/** What a tick looks at. */
export interface Scene {
  tree(childLimit: number): TreeNode;
  crashes(): readonly CrashReport[];
  /** About the node as a whole; sent with every event. */
  readonly node: Readonly<Record<string, unknown>>;
}

interface Follower {
  readonly sink: EventSink;
  isFresh: boolean;
  slowTicks: number;
}

/** Followers who see the same number of children share a feed. */
interface Group {
  readonly childLimit: number;
  readonly feed: TreeFeed;
  readonly followers: Map<EventSink, Follower>;
  lastCrash: number;
}

export class EventStreams {
  readonly #limits: Pick<AdminConfig, 'maxStreams' | 'maxSlowTicks' | 'maxStreamBacklogBytes'>;
  readonly #groups = new Map<number, Group>();

  constructor(limits: Pick<AdminConfig, 'maxStreams' | 'maxSlowTicks' | 'maxStreamBacklogBytes'>) {
    this.#limits = limits;
  }

  get size(): number {
    let size = 0;
    for (const group of this.#groups.values()) size += group.followers.size;
    return size;
  }

  /** False: there are too many already. The first event comes with the next tick. */
  add(sink: EventSink, childLimit: number): boolean {
    if (this.size >= this.#limits.maxStreams) return false;
    let group = this.#groups.get(childLimit);
    if (group === undefined) {
      group = { childLimit, feed: new TreeFeed(), followers: new Map(), lastCrash: 0 };
      this.#groups.set(childLimit, group);
    }
    group.followers.set(sink, { sink, isFresh: true, slowTicks: 0 });
    return true;
  }

  remove(sink: EventSink): void {
    for (const group of this.#groups.values()) {
      group.followers.delete(sink);
      if (group.followers.size === 0) this.#groups.delete(group.childLimit);
    }
  }

  /** Ends those whose login or grant was taken back; returns how many. */
  endClosed(): number {
    return this.#cut(({ sink }) => !sink.isOpen);
  }

  /** Cuts who does not read, reports to everybody else; returns how many were cut. */
  tick(scene: Scene): number {
    const cut = this.#cut((follower) => this.#isTooSlow(follower));
    for (const group of this.#groups.values()) this.#report(group, scene);
    return cut;
  }

  #cut(isToGo: (follower: Follower) => boolean): number {
    const all = [...this.#groups.values()].flatMap(({ followers }) => [...followers.values()]);
    const gone = all.filter(isToGo);
    for (const { sink } of gone) {
      this.remove(sink);
      sink.close();
    }
    return gone.length;
  }

  #report(group: Group, scene: Scene): void {
    const delta = group.feed.next(scene.tree(group.childLimit));
    const crashes = scene.crashes();
    const news = crashes.filter(({ sequence }) => sequence > group.lastCrash);
    group.lastCrash = crashes.at(-1)?.sequence ?? group.lastCrash;
    let fresh: string | undefined;
    let known: string | undefined;
    for (const follower of group.followers.values()) {
      if (follower.isFresh) fresh ??= event('tree', scene, group.feed.whole(), crashes);
      else known ??= event('delta', scene, delta, news);
      const text = follower.isFresh ? fresh : known;
      follower.isFresh = false;
      if (text !== undefined) follower.sink.write(text);
    }
  }

  /** Looks at what is left of earlier ticks, so it is asked before this one writes. */
  #isTooSlow(follower: Follower): boolean {
    const { backlog } = follower.sink;
    follower.slowTicks = backlog === 0 ? 0 : follower.slowTicks + 1;
    return (
      backlog > this.#limits.maxStreamBacklogBytes || follower.slowTicks > this.#limits.maxSlowTicks
    );
  }
}

// JSON has no line break outside a string and escapes those inside, so one data line holds it.
function event(
  kind: 'tree' | 'delta',
  scene: Scene,
  delta: TreeDelta,
  crashes: readonly CrashReport[],
): string {
  return `event: ${kind}\ndata: ${JSON.stringify({ node: scene.node, ...delta, crashes })}\n\n`;
}
