/**
 * Who is subscribed to what: the rows (which outlive the router), the index over them by topic and match policy, and
 * what each session holds. There is one subscription, with one id, per topic and match policy in a realm.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { Rows } from '../effects.ts';
import { Holdings } from '../matching/holdings.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { PatternIndex } from '../matching/patterns.ts';
import { mayMatchMeta } from '../reserved.ts';
import { Shards } from './sharding.ts';
import { Subscribers } from './subscribers.ts';

/** A row. Only the router writes it. */
export interface Subscription {
  readonly id: Id;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly created: number; // wall clock, ms
  /** Kept without subscribers: its topic has a history that can be asked for by its id. */
  readonly isPinned: boolean;
  readonly subscribers: Subscribers;
  /** Undefined as long as no subscriber gave a node key. */
  shards: Shards | undefined;
}

export class Subscriptions {
  readonly #rows: Rows<Id, Subscription>;
  #index = new PatternIndex<Subscription>();
  #holdings = new Holdings<Id, Subscription>();
  #metaPatterns = 0;

  constructor(rows: Rows<Id, Subscription>) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Somebody here may hear meta events. */
  get hearsMeta(): boolean {
    return this.#metaPatterns > 0;
  }

  get(id: Id): Subscription | undefined {
    return this.#rows.get(id);
  }

  find(match: MatchPolicy, uri: string): Subscription | undefined {
    return this.#index.get(match, uri);
  }

  /** Every subscription a publication to `topic` goes to. */
  forEachMatch(topic: string, visit: (subscription: Subscription) => void): void {
    this.#index.forEachMatch(topic, visit);
  }

  all(): IterableIterator<Subscription> {
    return this.#rows.values();
  }

  heldBy(session: Id): ReadonlySet<Subscription> {
    return this.#holdings.of(session);
  }

  wildcardsHeldBy(session: Id): number {
    return this.#holdings.wildcardsOf(session);
  }

  create(row: Omit<Subscription, 'subscribers' | 'shards'>): Subscription {
    const subscription = { ...row, subscribers: new Subscribers(), shards: undefined };
    this.#rows.set(row.id, subscription);
    this.#enter(subscription);
    return subscription;
  }

  /** False when the member is a subscriber already; its node key is replaced either way. */
  join(subscription: Subscription, member: Member, nodeKey: string | undefined): boolean {
    assignShard(subscription, member.id, nodeKey);
    if (!subscription.subscribers.add(member)) return false;
    this.#holdings.add(member.id, subscription);
    return true;
  }

  /** Says whether the subscription went with its last subscriber. The session must be one. */
  part(subscription: Subscription, session: Id): 'kept' | 'deleted' {
    subscription.subscribers.remove(session);
    assignShard(subscription, session, undefined);
    this.#holdings.remove(session, subscription);
    if (subscription.isPinned || subscription.subscribers.size > 0) return 'kept';
    this.#drop(subscription);
    return 'deleted';
  }

  /** Rebuilds everything from the rows, after the router that wrote them has died in the middle of something. */
  rebuild(isMember: (session: Id) => boolean): void {
    this.#index = new PatternIndex();
    this.#holdings = new Holdings();
    this.#metaPatterns = 0;
    for (const subscription of [...this.#rows.values()]) {
      this.#enter(subscription);
      for (const { id } of [...subscription.subscribers.all]) {
        if (isMember(id)) this.#holdings.add(id, subscription);
        else {
          subscription.subscribers.remove(id);
          assignShard(subscription, id, undefined);
        }
      }
      if (subscription.subscribers.size === 0 && !subscription.isPinned) this.#drop(subscription);
    }
  }

  #enter(subscription: Subscription): void {
    this.#index.add(subscription.match, subscription.uri, subscription);
    if (mayMatchMeta(subscription.match, subscription.uri)) this.#metaPatterns++;
  }

  #drop({ id, match, uri }: Subscription): void {
    this.#rows.delete(id);
    this.#index.remove(match, uri);
    if (mayMatchMeta(match, uri)) this.#metaPatterns--;
  }
}

function assignShard(subscription: Subscription, session: Id, nodeKey: string | undefined): void {
  if (nodeKey !== undefined) subscription.shards ??= new Shards();
  subscription.shards?.assign(session, nodeKey);
  if (subscription.shards?.isEmpty) subscription.shards = undefined;
}
