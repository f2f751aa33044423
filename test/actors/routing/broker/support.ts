/** A realm's broker on maps instead of tables, and verbs to say what happens to it. */
import type { Member } from '../../../../actors/routing/api.ts';
import type { BrokerDependencies } from '../../../../actors/routing/broker/broker.ts';
import { Broker } from '../../../../actors/routing/broker/broker.ts';
import type { BrokerConfig } from '../../../../actors/routing/config.ts';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import type { MetaReply } from '../../../../actors/routing/meta.ts';
import type {
  Dict,
  ErrorMessage,
  EventMessage,
  Id,
  RouterMessage,
  Value,
} from '../../../../runtime/wamp/message.ts';
import {
  EMPTY,
  ERROR,
  EVENT,
  PUBLISH,
  PUBLISHED,
  SUBSCRIBE,
  SUBSCRIBED,
  UNSUBSCRIBE,
} from '../../../../runtime/wamp/message.ts';
import type { TestMember } from '../support.ts';
import { argsOf, payloadOf, RecordingEffects, seededRandom, testMember } from '../support.ts';

type Over = Partial<Omit<BrokerDependencies, 'config'>> & { config?: Partial<BrokerConfig> };

export class TestRealm {
  readonly effects = new RecordingEffects();
  readonly dependencies: BrokerDependencies;
  broker: Broker;
  /** Wall clock. */
  now = Date.UTC(2026, 0, 1);
  #request = 0;

  constructor(over: Over = {}) {
    const { codec } = testMember(0).outlet;
    this.dependencies = {
      members: new Map<Id, Member>(),
      subscriptions: new Map(),
      retained: new Map(),
      history: new Map(),
      testaments: new Map(),
      effects: this.effects,
      random: seededRandom(1),
      uriRule: 'loose',
      codecs: { json: codec, msgpack: codec, cbor: codec },
      ...over,
      config: { ...DEFAULT_BROKER_CONFIG, ...over.config },
    };
    this.broker = this.#start();
  }

  /** The router dies and another one takes over its rows. */
  restart(): void {
    this.broker = this.#start();
  }

  join(id: Id, over: Parameters<typeof testMember>[1] = {}): TestMember {
    const member = testMember(id, over);
    this.dependencies.members.set(id, member);
    return member;
  }

  leave(member: Member): void {
    this.dependencies.members.delete(member.id);
    this.broker.leave(member);
  }

  /** Returns the subscription id; throws when it was refused. */
  subscribe(member: TestMember, topic: string, options: Dict = EMPTY): Id {
    const from = member.outlet.sent.length;
    this.trySubscribe(member, topic, options);
    const answer = member.outlet.sent[from];
    if (answer?.type !== SUBSCRIBED) throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer.subscription;
  }

  trySubscribe(member: TestMember, topic: string, options: Dict = EMPTY): void {
    const request = ++this.#request;
    this.broker.subscribe(member, { type: SUBSCRIBE, request, options, topic }, this.now);
  }

  unsubscribe(member: TestMember, subscription: Id): void {
    const request = ++this.#request;
    this.broker.unsubscribe(member, { type: UNSUBSCRIBE, request, subscription });
  }

  publish(
    member: TestMember,
    topic: string,
    args: readonly Value[] = [],
    options: Dict = EMPTY,
    kwargs?: Dict,
  ): void {
    const payload = payloadOf(args, kwargs);
    const request = ++this.#request;
    this.broker.publish(member, { type: PUBLISH, request, options, topic, payload }, this.now);
  }

  /** Publishes with `acknowledge`; returns the publication id. */
  publishAcknowledged(member: TestMember, topic: string, options: Dict = EMPTY): Id {
    this.publish(member, topic, [], { ...options, acknowledge: true });
    const answer = member.outlet.sent.at(-1);
    if (answer?.type !== PUBLISHED) throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer.publication;
  }

  /** Runs a meta procedure of the broker. */
  call(caller: Member, procedure: string, args: readonly Value[] = [], kwargs = EMPTY): MetaReply {
    const found = this.broker.procedures().get(procedure);
    if (!found) throw new Error(`no procedure ${procedure}`);
    return found(args, kwargs, caller);
  }

  announced(): string[] {
    return this.effects.announced.splice(0).map(({ topic, args }) => {
      return `${topic.replace('wamp.subscription.', '')} ${JSON.stringify(args)}`;
    });
  }

  count(counter: string): number {
    return this.effects.counters.get(counter) ?? 0;
  }

  #start(): Broker {
    const broker = new Broker(this.dependencies);
    broker.recover(this.now);
    return broker;
  }
}

/** The events a member was sent since the last take; everything else is taken too. */
export function takeEvents(member: TestMember): EventMessage[] {
  return member.outlet.take().filter((message): message is EventMessage => message.type === EVENT);
}

/** First argument of each event since the last take. */
export function heard(member: TestMember): (Value | undefined)[] {
  return takeEvents(member).map(({ payload }) => argsOf(payload)[0]);
}

/** The error URI of the last message; undefined when that is no ERROR. */
export function refusal(member: TestMember): string | undefined {
  const last = member.outlet.sent.at(-1);
  return isError(last) ? last.error : undefined;
}

function isError(message: RouterMessage | undefined): message is ErrorMessage {
  return message?.type === ERROR;
}
