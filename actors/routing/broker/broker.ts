/**
 * The broker of one realm (WAMP basic publish_subscribe, advanced pubsub_*): a pure core. Frames go straight to the
 * outlets of the members, so events reach each subscriber in the order of their publications, and SUBSCRIBED comes
 * before any EVENT. Rows outlive a router; `recover` makes a broker out of those a crashed one left.
 *
 * `now` is wall clock time in milliseconds throughout.
 */
import type { RandomSource } from '../../../runtime/kernel/actor.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { randomId } from '../../../runtime/wamp/ids.ts';
import type {
  Dict,
  Id,
  Publish,
  SerializerId,
  Subscribe,
  Unsubscribe,
  Value,
} from '../../../runtime/wamp/message.ts';
import {
  EMPTY,
  EVENT,
  PUBLISH,
  PUBLISHED,
  SUBSCRIBED,
  UNSUBSCRIBED,
} from '../../../runtime/wamp/message.ts';
import type { UriRule } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import type { BrokerConfig } from '../config.ts';
import type { RoutingEffects, Rows } from '../effects.ts';
import { patternId } from '../cluster/pattern-ids.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import type { MetaProcedures } from '../meta.ts';
import { metaTable } from '../meta.ts';
import { BadOption } from '../options.ts';
import { PASSTHRU } from '../passthru.ts';
import type { Refusal } from '../refusals.ts';
import { errorFor, INTERRUPTED, refusal } from '../refusals.ts';
import { arrived, Delivery } from './fan-out.ts';
import type { Interests } from './interests.ts';
import type { PendingSubscribe } from './pending-subscribes.ts';
import { PendingSubscribes } from './pending-subscribes.ts';
import type { HistoryLog } from './history.ts';
import { History } from './history.ts';
import type { Publication, PublishOptions } from './publication.ts';
import { detailsFor, eventDetails, readPublishOptions, wantsAnswer } from './publication.ts';
import type { Retained, RetainedEvent, RetainedReplication } from './retention.ts';
import { Retention } from './retention.ts';
import type { RetainedRows } from '../retained/messages.ts';
import { Rules } from './rules.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import { readSubscribeOptions } from './subscribe-options.ts';
import { SubscriptionEvents } from './subscription-events.ts';
import { subscriptionProcedures } from './subscription-meta.ts';
import type { Subscription } from './subscriptions.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Testaments } from './testaments.ts';
import { takeTestaments, testamentProcedures } from './testaments.ts';

export interface BrokerDependencies {
  readonly members: Rows<Id, Member>;
  readonly subscriptions: Rows<Id, Subscription>;
  readonly retained: Rows<string, Retained>;
  readonly history: Rows<string, HistoryLog>;
  readonly testaments: Rows<Id, Testaments>;
  readonly effects: RoutingEffects;
  readonly random: RandomSource;
  readonly config: BrokerConfig;
  readonly uriRule: UriRule;
  /** For payloads of the node's own; they are transcoded like any other for who speaks something else. */
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  /** Undefined: everybody may do everything. */
  readonly authorizer?: Authorizer | undefined;
  /** Undefined: there are no other nodes. */
  readonly cluster?: BrokerCluster | undefined;
  /** Undefined: retained events are this node's alone. */
  readonly replication?: RetainedReplication | undefined;
}

/** What a broker that is one of many needs besides. */
export interface BrokerCluster {
  readonly interests: Interests;
  readonly pending: Rows<PendingSubscribe, PendingSubscribe>;
  /** To these nodes, once each. */
  publish(nodes: readonly string[], publication: Publication): void;
}

export class Broker {
  readonly #d: BrokerDependencies;
  readonly #subscriptions: Subscriptions;
  readonly #rules: Rules;
  readonly #retention: Retention;
  readonly #history: History;
  readonly #events: SubscriptionEvents;
  readonly #delivery: Delivery;
  readonly #cluster: BrokerCluster | undefined;
  readonly #pending: PendingSubscribes | undefined;
  readonly #count: (counter: string, by?: number) => void;

  constructor(dependencies: BrokerDependencies) {
    const { effects, config } = dependencies;
    this.#d = dependencies;
    this.#count = (counter, by) => effects.count(counter, by);
    this.#subscriptions = new Subscriptions(dependencies.subscriptions);
    this.#rules = new Rules({
      subscriptions: this.#subscriptions,
      config,
      uriRule: dependencies.uriRule,
      authorizer: dependencies.authorizer,
      count: this.#count,
    });
    const { retained, replication } = dependencies;
    this.#retention = new Retention(retained, config.retention, this.#count, replication);
    this.#history = new History(dependencies.history, config.history, this.#count);
    this.#events = new SubscriptionEvents(effects);
    this.#cluster = dependencies.cluster;
    this.#pending = this.#cluster && new PendingSubscribes(this.#cluster.pending);
    this.#delivery = new Delivery(this.#subscriptions, this.#count);
  }

  /** To be called once before anything else: indexes the rows and opens the subscriptions of recorded topics. */
  recover(now: number): void {
    this.#subscriptions.rebuild((session) => this.#d.members.has(session));
    for (const { match, uri } of this.#d.config.history.topics) {
      if (!this.#subscriptions.find(match, uri)) this.#create(match, uri, now, true);
    }
    this.#complete(() => true, now);
    for (const { match, uri, created, subscribers } of this.#subscriptions.all()) {
      if (subscribers.size > 0) this.#cluster?.interests.restore(match, uri, created);
    }
  }

  publish(member: Member, message: Publish, now: number): void {
    const options = readPublishOptions(message.options);
    if (options instanceof BadOption) {
      return this.#refusePublish(member, message, refusal(ERRORS.invalidArgument, options.detail));
    }
    if (options.passthru && !member.features.publisher?.has(PASSTHRU)) {
      const detail = `PUBLISH: ${PASSTHRU} was not announced`;
      return this.#d.effects.abort(member, ERRORS.protocolViolation, detail);
    }
    const refused = this.#rules.whyNoPublication(member, message.topic, options);
    if (refused) return this.#refusePublish(member, message, refused);
    const publication: Publication = {
      id: randomId(this.#d.random),
      topic: message.topic,
      payload: message.payload,
      publisher: member,
      excludesPublisher: options.excludeMe,
      filter: options.filter,
      resourceKey: options.resourceKey,
      details: eventDetails(member, options),
    };
    this.#keep(publication, options, now);
    this.#count('publications');
    this.#deliver(publication);
    if (!options.acknowledge) return;
    // Last, so that a publication is acknowledged exactly when it was delivered.
    const { request } = message;
    member.outlet.send({ type: PUBLISHED, request, publication: publication.id });
  }

  /** A publication of the node itself (meta events); costs a lookup when nobody listens. */
  announce(topic: string, args: readonly Value[], kwargs: Dict | undefined, now: number): void {
    const isRecorded = this.#history.records(topic);
    const isWanted =
      this.#delivery.hasReceivers(topic) ||
      (this.#cluster !== undefined && this.#cluster.interests.nodesFor(topic).length > 0);
    if (!isRecorded && !isWanted) return;
    const publication = this.#fromNode(topic, args, kwargs);
    if (isRecorded) this.#history.record(publication, now);
    this.#deliver(publication);
  }

  /** A publication of another node's publisher: that node has decided everything but who here receives it. */
  relayed(publication: Publication): void {
    this.#count('publications_relayed');
    this.#delivery.deliver(publication);
  }

  /** What the nodes have agreed that topics keep. */
  retained({ rows, seen }: RetainedRows, now: number): void {
    for (const { topic, events } of rows) this.#retention.apply(topic, events, seen, now);
  }

  /** Every node knows what was reported up to this token, or has had its time. */
  confirm(token: number, now: number): void {
    const interests = this.#cluster?.interests;
    interests?.confirm(token);
    this.#complete(({ match, message }) => interests!.isConfirmed(match, message.topic), now);
  }

  subscribe(member: Member, message: Subscribe, now: number): void {
    const { topic } = message;
    const options = readSubscribeOptions(message.options);
    if (options instanceof BadOption) {
      return this.#refuse(member, message, refusal(ERRORS.invalidArgument, options.detail));
    }
    const { match } = options;
    const refused = this.#rules.whyNoSubscription(member, topic, match, this.#pending);
    if (refused) return this.#refuse(member, message, refused);
    if (this.#cluster?.interests.want(match, topic, now)) {
      return this.#pending!.add({ member, message, match });
    }
    this.#enter(member, message, options, now);
  }

  #enter(member: Member, message: Subscribe, options: SubscribeOptions, now: number): void {
    const { request, topic } = message;
    const { match, nodeKey } = options;
    const found = this.#subscriptions.find(match, topic);
    const subscription = found ?? this.#create(match, topic, now, false);
    const joined = this.#subscriptions.join(subscription, member, nodeKey);
    const isFirst = !found && !this.#cluster?.interests.find(match, topic);
    if (isFirst) this.#events.created(member, subscription);
    if (joined) this.#events.joined(member, subscription);
    if (joined) this.#count('subscriptions');
    member.outlet.send({ type: SUBSCRIBED, request, subscription: subscription.id });
    if (!options.getRetained) return;
    this.#d.effects.afterwards(() => this.#sendRetained(member, subscription, now));
  }

  unsubscribe(member: Member, message: Unsubscribe): void {
    const { request } = message;
    const subscription = this.#subscriptions.get(message.subscription);
    if (!subscription?.subscribers.has(member.id)) {
      const detail = 'this session has no such subscription';
      return this.#refuse(member, message, refusal(ERRORS.noSuchSubscription, detail));
    }
    this.#part(member, subscription);
    member.outlet.send({ type: UNSUBSCRIBED, request });
  }

  /**
   * Takes a subscription from a session. Only a client that announced subscription_revocation is told.
   * False when the session does not have it.
   */
  revoke(member: Member, subscriptionId: Id, reason?: string): boolean {
    const subscription = this.#subscriptions.get(subscriptionId);
    if (!subscription?.subscribers.has(member.id)) return false;
    this.#part(member, subscription);
    this.#count('subscriptions_revoked');
    if (member.features.subscriber?.has('subscription_revocation')) {
      const details = { subscription: subscriptionId, ...(reason !== undefined && { reason }) };
      member.outlet.send({ type: UNSUBSCRIBED, request: 0, details });
    }
    return true;
  }

  /** Everything the session had is disposed of; then its testaments are published. */
  leave(member: Member): void {
    const testaments = takeTestaments(this.#d.testaments, member.id);
    for (const subscription of [...this.#subscriptions.heldBy(member.id)]) {
      this.#part(member, subscription);
    }
    for (const { match, message } of this.#pending?.take((each) => each.member === member) ?? []) {
      this.#unwant(match, message.topic);
    }
    for (const { topic, options, payload } of testaments) {
      this.#d.effects.publishAs(member, topic, options, payload);
    }
  }

  /** A router died while it handled this request, before the answer: that is the last thing each request does. */
  interrupted(member: Member, message: Publish | Subscribe | Unsubscribe): void {
    if (message.type === PUBLISH && !wantsAnswer(message.options)) return;
    this.#refuse(member, message, INTERRUPTED);
  }

  /** Returns when to call again. */
  expire(now: number): number | undefined {
    return this.#retention.expire(now);
  }

  /** The subscription meta API, event history and testaments. */
  procedures(): MetaProcedures {
    const { testaments, config, uriRule, codecs, authorizer } = this.#d;
    return metaTable({
      ...subscriptionProcedures({
        subscriptions: this.#subscriptions,
        interests: this.#cluster?.interests,
        history: this.#history,
        codecs,
        maxReply: config.history.maxReply,
        authorizer,
        count: this.#count,
      }),
      ...testamentProcedures({
        testaments,
        config: config.testaments,
        uriRule,
        maxUriLength: config.maxUriLength,
        authorizer,
      }),
    });
  }

  #create(match: MatchPolicy, uri: string, now: number, isPinned: boolean): Subscription {
    const id = this.#newId(match, uri);
    return this.#subscriptions.create({ id, uri, match, created: now, isPinned });
  }

  #newId(match: MatchPolicy, uri: string): Id {
    const isTaken = (id: Id): boolean => this.#subscriptions.get(id) !== undefined;
    if (this.#cluster) return patternId(match, uri, isTaken);
    let id: Id;
    do id = randomId(this.#d.random);
    while (isTaken(id));
    return id;
  }

  /** Here, and once to each node that wants it. */
  #deliver(publication: Publication): void {
    this.#delivery.deliver(publication);
    if (!this.#cluster) return;
    const nodes = this.#cluster.interests.nodesFor(publication.topic);
    if (nodes.length > 0) this.#cluster.publish(nodes, publication);
  }

  /** The other nodes know: what has waited for that is done. */
  #complete(fits: (pending: PendingSubscribe) => boolean, now: number): void {
    for (const { member, message } of this.#pending?.take(fits) ?? []) {
      const options = readSubscribeOptions(message.options);
      if (options instanceof BadOption || this.#d.members.get(member.id) !== member) continue;
      this.#enter(member, message, options, now);
    }
  }

  #unwant(match: MatchPolicy, uri: string): void {
    if (!this.#cluster || this.#pending?.wants(match, uri)) return;
    const left = this.#subscriptions.find(match, uri);
    if (!left || left.subscribers.size === 0) this.#cluster.interests.unwant(match, uri);
  }

  #part(member: Member, subscription: Subscription): void {
    const outcome = this.#subscriptions.part(subscription, member.id);
    const { match, uri } = subscription;
    this.#unwant(match, uri);
    this.#events.parted(member, subscription);
    const isElsewhere = this.#cluster?.interests.find(match, uri) !== undefined;
    if (outcome === 'deleted' && !isElsewhere) this.#events.deleted(member, subscription);
  }

  #keep(publication: Publication, options: PublishOptions, now: number): void {
    if (options.retain) this.#retention.keep(publication, options.retainedTtlMs, now);
    if (this.#history.isOn) this.#history.record(publication, now);
  }

  #fromNode(topic: string, args: readonly Value[], kwargs: Dict | undefined): Publication {
    return {
      id: randomId(this.#d.random),
      topic,
      payload: this.#d.codecs.msgpack.payload(args, kwargs),
      publisher: undefined,
      excludesPublisher: false,
      filter: undefined,
      resourceKey: undefined,
      details: EMPTY,
    };
  }

  #sendRetained(member: Member, subscription: Subscription, now: number): void {
    const { id, match, uri } = subscription;
    for (const event of this.#retention.collect(match, uri, member, now)) {
      const result = member.outlet.send({
        type: EVENT,
        subscription: id,
        publication: event.publication,
        details: retainedDetails(match, event),
        payload: event.payload,
      });
      if (arrived(result, this.#count)) this.#count('retained_events');
    }
  }

  /** An unacknowledged publication that is refused is only counted: its publisher waits for nothing. */
  #refusePublish(member: Member, message: Publish, why: Refusal): void {
    this.#count('publications_refused');
    if (wantsAnswer(message.options)) this.#refuse(member, message, why);
  }

  #refuse(
    member: Member,
    { type, request }: Publish | Subscribe | Unsubscribe,
    why: Refusal,
  ): void {
    member.outlet.send(errorFor(member, type, request, why));
  }
}

function retainedDetails(match: MatchPolicy, { topic, details }: RetainedEvent): Dict {
  return { ...detailsFor(match, topic, details), retained: true };
}
