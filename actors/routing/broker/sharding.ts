/**
 * Sharded subscriptions (WAMP advanced, pubsub_sharded_subscription: a sketch). Our reading: the node keys (`nkey`)
 * of one subscription share its events that carry a resource key (`rkey`). Each such event goes to the sessions of
 * exactly one node key, the same for the same resource key, and to the sessions that gave none. An event without a
 * resource key goes to everybody.
 *
 * Rendezvous hashing: when a node key comes or goes, only the resource keys it gains or loses move.
 */
import type { Id } from '../../../runtime/wamp/message.ts';

export class Shards {
  readonly #nodeOf = new Map<Id, string>();
  readonly #sessions = new Map<string, number>(); // how many sessions a node key has

  get isEmpty(): boolean {
    return this.#nodeOf.size === 0;
  }

  /** A second key of the same session replaces the first; undefined takes it back. */
  assign(session: Id, nodeKey: string | undefined): void {
    this.remove(session);
    if (nodeKey === undefined) return;
    this.#nodeOf.set(session, nodeKey);
    this.#sessions.set(nodeKey, (this.#sessions.get(nodeKey) ?? 0) + 1);
  }

  remove(session: Id): void {
    const nodeKey = this.#nodeOf.get(session);
    if (nodeKey === undefined) return;
    this.#nodeOf.delete(session);
    const left = this.#sessions.get(nodeKey)! - 1;
    if (left === 0) this.#sessions.delete(nodeKey);
    else this.#sessions.set(nodeKey, left);
  }

  has(nodeKey: string): boolean {
    return this.#sessions.has(nodeKey);
  }

  nodeKeys(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  /**
   * The node key that gets the events of `resourceKey`; undefined when no session gave one. `elsewhere`: those of sessions
   * of other nodes, for every node must find the same owner.
   */
  owner(resourceKey: string, elsewhere?: Iterable<string>): string | undefined {
    const best = heaviest(this.#sessions.keys(), resourceKey, undefined);
    return elsewhere ? heaviest(elsewhere, resourceKey, best) : best;
  }

  /** Does this session get the events of that owner? */
  serves(session: Id, owner: string | undefined): boolean {
    const nodeKey = this.#nodeOf.get(session);
    return nodeKey === undefined || nodeKey === owner;
  }
}

/** Equal weights: the smaller key, so that the order of arrival does not matter. */
function heaviest(
  nodeKeys: Iterable<string>,
  resourceKey: string,
  known: string | undefined,
): string | undefined {
  let best = known;
  let highest = best === undefined ? -1 : weigh(best, resourceKey);
  for (const nodeKey of nodeKeys) {
    const weight = weigh(nodeKey, resourceKey);
    if (weight > highest || (weight === highest && nodeKey < best!)) {
      best = nodeKey;
      highest = weight;
    }
  }
  return best;
}

/** FNV-1a over both keys, then MurmurHash3's finalizer, for short keys that differ in their last character only. */
function weigh(nodeKey: string, resourceKey: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < nodeKey.length; i++) {
    hash = Math.imul(hash ^ nodeKey.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ 0x1ffff, 0x01000193); // no character: the border between the keys
  for (let i = 0; i < resourceKey.length; i++) {
    hash = Math.imul(hash ^ resourceKey.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
