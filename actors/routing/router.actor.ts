/**
 * The router of one realm: the process in which its dealer and its broker decide, one request at a time.
 *
 * Nothing is lost with it: requests wait in a mailbox its supervisor keeps, rows in tables. Its successor takes up
 * both, and answers the one request that was being handled when it died.
 */
import type { Context, Definition, Down, Handlers, TimerId } from '../../runtime/kernel/actor.ts';
import type { Mailbox } from '../../runtime/kernel/mailbox.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import {
  CALL,
  CANCEL,
  EMPTY,
  ERROR,
  NO_PAYLOAD,
  PUBLISH,
  REGISTER,
  SUBSCRIBE,
  UNREGISTER,
  UNSUBSCRIBE,
  YIELD,
} from '../../runtime/wamp/message.ts';
import type { Dict, Id, Payload, SerializerId, Value } from '../../runtime/wamp/message.ts';
import { ERRORS } from '../../runtime/wamp/uris.ts';
import type { UriRule } from '../../runtime/wamp/uri.ts';
import type { Action, Authorizer } from '../security/api.ts';
import type { Member, Request, RouterInput } from './api.ts';
import { Broker } from './broker/broker.ts';
import type { BrokerConfig, DealerConfig } from './config.ts';
import { Dealer } from './dealer/dealer.ts';
import type { RoutingEffects } from './effects.ts';
import { metaTable } from './meta.ts';
import { announceJoin, announceLeave } from './session-events.ts';
import { sessionProcedures } from './session-meta.ts';
import type { RealmRows, RealmTables } from './tables.ts';

export interface RouterDependencies {
  readonly mailbox: Mailbox<RouterInput>;
  readonly tables: RealmTables;
  readonly uriRule: UriRule;
  readonly dealer: DealerConfig;
  readonly broker: BrokerConfig;
  readonly authorizer: Authorizer;
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  count(counter: string, by?: number): void;
}

export function router(dependencies: RouterDependencies): Definition<RouterInput> {
  return {
    class: 'control',
    batch: 4, // a message is the requests of a socket chunk
    mailbox: dependencies.mailbox,
    init: (context) => new Router(dependencies, context),
  };
}

interface Announcement {
  readonly topic: string;
  readonly args: readonly Value[];
  readonly kwargs: Dict | undefined;
}

class Router implements Handlers<RouterInput>, RoutingEffects {
  readonly #d: RouterDependencies;
  readonly #context: Context<RouterInput>;
  readonly #rows: RealmRows;
  readonly #broker: Broker;
  readonly #dealer: Dealer;
  /** Which member a monitored session actor is. */
  readonly #monitors = new Map<number, Member>();
  readonly #monitorOf = new Map<Id, number>();
  /** Meta events wait until the request that caused them is answered. */
  #announcements: Announcement[] = [];
  /** Broke the protocol in the request being handled: leaves right after it. */
  #doomed: Member | undefined;
  #timer: TimerId | undefined;
  /** Monotonic ms. */
  #timerDue: number | undefined;

  constructor(dependencies: RouterDependencies, context: Context<RouterInput>) {
    this.#d = dependencies;
    this.#context = context;
    this.#rows = dependencies.tables.claim(context);
    const { authorizer, uriRule, codecs } = dependencies;
    const shared = { ...this.#rows, effects: this, random: context.random, authorizer };
    this.#broker = new Broker({ ...shared, config: dependencies.broker, uriRule, codecs });
    this.#dealer = new Dealer({
      ...shared,
      config: dependencies.dealer,
      uriRule,
      procedures: new Map([
        ...metaTable(sessionProcedures({ members: this.#rows.members, effects: this, uriRule })),
        ...this.#broker.procedures(),
      ]),
    });
    this.#recover();
  }

  handle(input: RouterInput): void {
    switch (input.kind) {
      case 'requests':
        return this.#onRequests(input);
      case 'join':
        return this.#onJoin(input.member);
      case 'leave':
        return this.#onLeave(input.member);
      case 'expire':
        return this.#expire();
      case 'sweep':
        return this.#sweep();
    }
  }

  /** A session actor ended without a word. */
  onDown({ monitor }: Down): void {
    const member = this.#monitors.get(monitor);
    if (member) this.#onLeave(member);
  }

  /** Takes over from a router that died, if one did. */
  #recover(): void {
    const { clock } = this.#context;
    const { members } = this.#rows;
    this.#broker.recover(clock.wall());
    this.#dealer.recover((member) => members.get(member.id) === member);
    for (const member of members.values()) this.#watch(member);
    const interrupted = this.#d.mailbox.takeInterrupted();
    if (interrupted?.kind === 'requests') {
      const { member, requests } = interrupted;
      if (members.get(member.id) === member) {
        this.#answerInterrupted(member, requests[interrupted.done]);
      }
      interrupted.done += 1;
      this.#onRequests(interrupted);
    } else if (interrupted?.kind === 'leave') {
      this.#onLeave(interrupted.member);
    }
    this.#sweep();
    this.#schedule();
  }

  #answerInterrupted(member: Member, request: Request): void {
    switch (request.type) {
      case PUBLISH:
      case SUBSCRIBE:
      case UNSUBSCRIBE:
        return this.#broker.interrupted(member, request);
      default:
        return this.#dealer.interrupted(member, request);
    }
  }

  // ---- requests

  #onRequests(input: Extract<RouterInput, { kind: 'requests' }>): void {
    const { member, requests } = input;
    const now = this.#context.clock.now();
    const wall = this.#context.clock.wall();
    while (input.done < requests.length) {
      if (this.#rows.members.get(member.id) !== member) {
        this.#d.count('requests_of_the_departed', requests.length - input.done);
        return;
      }
      this.#onRequest(member, requests[input.done], now, wall);
      input.done += 1;
    }
    this.#schedule();
  }

  #onRequest(member: Member, request: Request, now: number, wall: number): void {
    switch (request.type) {
      case CALL:
        if (this.#allows(member, 'call', request.procedure, request))
          this.#dealer.call(member, request, now);
        break;
      case YIELD:
        this.#dealer.yield(member, request, now);
        break;
      case PUBLISH:
        if (this.#allows(member, 'publish', request.topic, request))
          this.#broker.publish(member, request, wall);
        break;
      case ERROR:
        this.#dealer.error(member, request, now);
        break;
      case CANCEL:
        this.#dealer.cancel(member, request);
        break;
      case SUBSCRIBE:
        if (this.#allows(member, 'subscribe', request.topic, request))
          this.#broker.subscribe(member, request, wall);
        break;
      case UNSUBSCRIBE:
        this.#broker.unsubscribe(member, request);
        break;
      case REGISTER:
        if (this.#allows(member, 'register', request.procedure, request))
          this.#dealer.register(member, request, wall);
        break;
      case UNREGISTER:
        this.#dealer.unregister(member, request);
        break;
    }
    if (this.#announcements.length > 0) this.#publishAnnouncements();
    if (this.#doomed) this.#expelDoomed();
  }

  #allows(
    member: Member,
    action: Action,
    uri: string,
    request: Extract<Request, { options: Dict }>,
  ): boolean {
    const { match } = request.options;
    const policy = match === 'prefix' || match === 'wildcard' ? match : 'exact';
    if (this.#d.authorizer.mayI(member, action, uri, policy)) return true;
    this.#d.count('requests_not_authorized');
    if (request.type === PUBLISH && request.options['acknowledge'] !== true) return false;
    member.outlet.send({
      type: ERROR,
      requestType: request.type,
      request: request.request,
      details: EMPTY,
      error: ERRORS.notAuthorized,
      payload: NO_PAYLOAD,
    });
    return false;
  }

  // ---- members

  #onJoin(member: Member): void {
    this.#rows.members.set(member.id, member);
    this.#watch(member);
    this.#d.count('sessions_opened');
    announceJoin(member, this);
    this.#publishAnnouncements();
  }

  #watch(member: Member): void {
    if (!member.session) return;
    const monitor = this.#context.monitor(member.session);
    this.#monitors.set(monitor, member);
    this.#monitorOf.set(member.id, monitor);
  }

  /** Once per member, whether it says so or just dies. */
  #onLeave(member: Member): void {
    if (this.#rows.members.get(member.id) !== member) return;
    const monitor = this.#monitorOf.get(member.id);
    if (monitor !== undefined) {
      this.#context.demonitor(monitor);
      this.#monitors.delete(monitor);
      this.#monitorOf.delete(member.id);
    }
    this.#dealer.leave(member);
    this.#broker.leave(member);
    this.#rows.members.delete(member.id);
    this.#d.count('sessions_closed');
    announceLeave(member, this);
    this.#publishAnnouncements();
    this.#schedule();
  }

  // ---- what the cores ask for

  abort(member: Member, reason: string, detail: string): void {
    this.#doomed = member;
    member.session?.cast({ kind: 'abort', reason, detail });
  }

  #expelDoomed(): void {
    const member = this.#doomed;
    this.#doomed = undefined;
    if (member) this.#onLeave(member);
  }

  goodbye(member: Member, reason: string, details: Dict): void {
    member.session?.cast({ kind: 'goodbye', reason, details });
  }

  announce(topic: string, args: readonly Value[], kwargs?: Dict): void {
    this.#announcements.push({ topic, args, kwargs });
  }

  publishAs(member: Member, topic: string, options: Dict, payload: Payload): void {
    const now = this.#context.clock.wall();
    this.#broker.publish(member, { type: PUBLISH, request: 0, options, topic, payload }, now);
  }

  count(counter: string, by?: number): void {
    this.#d.count(counter, by);
  }

  #publishAnnouncements(): void {
    const announcements = this.#announcements;
    if (announcements.length === 0) return;
    this.#announcements = [];
    const now = this.#context.clock.wall();
    for (const { topic, args, kwargs } of announcements)
      this.#broker.announce(topic, args, kwargs, now);
  }

  // ---- time

  #expire(): void {
    this.#timer = undefined;
    this.#dealer.expire(this.#context.clock.now());
    this.#schedule();
  }

  /** One timer, for the call that is due first. */
  #schedule(): void {
    const due = this.#dealer.nextDeadline;
    if (due === this.#timerDue && this.#timer !== undefined) return;
    if (this.#timer !== undefined) this.#context.cancel(this.#timer);
    this.#timerDue = due;
    const delay = due === undefined ? undefined : Math.max(0, due - this.#context.clock.now());
    this.#timer = delay === undefined ? undefined : this.#context.after(delay, { kind: 'expire' });
  }

  #sweep(): void {
    this.#broker.expire(this.#context.clock.wall());
    this.#context.after(this.#d.broker.retention.sweepIntervalMs, { kind: 'sweep' });
  }
}
