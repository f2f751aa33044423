/** A session of a simulated node: real bytes in its own serializer, both ways. */
import type { Member, Request, RouterInput } from '../../actors/routing/api.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { Outlet, SendResult } from '../../runtime/net/connection.ts';
import type { SharedFrame } from '../../runtime/net/shared-frame.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import { DEFAULT_LIMITS, Unencodable, Violation } from '../../runtime/wamp/codec.ts';
import type {
  Dict,
  Id,
  Message,
  Payload,
  RouterMessage,
  Value,
} from '../../runtime/wamp/message.ts';
import {
  CALL,
  CANCEL,
  EMPTY,
  ERROR,
  EVENT,
  INTERRUPT,
  INVOCATION,
  PUBLISH,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTER,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  YIELD,
} from '../../runtime/wamp/message.ts';
import { ByteWriter } from '../../runtime/wamp/writer.ts';
import { testMember } from '../actors/routing/support.ts';

export class CodingOutlet implements Outlet {
  readonly codec: Codec;
  backlog = 0;
  isCongested = false;
  isClosed = false;
  /** As read back from its bytes, in order. */
  readonly received: Message[] = [];
  onMessage: (message: Message) => void = () => {};
  note: (message: Message) => void = () => {};

  constructor(codec: Codec) {
    this.codec = codec;
  }

  send(message: RouterMessage): SendResult {
    if (this.isClosed) return 'closed';
    const writer = new ByteWriter(256);
    if (this.codec.encode(message, writer) instanceof Unencodable) return 'unencodable';
    const bytes = writer.buffer.subarray(0, writer.at);
    const decoded = this.codec.decode(bytes, 0, bytes.length, DEFAULT_LIMITS);
    if (decoded instanceof Violation) throw new Error(decoded.detail);
    this.received.push(decoded);
    this.note(decoded);
    this.onMessage(decoded);
    return 'sent';
  }

  sendShared(frame: SharedFrame): SendResult {
    return this.send(frame.message);
  }
}

/** The node a session is connected to. */
export interface ClientHost {
  readonly id: NodeId;
  input(realm: string, input: RouterInput): void;
  request(realm: string, member: Member, request: Request): void;
}

export type Procedure = (args: readonly Value[]) => readonly Value[];

export class Client {
  readonly node: ClientHost;
  readonly realm: string;
  readonly outlet: CodingOutlet;
  readonly member: Member;
  /** What it has been told that it has. */
  readonly registrations = new Set<Id>();
  readonly subscriptions = new Set<Id>();
  readonly #giving = new Map<Id, Id>();
  #request = 0;

  constructor(node: ClientHost, realm: string, id: Id, codec: Codec, over: Partial<Member>) {
    this.node = node;
    this.realm = realm;
    this.outlet = new CodingOutlet(codec);
    this.outlet.note = (message) => this.#note(message);
    const features = {
      ...{ publisher: undefined, subscriber: undefined },
      ...{ caller: undefined, callee: undefined },
    };
    this.member = { ...testMember(id, { features, ...over }), outlet: this.outlet };
  }

  get id(): Id {
    return this.member.id;
  }

  leave(): void {
    this.outlet.isClosed = true;
    this.node.input(this.realm, { kind: 'leave', member: this.member });
  }

  // ---- requests; each returns its id

  call(procedure: string, args: readonly Value[] = [], options: Dict = EMPTY): Id {
    const request = ++this.#request;
    this.#ask({ type: CALL, request, options, procedure, payload: this.#payload(args) });
    return request;
  }

  continueCall(request: Id, procedure: string, args: readonly Value[], options: Dict): void {
    const payload = this.#payload(args);
    this.#ask({ type: CALL, request, options, procedure, payload, continues: true });
  }

  cancel(request: Id, mode: string): void {
    this.#ask({ type: CANCEL, request, options: { mode } });
  }

  register(procedure: string, options: Dict = EMPTY): Id {
    const request = ++this.#request;
    this.#ask({ type: REGISTER, request, options, procedure });
    return request;
  }

  unregister(registration: Id): Id {
    const request = ++this.#request;
    this.#giving.set(request, registration);
    this.#ask({ type: UNREGISTER, request, registration });
    return request;
  }

  subscribe(topic: string, options: Dict = EMPTY): Id {
    const request = ++this.#request;
    this.#ask({ type: SUBSCRIBE, request, options, topic });
    return request;
  }

  unsubscribe(subscription: Id): Id {
    const request = ++this.#request;
    this.#giving.set(request, subscription);
    this.#ask({ type: UNSUBSCRIBE, request, subscription });
    return request;
  }

  publish(topic: string, args: readonly Value[] = [], options: Dict = EMPTY): Id {
    const request = ++this.#request;
    this.#ask({ type: PUBLISH, request, options, topic, payload: this.#payload(args) });
    return request;
  }

  yield(request: Id, args: readonly Value[] = [], options: Dict = EMPTY): void {
    this.#ask({ type: YIELD, request, options, payload: this.#payload(args) });
  }

  fail(request: Id, error: string, args: readonly Value[] = [], details: Dict = EMPTY): void {
    const payload = this.#payload(args);
    this.#ask({ type: ERROR, requestType: INVOCATION, request, details, error, payload });
  }

  // ---- habits

  /** Registers, and answers what is called with what `procedure` makes of it. */
  serve(uri: string, procedure: Procedure, options: Dict = EMPTY): void {
    this.answer(procedure);
    this.register(uri, options);
  }

  answer(procedure: Procedure): void {
    this.outlet.onMessage = (message) => {
      if (message.type !== INVOCATION) return;
      this.yield(message.request, procedure(this.argsOf(message.payload)));
    };
  }

  // ---- what came

  get received(): readonly Message[] {
    return this.outlet.received;
  }

  take(): Message[] {
    return this.outlet.received.splice(0);
  }

  /** What came since the last time, as texts. */
  heard(): string[] {
    return this.take().map((message) => this.told(message));
  }

  told(message: Message): string {
    const args = 'payload' in message ? JSON.stringify(this.argsOf(message.payload)) : '';
    switch (message.type) {
      case RESULT:
        return `RESULT ${message.request} ${shown(message.details)}${args}`;
      case ERROR:
        return `ERROR ${message.request} ${message.error}`;
      case EVENT:
        return `EVENT ${shown(message.details)}${args}`;
      case INVOCATION:
        return `INVOCATION ${shown(message.details)}${args}`;
      case INTERRUPT:
        return `INTERRUPT ${shown(message.options)}`.trim();
      case REGISTERED:
        return 'REGISTERED';
      case SUBSCRIBED:
        return 'SUBSCRIBED';
      case UNREGISTERED:
        return message.request === 0 ? 'REVOKED' : 'UNREGISTERED';
      default:
        return `message ${message.type}`;
    }
  }

  /** The only message of a type since the last take. */
  last(type: number): Message | undefined {
    return this.outlet.received.findLast((message) => message.type === type);
  }

  argsOf(payload: Payload): readonly Value[] {
    const read = this.outlet.codec.read(payload);
    if (read instanceof Unencodable) throw new Error(read.detail);
    return read.args;
  }

  #note(message: Message): void {
    if (message.type === REGISTERED) this.registrations.add(message.registration);
    if (message.type === SUBSCRIBED) this.subscriptions.add(message.subscription);
    if (message.type === UNREGISTERED) {
      const revoked = message.details?.['registration'];
      this.registrations.delete((revoked as Id) ?? this.#giving.get(message.request));
    }
    if (message.type === UNSUBSCRIBED)
      this.subscriptions.delete(this.#giving.get(message.request)!);
  }

  #payload(args: readonly Value[]): Payload {
    return this.outlet.codec.payload(args);
  }

  #ask(request: Request): void {
    this.node.request(this.realm, this.member, request);
  }
}

function shown(details: Dict): string {
  const text = JSON.stringify(details);
  return text === '{}' ? '' : `${text} `;
}
