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
import { EMPTY, EVENT, PUBLISH, PUBLISHED } from '../../../runtime/wamp/message.ts';
import type { UriRule } from '../../../runtime/wamp/uri.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import type { BrokerConfig } from '../config.ts';
import type { RoutingEffects, Rows } from '../effects.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import type { Departures } from '../departures.ts';
import type { MetaProcedures } from '../meta.ts';
import { metaTable } from '../meta.ts';
import { BadOption } from '../options.ts';
import { PASSTHRU } from '../passthru.ts';
import type { Refusal } from '../refusals.ts';
import { errorFor, INTERRUPTED, refusal } from '../refusals.ts';
import type { Witnesses } from '../witnesses.ts';
import { arrived, Delivery } from './fan-out.ts';
import type { HistoryLog } from './history.ts';
import { History } from './history.ts';
import type { HistoryReplication } from './history.ts';
import type { Publication, PublishOptions } from './publication.ts';
import { detailsFor, eventDetails, readPublishOptions, wantsAnswer } from './publication.ts';
import type { Retained, RetainedEvent, RetainedReplication } from './retention.ts';
import { Retention } from './retention.ts';
import type { Acknowledgements, AwaitedRow } from '../replicated/acknowledgements.ts';
import type { RecordedRows } from '../recorded/messages.ts';
import type { RetainedRows } from '../retained/messages.ts';
import { Rules } from './rules.ts';
import type { SubscribingCluster } from './subscribing.ts';
import { Subscribing } from './subscribing.ts';
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
  /** Tell other nodes what they will have to say if this one dies. */
  readonly witnesses?: Witnesses | undefined;
  readonly departures?: Departures | undefined;
  /** Undefined: retained events are this node's alone. */
  readonly replication?: RetainedReplication | undefined;
  /** The same of the history. */
  readonly historyReplication?: HistoryReplication | undefined;
  /** Who waits for the store; undefined: nobody, PUBLISHED is sent at once. */
  readonly acknowledgements?: Acknowledgements | undefined;
}

/** What a broker that is one of many needs besides. */
export interface BrokerCluster extends SubscribingCluster {
  /** To these nodes, once each. */
  publish(nodes: readonly string[], publication: Publication): void;
}

export class Broker {
  readonly #d: BrokerDependencies;
  readonly #subscriptions: Subscriptions;
  readonly #rules: Rules;
  readonly #retention: Retention;
  readonly #history: History;
  readonly #subscribing: Subscribing;
  readonly #delivery: Delivery;
  readonly #cluster: BrokerCluster | undefined;
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
    this.#history = new History(
      dependencies.history,
      config.history,
      this.#count,
      dependencies.historyReplication,
    );
    this.#cluster = dependencies.cluster;
    this.#delivery = new Delivery(this.#subscriptions, this.#count, this.#cluster?.interests);
    this.#subscribing = new Subscribing({
      subscriptions: this.#subscriptions,
      members: dependencies.members,
      rules: this.#rules,
      effects,
      random: dependencies.random,
      cluster: this.#cluster,
      witnesses: dependencies.witnesses,
      sendRetained: (member, subscription, now) => this.#sendRetained(member, subscription, now),
    });
  }

  /** To be called once before anything else: indexes the rows and opens the subscriptions of recorded topics. */
  recover(now: number): void {
    this.#subscriptions.rebuild((session) => this.#d.members.has(session));
    for (const { match, uri } of this.#d.config.history.topics) {
      this.#subscribing.pin(match, uri, now);
    }
    this.#subscribing.recover(now);
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
    if (options.acknowledge && this.#hasNoRoom(message.topic, options)) {
      this.#count('acknowledgements_no_room');
      return this.#refusePublish(member, message, NO_ROOM);
    }
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
    const awaited = this.#keep(publication, options, now);
    this.#count('publications');
    this.#deliver(publication);
    if (!options.acknowledge) return;
    // Last, so that a publication is acknowledged exactly when it was delivered.
    const { request } = message;
    const { acknowledgements } = this.#d;
    if (acknowledgements && awaited.length > 0) {
      return acknowledgements.wait(member, request, publication.id, awaited);
    }
    member.outlet.send({ type: PUBLISHED, request, publication: publication.id });
  }

  /** A subscriber, here or on another node, may hear meta events. */
  get hearsMeta(): boolean {
    return this.#subscriptions.hearsMeta || (this.#cluster?.interests.hearsMeta ?? false);
  }

  /**
   * A publication of the node itself (meta events); costs a lookup when nobody listens. `isHere`: every node says the
   * same to its own sessions, so it crosses to none and is not recorded.
   */
  announce(
    topic: string,
    args: readonly Value[],
    kwargs: Dict | undefined,
    now: number,
    isHere = false,
  ): void {
    const isRecorded = !isHere && this.#history.records(topic);
    const isWanted =
      this.#delivery.hasReceivers(topic) ||
      (!isHere && this.#cluster !== undefined && this.#cluster.interests.isWanted(topic));
    if (!isRecorded && !isWanted) return;
    const publication = this.#fromNode(topic, args, kwargs);
    if (isRecorded) this.#history.record(publication, now);
    if (isHere) this.#delivery.deliver(publication);
    else this.#deliver(publication);
  }

  /** A publication of another node's publisher: that node has decided everything but who here receives it. */
  relayed(publication: Publication): void {
    this.#count('publications_relayed');
    this.#d.departures?.heard(publication);
    this.#delivery.deliver(publication);
  }

  /** What the nodes have agreed that topics keep. */
  retained({ rows, seen }: RetainedRows, now: number): void {
    for (const { topic, events } of rows) this.#retention.apply(topic, events, seen, now);
  }

  /** What was published on other nodes, or here before the node was restarted. */
  recorded({ events, isRead }: RecordedRows): void {
    this.#history.apply(events, isRead);
  }

  /** Every node knows what was reported up to this token, or has had its time. */
  confirm(token: number, now: number): void {
    this.#subscribing.confirm(token, now);
  }

  subscribe(member: Member, message: Subscribe, now: number): void {
    this.#subscribing.subscribe(member, message, now);
  }

  unsubscribe(member: Member, message: Unsubscribe): void {
    this.#subscribing.unsubscribe(member, message);
  }

  heldBy(member: Member): ReadonlySet<Subscription> {
    return this.#subscriptions.heldBy(member.id);
  }

  /** False when the session does not have it. */
  revoke(member: Member, subscription: Id, reason?: string): boolean {
    return this.#subscribing.revoke(member, subscription, reason);
  }

  /** Everything the session had is disposed of; then its testaments are published. */
  leave(member: Member): void {
    const testaments = takeTestaments(this.#d.testaments, member.id);
    this.#subscribing.leave(member);
    for (const { topic, options, payload } of testaments) {
      this.#d.effects.publishAs(member, topic, options, payload);
    }
    this.#d.acknowledgements?.leave(member);
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

  /** Here, and once to each node that wants it. */
  #deliver(publication: Publication): void {
    this.#delivery.deliver(publication);
    if (!this.#cluster) return;
    const nodes = this.#cluster.interests.nodesFor(publication.topic);
    if (nodes.length > 0) this.#cluster.publish(nodes, publication);
  }

  /** Returns what of it the store is to have before it is acknowledged. */
  #keep(publication: Publication, options: PublishOptions, now: number): readonly AwaitedRow[] {
    const { retain, retainedTtlMs } = options;
    if (!retain && !this.#history.isOn) return NOTHING;
    const kept = retain ? this.#retention.keep(publication, retainedTtlMs, now) : undefined;
    const recorded = this.#history.isOn ? this.#history.record(publication, now) : undefined;
    return [kept, recorded].filter((row) => row !== undefined);
  }

  /** Would its acknowledgement wait, although too many do? */
  #hasNoRoom(topic: string, { retain }: PublishOptions): boolean {
    return this.#d.acknowledgements?.isFull === true && (retain || this.#history.isDurable(topic));
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

const NOTHING: readonly AwaitedRow[] = [];
const NO_ROOM = refusal(ERRORS.unavailable, 'too many publications wait for the store');

function retainedDetails(match: MatchPolicy, { topic, details }: RetainedEvent): Dict {
  return { ...detailsFor(match, topic, details), retained: true };
}
