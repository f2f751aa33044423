/** A dealer with its tables, and members that speak to it in sentences. */
import type { Member } from '../../../../actors/routing/api.ts';
import type { DealerConfig } from '../../../../actors/routing/config.ts';
import { DEFAULT_DEALER_CONFIG } from '../../../../actors/routing/config.ts';
import type { Party } from '../../../../actors/routing/dealer/calls.ts';
import type { DealerDependencies } from '../../../../actors/routing/dealer/dealer.ts';
import { Dealer } from '../../../../actors/routing/dealer/dealer.ts';
import type { Registration } from '../../../../actors/routing/dealer/registrations.ts';
import type { Dict, Id, Payload, RouterMessage, Value } from '../../../../runtime/wamp/message.ts';
import {
  CALL,
  CANCEL,
  EMPTY,
  ERROR,
  INVOCATION,
  NO_PAYLOAD,
  REGISTER,
  REGISTERED,
  UNREGISTER,
  YIELD,
} from '../../../../runtime/wamp/message.ts';
import { payloadOf, RecordingEffects, seededRandom, testMember } from '../support.ts';

export class Rpc {
  now = 1_000;
  readonly effects = new RecordingEffects();
  readonly registrations = new Map<Id, Registration>();
  readonly parties = new Map<Member, Party>();
  dealer: Dealer;
  readonly #dependencies: DealerDependencies;
  #members = 0;

  constructor(config: Partial<DealerConfig> = {}, over: Partial<DealerDependencies> = {}) {
    this.#dependencies = {
      registrations: this.registrations,
      parties: this.parties,
      effects: this.effects,
      random: seededRandom(1),
      config: { ...DEFAULT_DEALER_CONFIG, ...config },
      uriRule: 'loose',
      ...over,
    };
    this.dealer = new Dealer(this.#dependencies);
  }

  /** The router dies; a new one takes over the tables. */
  restart(isPresent: (member: Member) => boolean = () => true): void {
    this.dealer = new Dealer(this.#dependencies);
    this.dealer.recover(isPresent);
  }

  client(over: Parameters<typeof testMember>[1] = {}): Client {
    return new Client(this, testMember(++this.#members, over));
  }

  /** Topics of the meta events since the last take, without their common beginning. */
  takeEvents(): string[] {
    const events = this.effects.announced.splice(0);
    return events.map(({ topic }) => topic.replace('wamp.registration.', ''));
  }
}

export class Client {
  readonly member;
  readonly #rpc: Rpc;
  #request = 0;

  constructor(rpc: Rpc, member: ReturnType<typeof testMember>) {
    this.#rpc = rpc;
    this.member = member;
  }

  get id(): Id {
    return this.member.id;
  }

  get outlet() {
    return this.member.outlet;
  }

  take(): RouterMessage[] {
    return this.member.outlet.take();
  }

  /** Returns the request id. */
  call(procedure: string, options: Dict = EMPTY, args: readonly Value[] = []): Id {
    const request = ++this.#request;
    const payload = payloadOf(args);
    const message = { type: CALL, request, options, procedure, payload } as const;
    this.#rpc.dealer.call(this.member, message, this.#rpc.now);
    return request;
  }

  /** A further chunk of a progressive call. */
  continueCall(request: Id, procedure: string, options: Dict, args: readonly Value[] = []): void {
    const payload = payloadOf(args);
    const message = { type: CALL, request, options, procedure, payload, continues: true } as const;
    this.#rpc.dealer.call(this.member, message, this.#rpc.now);
  }

  cancel(request: Id, options: Dict = EMPTY): void {
    this.#rpc.dealer.cancel(this.member, { type: CANCEL, request, options });
  }

  register(procedure: string, options: Dict = EMPTY): RouterMessage {
    const request = ++this.#request;
    const message = { type: REGISTER, request, options, procedure } as const;
    this.#rpc.dealer.register(this.member, message, 1_700_000_000_000);
    const answer = this.member.outlet.sent.pop();
    if (!answer) throw new Error('REGISTER was not answered');
    return answer;
  }

  /** Registers or fails the test. */
  registered(procedure: string, options: Dict = EMPTY): Id {
    const answer = this.register(procedure, options);
    if (answer.type !== REGISTERED) throw new Error(`not registered: ${JSON.stringify(answer)}`);
    return answer.registration;
  }

  unregister(registration: Id): RouterMessage {
    const request = ++this.#request;
    this.#rpc.dealer.unregister(this.member, { type: UNREGISTER, request, registration });
    const answer = this.member.outlet.sent.pop();
    if (!answer) throw new Error('UNREGISTER was not answered');
    return answer;
  }

  yield(request: Id, options: Dict = EMPTY, payload: Payload = NO_PAYLOAD): void {
    this.#rpc.dealer.yield(this.member, { type: YIELD, request, options, payload }, this.#rpc.now);
  }

  error(request: Id, error: string, details: Dict = EMPTY): void {
    const message = {
      type: ERROR,
      requestType: INVOCATION,
      request,
      details,
      error,
      payload: NO_PAYLOAD,
    } as const;
    this.#rpc.dealer.error(this.member, message, this.#rpc.now);
  }

  leave(): void {
    this.#rpc.dealer.leave(this.member);
  }
}

const NAMES: Readonly<Record<number, string>> = {
  8: 'ERROR',
  50: 'RESULT',
  65: 'REGISTERED',
  67: 'UNREGISTERED',
  68: 'INVOCATION',
  69: 'INTERRUPT',
};

/** A message as a short text: `RESULT 1`, `ERROR 2 wamp.error.canceled`, `INVOCATION 1 {"progress":true}`. */
export function told(message: RouterMessage): string {
  const name = NAMES[message.type] ?? String(message.type);
  const request = 'request' in message ? message.request : 0;
  if (message.type === ERROR) {
    const about = message.requestType === CALL ? '' : ` of ${message.requestType}`;
    return `${name}${about} ${request} ${message.error}`;
  }
  const shown =
    'details' in message ? message.details : 'options' in message ? message.options : {};
  const text = JSON.stringify(shown ?? {});
  return text === '{}' ? `${name} ${request}` : `${name} ${request} ${text}`;
}

/** What the client was sent since the last time, as texts. */
export function heard(client: Client): string[] {
  return client.take().map(told);
}
