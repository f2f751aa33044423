/**
 * A WAMP client that hides nothing: messages are lists, a wrong one is sent as easily as a right one, and whatever
 * the router says unasked fails the test that did not expect it.
 */
import assert from 'node:assert/strict';
import * as wamp from './codes.ts';
import type { Closing, Link } from './links.ts';
import { openRawSocket, openWebSocket } from './links.ts';
import type { TestSerializer } from './serializers.ts';
import { SERIALIZERS } from './serializers.ts';
import type { Wire } from './wire.ts';

export type WampMessage = readonly unknown[];
export type Details = Record<string, unknown>;

/** Only what never comes takes so long; what does may take seconds on a busy machine. */
const WAIT_MS = 15_000;

/** Where a node listens, by transport. */
export type Urls = Readonly<Record<Wire['transport'], string>>;

export class RawClient {
  readonly wire: Wire;
  readonly link: Link;
  /** WELCOME.Session and WELCOME.Details, once joined. */
  session = 0;
  details: Details = {};
  readonly #serializer: TestSerializer;
  #lastRequest = 0;

  constructor(link: Link, wire: Wire) {
    this.link = link;
    this.wire = wire;
    this.#serializer = SERIALIZERS[wire.serializer];
  }

  static async connect(urls: Urls, wire: Wire): Promise<RawClient> {
    const url = urls[wire.transport];
    const link =
      wire.transport === 'websocket'
        ? await openWebSocket(url, wire)
        : await openRawSocket(url, wire.serializer);
    return new RawClient(link, wire);
  }

  send(message: WampMessage): void {
    this.link.send([this.#serializer.encode(message)]);
  }

  /** In one batch, one socket write, or back to back, whatever the transport has. */
  sendAll(messages: readonly WampMessage[]): void {
    this.link.send(messages.map((message) => this.#serializer.encode(message)));
  }

  /** The bytes of one message, right or wrong, in the transport's frame. */
  sendBytes(bytes: Uint8Array): void {
    this.link.send([bytes]);
  }

  async next(what = 'message', timeoutMs = WAIT_MS): Promise<WampMessage> {
    const value = this.#serializer.decode(await this.nextBytes(what, timeoutMs));
    assert(Array.isArray(value), 'a WAMP message is a list');
    return value;
  }

  nextBytes(what = 'message', timeoutMs = WAIT_MS): Promise<Uint8Array> {
    return this.link.messages.next(timeoutMs, what);
  }

  async expect(type: number): Promise<WampMessage> {
    const name = wamp.MESSAGE_NAMES[type];
    const message = await this.next(name);
    assert.equal(message[0], type, `expected ${name}, got ${show(message)}`);
    return message;
  }

  /** The answer to a request: same id, this type. */
  async expectReply(type: number, request: number): Promise<WampMessage> {
    const message = await this.expect(type);
    assert.equal(message[1], request, `answer to another request: ${show(message)}`);
    return message;
  }

  async expectError(requestType: number, request: number, uri: string): Promise<WampMessage> {
    const message = await this.expect(wamp.ERROR);
    assert.deepEqual(message.slice(1, 3), [requestType, request], show(message));
    assert.equal(message[4], uri, show(message));
    return message;
  }

  /** ABORT with this reason, then the close, nothing between. */
  async expectAbort(...reasons: readonly string[]): Promise<WampMessage> {
    const message = await this.expect(wamp.ABORT);
    const allowed = reasons.length > 0 ? reasons : ['wamp.error.protocol_violation'];
    assert(allowed.includes(message[2] as string), `${allowed}, got ${show(message)}`);
    await this.closed();
    return message;
  }

  /** The router closes the transport; messages before that fail the test. */
  async closed(timeoutMs = WAIT_MS): Promise<Closing> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`still open after ${timeoutMs} ms`)), timeoutMs);
    });
    const closing = await Promise.race([this.link.closing, late]).finally(() =>
      clearTimeout(timer),
    );
    assert.equal(this.link.messages.size, 0, 'messages came before the close');
    return closing;
  }

  /** HELLO until WELCOME; the session has every role and feature unless told otherwise. */
  async join(details: Details = {}, realm = 'realm1'): Promise<this> {
    this.send([wamp.HELLO, realm, { roles: wamp.ALL_ROLES, ...details }]);
    const welcome = await this.expect(wamp.WELCOME);
    this.session = welcome[1] as number;
    this.details = welcome[2] as Details;
    return this;
  }

  /** Sends a request with the next id of the session and returns the id. */
  request(type: number, ...rest: readonly unknown[]): number {
    const id = this.nextId();
    this.send([type, id, ...rest]);
    return id;
  }

  nextId(): number {
    return ++this.#lastRequest;
  }

  async subscribe(topic: string, options: Details = {}): Promise<number> {
    const request = this.request(wamp.SUBSCRIBE, options, topic);
    return (await this.expectReply(wamp.SUBSCRIBED, request))[2] as number;
  }

  async register(procedure: string, options: Details = {}): Promise<number> {
    const request = this.request(wamp.REGISTER, options, procedure);
    return (await this.expectReply(wamp.REGISTERED, request))[2] as number;
  }

  /** Acknowledged, so the broker has dispatched the event when this returns. */
  async publish(
    topic: string,
    options: Details = {},
    ...tail: readonly unknown[]
  ): Promise<number> {
    const request = this.request(wamp.PUBLISH, { acknowledge: true, ...options }, topic, ...tail);
    return (await this.expectReply(wamp.PUBLISHED, request))[2] as number;
  }

  /** A CALL and its one RESULT. */
  async call(procedure: string, ...tail: readonly unknown[]): Promise<WampMessage> {
    const request = this.request(wamp.CALL, {}, procedure, ...tail);
    return this.expectReply(wamp.RESULT, request);
  }

  async callFails(
    uri: string,
    procedure: string,
    ...tail: readonly unknown[]
  ): Promise<WampMessage> {
    const request = this.request(wamp.CALL, {}, procedure, ...tail);
    return this.expectError(wamp.CALL, request, uri);
  }

  /** What the router had sent before it answered a request made now: proves presence, and absence. */
  async received(): Promise<readonly WampMessage[]> {
    const request = this.request(wamp.CALL, {}, 'spec.nobody.registers.this');
    const before: WampMessage[] = [];
    for (;;) {
      const message = await this.next('answer of a round trip');
      if (message[0] === wamp.ERROR && message[2] === request) return before;
      before.push(message);
    }
  }

  async expectNothing(): Promise<void> {
    assert.deepEqual(await this.received(), []);
  }

  /** The next invocation, answered with YIELD. */
  async answer(...tail: readonly unknown[]): Promise<WampMessage> {
    const invocation = await this.expect(wamp.INVOCATION);
    this.send([wamp.YIELD, invocation[1], {}, ...tail]);
    return invocation;
  }

  async leave(): Promise<void> {
    this.send([wamp.GOODBYE, {}, 'wamp.close.close_realm']);
    await this.expect(wamp.GOODBYE);
    this.destroy();
  }

  destroy(): void {
    this.link.destroy();
  }
}

function show(message: WampMessage): string {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

export function dict(value: unknown): Details {
  assert(typeof value === 'object' && value !== null && !Array.isArray(value), 'expected a dict');
  return value as Details;
}
