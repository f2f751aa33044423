/** What this node's subscribers want, as the other nodes are told, and whether all of them know. */
import type { Entry } from '../../registry/api.ts';
import { patternKey } from '../cluster/pattern-ids.ts';
import type { Reports } from '../cluster/reports.ts';
import type { MatchPolicy } from '../matching/patterns.ts';

interface Own {
  readonly entry: Entry;
  /** Confirmed when everybody knows; 0: they do. */
  token: number;
}

export class OwnInterests {
  readonly #realm: string;
  readonly #reports: Reports;
  readonly #own = new Map<string, Own>();
  /** Those with a token. */
  readonly #unconfirmed = new Set<Own>();
  /** Node keys that were told, by pattern. */
  readonly #nodeKeys = new Map<string, Set<string>>();

  constructor(realm: string, reports: Reports) {
    this.#realm = realm;
    this.#reports = reports;
  }

  /** True: not everybody knows yet, and SUBSCRIBED has to wait for `confirm`. */
  want(match: MatchPolicy, uri: string, created: number, nodeKey?: string): boolean {
    const { pattern, shard } = this.#entries(match, uri, created, nodeKey);
    const waits = this.#want(patternReport(match, uri), pattern);
    if (nodeKey === undefined || shard === undefined) return waits;
    this.#noteNodeKey(match, uri, nodeKey);
    return this.#want(shardReport(match, uri, nodeKey), shard) || waits;
  }

  /** After a router died: what it had, everybody has been told of, or is told now. */
  restore(match: MatchPolicy, uri: string, created: number, nodeKeys: Iterable<string>): void {
    const { pattern } = this.#entries(match, uri, created, undefined);
    this.#own.set(patternReport(match, uri), { entry: pattern, token: 0 });
    for (const nodeKey of nodeKeys) {
      const { shard } = this.#entries(match, uri, created, nodeKey);
      this.#noteNodeKey(match, uri, nodeKey);
      this.#own.set(shardReport(match, uri, nodeKey), { entry: shard!, token: 0 });
    }
  }

  unwant(match: MatchPolicy, uri: string): void {
    this.#forget(patternReport(match, uri));
    this.keepNodeKeys(match, uri, () => false);
  }

  /** Takes back the node keys of the pattern that nobody here has any more. */
  keepNodeKeys(match: MatchPolicy, uri: string, isKept: (nodeKey: string) => boolean): void {
    const pattern = patternKey(match, uri);
    const nodeKeys = this.#nodeKeys.get(pattern);
    if (!nodeKeys) return;
    for (const nodeKey of [...nodeKeys]) {
      if (isKept(nodeKey)) continue;
      nodeKeys.delete(nodeKey);
      this.#forget(shardReport(match, uri, nodeKey));
    }
    if (nodeKeys.size === 0) this.#nodeKeys.delete(pattern);
  }

  /** Something that nobody waits for. */
  tell(key: string, entry: Entry): void {
    if (this.#own.has(key)) return;
    this.#own.set(key, { entry, token: 0 });
    this.#reports.add(key, entry);
  }

  untell(key: string): void {
    this.#forget(key);
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

  isConfirmed(match: MatchPolicy, uri: string, nodeKey?: string): boolean {
    const isDone = (key: string): boolean => (this.#own.get(key)?.token ?? 0) === 0;
    if (!isDone(patternReport(match, uri))) return false;
    return nodeKey === undefined || isDone(shardReport(match, uri, nodeKey));
  }

  all(): readonly { readonly key: string; readonly entry: Entry }[] {
    return [...this.#own].map(([key, { entry }]) => ({ key, entry }));
  }

  #entries(match: MatchPolicy, uri: string, created: number, nodeKey: string | undefined) {
    const about = { realm: this.#realm, uri, match };
    const pattern: Entry = { kind: 'interest', ...about, created };
    const shard: Entry | undefined =
      nodeKey === undefined ? undefined : { kind: 'shard', ...about, nodeKey };
    return { pattern, shard };
  }

  #want(key: string, entry: Entry): boolean {
    const known = this.#own.get(key);
    if (known) return known.token > 0;
    const own = { entry, token: this.#reports.add(key, entry) };
    this.#own.set(key, own);
    this.#unconfirmed.add(own);
    return true;
  }

  #noteNodeKey(match: MatchPolicy, uri: string, nodeKey: string): void {
    const pattern = patternKey(match, uri);
    const known = this.#nodeKeys.get(pattern);
    if (known) known.add(nodeKey);
    else this.#nodeKeys.set(pattern, new Set([nodeKey]));
  }

  #forget(key: string): void {
    const own = this.#own.get(key);
    if (!own) return;
    this.#own.delete(key);
    this.#unconfirmed.delete(own);
    this.#reports.remove(key);
  }
}

function patternReport(match: MatchPolicy, uri: string): string {
  return `s:${patternKey(match, uri)}`;
}

/** No pattern has a space. */
function shardReport(match: MatchPolicy, uri: string, nodeKey: string): string {
  return `k:${patternKey(match, uri)} ${nodeKey}`;
}
