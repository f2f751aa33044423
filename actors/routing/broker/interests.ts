/**
 * Which nodes want which topics, folded per node and pattern: one publication crosses to each of them once. And what
 * this node wants, as the others know it.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { Entry, InterestEntry, ShardEntry } from '../../registry/api.ts';
import type { Peer } from '../cluster/peers.ts';
import { patternId, patternKey } from '../cluster/pattern-ids.ts';
import type { Reports } from '../cluster/reports.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { PatternIndex } from '../matching/patterns.ts';
import { mayMatchMeta } from '../reserved.ts';
import { OwnInterests } from './own-interests.ts';

/** A pattern that other nodes have subscribers for. */
export interface Interested {
  /** Of the subscription, on every node. */
  readonly id: Id;
  readonly match: MatchPolicy;
  readonly uri: string;
  readonly created: number;
  readonly peers: Set<Peer>;
}

type SubscriptionEntry = Exclude<Entry, { kind: 'registration' }>;

export class Interests {
  readonly mine: OwnInterests;
  /** Changes with what other nodes want. */
  version = 0;
  #metaPatterns = 0;
  readonly #index = new PatternIndex<Interested>();
  readonly #patterns = new Map<string, Interested>();
  readonly #ids = new Map<Id, Interested>();
  /** By pattern and node key. */
  readonly #shards = new Map<string, Map<string, Set<Peer>>>();
  readonly #found = new Set<string>();
  readonly #collect = ({ peers }: Interested): void => {
    for (const { node } of peers) this.#found.add(node.name);
  };

  constructor(realm: string, reports: Reports) {
    this.mine = new OwnInterests(realm, reports);
  }

  // ---- other nodes

  add(peer: Peer, entry: SubscriptionEntry): void {
    switch (entry.kind) {
      case 'interest':
        return this.#add(peer, entry);
      case 'shard':
        return this.#addShard(peer, entry);
      case 'session':
      case 'subscriber':
        return; // wanted when the node has died
    }
  }

  #add(peer: Peer, { match, uri, created }: InterestEntry): void {
    this.version++;
    const key = patternKey(match, uri);
    let interested = this.#patterns.get(key);
    if (!interested) {
      const id = patternId(match, uri, (taken) => this.#ids.has(taken));
      interested = { id, match, uri, created, peers: new Set() };
      this.#patterns.set(key, interested);
      this.#ids.set(id, interested);
      this.#index.add(match, uri, interested);
      if (mayMatchMeta(match, uri)) this.#metaPatterns++;
    }
    interested.peers.add(peer);
  }

  remove(peer: Peer, entry: SubscriptionEntry): void {
    if (entry.kind === 'shard') this.#removeShard(peer, entry);
    if (entry.kind === 'interest') this.#remove(peer, entry);
  }

  #remove(peer: Peer, { match, uri }: InterestEntry): void {
    this.version++;
    const key = patternKey(match, uri);
    const interested = this.#patterns.get(key);
    if (!interested?.peers.delete(peer) || interested.peers.size > 0) return;
    this.#patterns.delete(key);
    this.#ids.delete(interested.id);
    this.#index.remove(match, uri);
    if (mayMatchMeta(match, uri)) this.#metaPatterns--;
  }

  /** Names of nodes with a subscriber for the topic. Empty most of the time: then nothing is allocated. */
  nodesFor(topic: string): readonly string[] {
    if (this.#patterns.size === 0) return NOBODY;
    this.#found.clear();
    this.#index.forEachMatch(topic, this.#collect);
    return this.#found.size === 0 ? NOBODY : [...this.#found];
  }

  /** Somebody on another node may hear meta events. */
  get hearsMeta(): boolean {
    return this.#metaPatterns > 0;
  }

  /** Some other node has a subscriber for the topic. */
  isWanted(topic: string): boolean {
    return this.nodesFor(topic).length > 0;
  }

  get(id: Id): Interested | undefined {
    return this.#ids.get(id);
  }

  find(match: MatchPolicy, uri: string): Interested | undefined {
    return this.#patterns.get(patternKey(match, uri));
  }

  forEachMatch(topic: string, visit: (interested: Interested) => void): void {
    this.#index.forEachMatch(topic, visit);
  }

  all(): IterableIterator<Interested> {
    return this.#patterns.values();
  }

  /** Node keys of the pattern that sessions of other nodes have. */
  nodeKeys(match: MatchPolicy, uri: string): Iterable<string> | undefined {
    return this.#shards.get(patternKey(match, uri))?.keys();
  }

  // ---- this node

  /** Some SUBSCRIBED wait for the other nodes. */
  get isWaiting(): boolean {
    return this.mine.isWaiting;
  }

  own(): readonly { readonly key: string; readonly entry: Entry }[] {
    return this.mine.all();
  }

  #addShard(peer: Peer, { match, uri, nodeKey }: ShardEntry): void {
    const key = patternKey(match, uri);
    let shards = this.#shards.get(key);
    if (!shards) this.#shards.set(key, (shards = new Map()));
    const peers = shards.get(nodeKey);
    if (peers) peers.add(peer);
    else shards.set(nodeKey, new Set([peer]));
  }

  #removeShard(peer: Peer, { match, uri, nodeKey }: ShardEntry): void {
    const key = patternKey(match, uri);
    const shards = this.#shards.get(key);
    const peers = shards?.get(nodeKey);
    if (!shards || !peers?.delete(peer) || peers.size > 0) return;
    shards.delete(nodeKey);
    if (shards.size === 0) this.#shards.delete(key);
  }
}

const NOBODY: readonly string[] = [];
