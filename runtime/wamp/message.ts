/**
 * Every WAMP message as a type (spec: basic/messages.md, advanced/messages.md).
 *
 * The envelope (type, ids, options, uri) is decoded; `args` and `kwargs` stay bytes in a `Payload`.
 */

export type SerializerId = 'json' | 'msgpack' | 'cbor';

/** An id of WAMP: an integer 1 .. 2^53. */
export type Id = number;

/** A decoded value of an option or detail. 64-bit integers outside ±2^53 are bigint; binaries Uint8Array. */
export type Value =
  null | boolean | number | bigint | string | Uint8Array | readonly Value[] | Dict;

/** Options and details. Null prototype when decoded, so `__proto__` is a key like any other. */
export interface Dict {
  readonly [key: string]: Value | undefined;
}

export const EMPTY: Dict = Object.freeze(Object.create(null) as Dict);

/**
 * The optional tail of a message, `args [, kwargs]`, still encoded: the bytes `[start, end)` hold `items`
 * consecutive encoded elements as they stood in the message (JSON: with the comma between them, none around).
 * `bytes` may be the socket's own chunk: whoever keeps a payload past the turn keeps `retain(payload)`.
 */
export interface Payload {
  readonly format: SerializerId;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly items: 0 | 1 | 2;
}

export const NO_PAYLOAD: Payload = Object.freeze({
  format: 'msgpack',
  bytes: new Uint8Array(0),
  start: 0,
  end: 0,
  items: 0,
});

/** A copy that pins nothing but itself. */
export function retain(payload: Payload): Payload {
  if (payload.items === 0) return NO_PAYLOAD;
  const { format, items } = payload;
  const bytes = Uint8Array.prototype.slice.call(payload.bytes, payload.start, payload.end);
  return { format, items, bytes, start: 0, end: bytes.length };
}

export const HELLO = 1;
export const WELCOME = 2;
export const ABORT = 3;
export const CHALLENGE = 4;
export const AUTHENTICATE = 5;
export const GOODBYE = 6;
export const ERROR = 8;
export const PUBLISH = 16;
export const PUBLISHED = 17;
export const SUBSCRIBE = 32;
export const SUBSCRIBED = 33;
export const UNSUBSCRIBE = 34;
export const UNSUBSCRIBED = 35;
export const EVENT = 36;
export const CALL = 48;
export const CANCEL = 49;
export const RESULT = 50;
export const REGISTER = 64;
export const REGISTERED = 65;
export const UNREGISTER = 66;
export const UNREGISTERED = 67;
export const INVOCATION = 68;
export const INTERRUPT = 69;
export const YIELD = 70;

export interface Hello {
  readonly type: typeof HELLO;
  readonly realm: string;
  readonly details: Dict;
}
export interface Welcome {
  readonly type: typeof WELCOME;
  readonly session: Id;
  readonly details: Dict;
}
export interface Abort {
  readonly type: typeof ABORT;
  readonly details: Dict;
  readonly reason: string;
  readonly payload: Payload;
}
export interface Challenge {
  readonly type: typeof CHALLENGE;
  readonly method: string;
  readonly extra: Dict;
}
export interface Authenticate {
  readonly type: typeof AUTHENTICATE;
  readonly signature: string;
  readonly extra: Dict;
}
export interface Goodbye {
  readonly type: typeof GOODBYE;
  readonly details: Dict;
  readonly reason: string;
}
export interface ErrorMessage {
  readonly type: typeof ERROR;
  readonly requestType: number;
  readonly request: Id;
  readonly details: Dict;
  readonly error: string;
  readonly payload: Payload;
}
export interface Publish {
  readonly type: typeof PUBLISH;
  readonly request: Id;
  readonly options: Dict;
  readonly topic: string;
  readonly payload: Payload;
}
export interface Published {
  readonly type: typeof PUBLISHED;
  readonly request: Id;
  readonly publication: Id;
}
export interface Subscribe {
  readonly type: typeof SUBSCRIBE;
  readonly request: Id;
  readonly options: Dict;
  readonly topic: string;
}
export interface Subscribed {
  readonly type: typeof SUBSCRIBED;
  readonly request: Id;
  readonly subscription: Id;
}
export interface Unsubscribe {
  readonly type: typeof UNSUBSCRIBE;
  readonly request: Id;
  readonly subscription: Id;
}
/** `request` 0 with details: a revocation. */
export interface Unsubscribed {
  readonly type: typeof UNSUBSCRIBED;
  readonly request: number;
  readonly details?: Dict | undefined;
}
export interface EventMessage {
  readonly type: typeof EVENT;
  readonly subscription: Id;
  readonly publication: Id;
  readonly details: Dict;
  readonly payload: Payload;
}
export interface Call {
  readonly type: typeof CALL;
  readonly request: Id;
  readonly options: Dict;
  readonly procedure: string;
  readonly payload: Payload;
}
export interface Cancel {
  readonly type: typeof CANCEL;
  readonly request: Id;
  readonly options: Dict;
}
export interface Result {
  readonly type: typeof RESULT;
  readonly request: Id;
  readonly details: Dict;
  readonly payload: Payload;
}
export interface Register {
  readonly type: typeof REGISTER;
  readonly request: Id;
  readonly options: Dict;
  readonly procedure: string;
}
export interface Registered {
  readonly type: typeof REGISTERED;
  readonly request: Id;
  readonly registration: Id;
}
export interface Unregister {
  readonly type: typeof UNREGISTER;
  readonly request: Id;
  readonly registration: Id;
}
/** `request` 0 with details: a revocation. */
export interface Unregistered {
  readonly type: typeof UNREGISTERED;
  readonly request: number;
  readonly details?: Dict | undefined;
}
export interface Invocation {
  readonly type: typeof INVOCATION;
  readonly request: Id;
  readonly registration: Id;
  readonly details: Dict;
  readonly payload: Payload;
}
export interface Interrupt {
  readonly type: typeof INTERRUPT;
  readonly request: Id;
  readonly options: Dict;
}
export interface Yield {
  readonly type: typeof YIELD;
  readonly request: Id;
  readonly options: Dict;
  readonly payload: Payload;
}

/** What a router may receive from a client in some state. */
export type ClientMessage =
  | Hello
  | Abort
  | Authenticate
  | Goodbye
  | ErrorMessage
  | Publish
  | Subscribe
  | Unsubscribe
  | Call
  | Cancel
  | Register
  | Unregister
  | Yield;

/** What a router sends. */
export type RouterMessage =
  | Welcome
  | Abort
  | Challenge
  | Goodbye
  | ErrorMessage
  | Published
  | Subscribed
  | Unsubscribed
  | EventMessage
  | Result
  | Registered
  | Unregistered
  | Invocation
  | Interrupt;

export type Message = ClientMessage | RouterMessage;
