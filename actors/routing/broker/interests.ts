/**
 * Which nodes want which topics, folded per node and pattern: one publication crosses to each of them once. And what
 * this node wants, as the others know it.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { InterestEntry } from '../../registry/api.ts';
import type { Peer } from '../cluster/peers.ts';
import { patternId, patternKey } from '../cluster/pattern-ids.ts';
import type { Reports } from '../cluster/reports.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { PatternIndex } from '../matching/patterns.ts';

/** A pattern that other nodes have subscribers for. */
export interface Interested {
  /** Of the subscription, on every node. */
  readonly id: Id;
  readonly match: MatchPolicy;
  readonly uri: string;
  readonly created: number;
  readonly peers: Set<Peer>;
}

interface Own {
  readonly entry: InterestEntry;
  /** Confirmed when everybody knows; 0: they do. */
  token: number;
}

export class Interests {
  readonly #realm: string;
  readonly #reports: Reports;
  readonly #index = new PatternIndex<Interested>();
  readonly #patterns = new Map<string, Interested>();
  readonly #ids = new Map<Id, Interested>();
  readonly #own = new Map<string, Own>();
  /** Those with a token. */
  readonly #unconfirmed = new Set<Own>();
  readonly #found = new Set<string>();
  readonly #collect = ({ peers }: Interested): void => {
    for (const { node } of peers) this.#found.add(node.name);
  };

  constructor(realm: string, reports: Reports) {
    this.#realm = realm;
    this.#reports = reports;
  }

  // ---- other nodes

  add(peer: Peer, { match, uri, created }: InterestEntry): void {
    const key = patternKey(match, uri);
    let interested = this.#patterns.get(key);
    if (!interested) {
      const id = patternId(match, uri, (taken) => this.#ids.has(taken));
      interested = { id, match, uri, created, peers: new Set() };
      this.#patterns.set(key, interested);
      this.#ids.set(id, interested);
      this.#index.add(match, uri, interested);
    }
    interested.peers.add(peer);
  }

  remove(peer: Peer, { match, uri }: InterestEntry): void {
    const key = patternKey(match, uri);
    const interested = this.#patterns.get(key);
    if (!interested?.peers.delete(peer) || interested.peers.size > 0) return;
    this.#patterns.delete(key);
    this.#ids.delete(interested.id);
    this.#index.remove(match, uri);
  }

  /** Names of nodes with a subscriber for the topic. Empty most of the time: then nothing is allocated. */
  nodesFor(topic: string): readonly string[] {
    if (this.#patterns.size === 0) return NOBODY;
    this.#found.clear();
    this.#index.forEachMatch(topic, this.#collect);
    return this.#found.size === 0 ? NOBODY : [...this.#found];
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

  // ---- this node

  /** True: not everybody knows yet, and SUBSCRIBED has to wait for `confirm`. */
  want(match: MatchPolicy, uri: string, created: number): boolean {
    const key = patternKey(match, uri);
    const known = this.#own.get(key);
    if (known) return known.token > 0;
    const entry: InterestEntry = { kind: 'interest', realm: this.#realm, uri, match, created };
    const own = { entry, token: this.#reports.add(reportKey(key), entry) };
    this.#own.set(key, own);
    this.#unconfirmed.add(own);
    return true;
  }

  /** After a router died: what it had, everybody has been told of, or is told now. */
  restore(match: MatchPolicy, uri: string, created: number): void {
    const entry: InterestEntry = { kind: 'interest', realm: this.#realm, uri, match, created };
    this.#own.set(patternKey(match, uri), { entry, token: 0 });
  }

  unwant(match: MatchPolicy, uri: string): void {
    const key = patternKey(match, uri);
    const own = this.#own.get(key);
    if (!own) return;
    this.#own.delete(key);
    this.#unconfirmed.delete(own);
    this.#reports.remove(reportKey(key));
  }

  /** Everybody knows what was reported up to this token. */
  confirm(token: number): void {
    for (const own of this.#unconfirmed) {
      if (own.token > token) continue;
      own.token = 0;
      this.#unconfirmed.delete(own);
    }
  }

  /** Some SUBSCRIBED wait for the other nodes. */
  get isWaiting(): boolean {
    return this.#unconfirmed.size > 0;
  }

  isConfirmed(match: MatchPolicy, uri: string): boolean {
    return (this.#own.get(patternKey(match, uri))?.token ?? 0) === 0;
  }

  own(): readonly { readonly key: string; readonly entry: InterestEntry }[] {
    return [...this.#own].map(([key, { entry }]) => ({ key: reportKey(key), entry }));
  }
}

const NOBODY: readonly string[] = [];

function reportKey(key: string): string {
  return `s:${key}`;
}
