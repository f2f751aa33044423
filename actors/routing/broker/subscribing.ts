/**
 * SUBSCRIBE, UNSUBSCRIBE and everything that takes a subscription away (WAMP basic publish_subscribe, advanced
 * pattern_based_subscription, subscription_revocation), and what other nodes have to know of it.
 */
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import { randomId } from '../../../runtime/wamp/ids.ts';
import type { Id, Subscribe, Unsubscribe } from '../../../runtime/wamp/message.ts';
import { SUBSCRIBED, UNSUBSCRIBED } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Member } from '../api.ts';
import { patternId } from '../cluster/pattern-ids.ts';
import type { RoutingEffects, Rows } from '../effects.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { BadOption } from '../options.ts';
import { errorFor, NOT_AUTHORIZED, refusal } from '../refusals.ts';
import type { Refusal } from '../refusals.ts';
import type { Witnesses } from '../witnesses.ts';
import type { Interests } from './interests.ts';
import type { PendingSubscribe } from './pending-subscribes.ts';
import { PendingSubscribes } from './pending-subscribes.ts';
import type { Rules } from './rules.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import { readSubscribeOptions } from './subscribe-options.ts';
import { SubscriptionEvents } from './subscription-events.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

export interface SubscribingDependencies {
  readonly subscriptions: Subscriptions;
  readonly members: Rows<Id, Member>;
  readonly rules: Rules;
  readonly effects: RoutingEffects;
  readonly random: RandomSource;
  /** Undefined: there are no other nodes. */
  readonly cluster: SubscribingCluster | undefined;
  readonly witnesses: Witnesses | undefined;
  sendRetained(member: Member, subscription: Subscription, now: number): void;
}

export interface SubscribingCluster {
  readonly interests: Interests;
  readonly pending: Rows<PendingSubscribe, PendingSubscribe>;
}

export class Subscribing {
  readonly #d: SubscribingDependencies;
  readonly #events: SubscriptionEvents;
  readonly #interests: Interests | undefined;
  readonly #pending: PendingSubscribes | undefined;

  constructor(dependencies: SubscribingDependencies) {
    this.#d = dependencies;
    this.#events = new SubscriptionEvents(dependencies.effects, dependencies.witnesses);
    const { cluster } = dependencies;
    this.#interests = cluster?.interests;
    this.#pending = cluster && new PendingSubscribes(cluster.pending);
  }

  /** After a router died: who waited for other nodes has waited long enough, and those are told everything anew. */
  recover(now: number): void {
    this.#complete(() => true, now);
    for (const { match, uri, created, subscribers, shards } of this.#d.subscriptions.all()) {
      if (subscribers.size === 0) continue;
      this.#interests?.mine.restore(match, uri, created, shards?.nodeKeys() ?? []);
    }
  }

  /** Kept without subscribers. */
  pin(match: MatchPolicy, uri: string, now: number): void {
    if (!this.#d.subscriptions.find(match, uri)) this.#create(match, uri, now, true);
  }

  /** Every node knows what was reported up to this token, or has had its time. */
  confirm(token: number, now: number): void {
    const own = this.#interests?.mine;
    if (!own) return;
    own.confirm(token);
    this.#complete(
      ({ match, message, nodeKey }) => own.isConfirmed(match, message.topic, nodeKey),
      now,
    );
  }

  subscribe(member: Member, message: Subscribe, now: number): void {
    const { topic } = message;
    const options = readSubscribeOptions(message.options);
    if (options instanceof BadOption) {
      return refuse(member, message, refusal(ERRORS.invalidArgument, options.detail));
    }
    const { match, nodeKey } = options;
    const refused = this.#d.rules.whyNoSubscription(member, topic, match, this.#pending);
    if (refused) return refuse(member, message, refused);
    if (this.#interests?.mine.want(match, topic, now, nodeKey)) {
      return this.#pending!.add({ member, message, match, nodeKey });
    }
    this.#enter(member, message, options, now);
  }

  unsubscribe(member: Member, message: Unsubscribe): void {
    const { request } = message;
    const subscription = this.#d.subscriptions.get(message.subscription);
    if (!subscription?.subscribers.has(member.id)) {
      const detail = 'this session has no such subscription';
      return refuse(member, message, refusal(ERRORS.noSuchSubscription, detail));
    }
    if (!this.#d.rules.mayUnsubscribe(member, subscription.uri, subscription.match)) {
      return refuse(member, message, NOT_AUTHORIZED);
    }
    this.#part(member, subscription);
    member.outlet.send({ type: UNSUBSCRIBED, request });
  }

  /**
   * Takes a subscription from a session. Only a client that announced subscription_revocation is told.
   * False when the session does not have it.
   */
  revoke(member: Member, subscriptionId: Id, reason?: string): boolean {
    const subscription = this.#d.subscriptions.get(subscriptionId);
    if (!subscription?.subscribers.has(member.id)) return false;
    this.#part(member, subscription);
    this.#d.effects.count('subscriptions_revoked');
    if (member.features.subscriber?.has('subscription_revocation')) {
      const details = { subscription: subscriptionId, ...(reason !== undefined && { reason }) };
      member.outlet.send({ type: UNSUBSCRIBED, request: 0, details });
    }
    return true;
  }

  leave(member: Member): void {
    for (const subscription of [...this.#d.subscriptions.heldBy(member.id)]) {
      this.#part(member, subscription);
    }
    for (const { match, message } of this.#pending?.take((each) => each.member === member) ?? []) {
      this.#unwant(match, message.topic);
    }
  }

  #enter(member: Member, message: Subscribe, options: SubscribeOptions, now: number): void {
    const { request, topic } = message;
    const { match, nodeKey } = options;
    const { subscriptions, effects, sendRetained } = this.#d;
    const found = subscriptions.find(match, topic);
    const subscription = found ?? this.#create(match, topic, now, false);
    const joined = subscriptions.join(subscription, member, nodeKey);
    if (!joined) this.#unwant(match, topic); // perhaps its former node key
    const isFirst = !found && !this.#interests?.find(match, topic);
    if (isFirst) this.#events.created(member, subscription);
    if (joined) this.#events.joined(member, subscription);
    if (joined) effects.count('subscriptions');
    member.outlet.send({ type: SUBSCRIBED, request, subscription: subscription.id });
    if (options.getRetained) effects.afterwards(() => sendRetained(member, subscription, now));
  }

  #create(match: MatchPolicy, uri: string, now: number, isPinned: boolean): Subscription {
    const id = this.#newId(match, uri);
    return this.#d.subscriptions.create({ id, uri, match, created: now, isPinned });
  }

  #newId(match: MatchPolicy, uri: string): Id {
    const isTaken = (id: Id): boolean => this.#d.subscriptions.get(id) !== undefined;
    if (this.#interests) return patternId(match, uri, isTaken);
    let id: Id;
    do id = randomId(this.#d.random);
    while (isTaken(id));
    return id;
  }

  /** The other nodes know: what has waited for that is done. */
  #complete(fits: (pending: PendingSubscribe) => boolean, now: number): void {
    for (const { member, message } of this.#pending?.take(fits) ?? []) {
      const options = readSubscribeOptions(message.options);
      if (options instanceof BadOption || this.#d.members.get(member.id) !== member) continue;
      if (this.#d.rules.maySubscribe(member, message.topic, options.match)) {
        this.#enter(member, message, options, now);
        continue;
      }
      this.#unwant(options.match, message.topic); // what allowed it was taken back meanwhile
      refuse(member, message, NOT_AUTHORIZED);
    }
  }

  #part(member: Member, subscription: Subscription): void {
    const outcome = this.#d.subscriptions.part(subscription, member.id);
    const { match, uri } = subscription;
    this.#unwant(match, uri);
    this.#events.parted(member, subscription);
    const isElsewhere = this.#interests?.find(match, uri) !== undefined;
    if (outcome === 'deleted' && !isElsewhere) this.#events.deleted(member, subscription);
  }

  #unwant(match: MatchPolicy, uri: string): void {
    const own = this.#interests?.mine;
    if (!own) return;
    const left = this.#d.subscriptions.find(match, uri);
    const isWanted = this.#pending?.wants(match, uri) || (left && left.subscribers.size > 0);
    if (!isWanted) return own.unwant(match, uri);
    own.keepNodeKeys(
      match,
      uri,
      (nodeKey) => left?.shards?.has(nodeKey) || this.#pending!.wantsNodeKey(match, uri, nodeKey),
    );
  }
}

function refuse(member: Member, { type, request }: Subscribe | Unsubscribe, why: Refusal): void {
  member.outlet.send(errorFor(member, type, request, why));
}
