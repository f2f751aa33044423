/**
 * Writes the envelope of any message through a format's sink and hands back the payload still to be appended.
 * The one place, beside `shapes.ts`, that knows the order of a message's elements.
 */
import type { Dict, Message, Payload } from './message.ts';
import {
  ABORT,
  AUTHENTICATE,
  CALL,
  CANCEL,
  CHALLENGE,
  ERROR,
  EVENT,
  GOODBYE,
  HELLO,
  INTERRUPT,
  INVOCATION,
  NO_PAYLOAD,
  PUBLISH,
  PUBLISHED,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTER,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  WELCOME,
  YIELD,
} from './message.ts';

export interface Sink {
  /** Starts a message of `count` elements with its type. */
  open(type: number, count: number): void;
  integer(value: number): void;
  dict(value: Dict): void;
  text(value: string): void;
}

export function writeEnvelope(message: Message, sink: Sink): Payload {
  switch (message.type) {
    case RESULT:
      return answer(sink, RESULT, message.request, message.details, message.payload);
    case YIELD:
      return answer(sink, YIELD, message.request, message.options, message.payload);
    case INVOCATION:
      return delivery(sink, INVOCATION, message.request, message.registration, message);
    case EVENT:
      return delivery(sink, EVENT, message.subscription, message.publication, message);
    case CALL:
      return request(sink, CALL, message, message.procedure, message.payload);
    case PUBLISH:
      return request(sink, PUBLISH, message, message.topic, message.payload);
    case SUBSCRIBE:
      return request(sink, SUBSCRIBE, message, message.topic, NO_PAYLOAD);
    case REGISTER:
      return request(sink, REGISTER, message, message.procedure, NO_PAYLOAD);
    case ERROR:
      sink.open(ERROR, 5 + message.payload.items);
      sink.integer(message.requestType);
      sink.integer(message.request);
      sink.dict(message.details);
      sink.text(message.error);
      return message.payload;
    case ABORT:
      return farewell(sink, ABORT, message.details, message.reason, message.payload);
    case GOODBYE:
      return farewell(sink, GOODBYE, message.details, message.reason, NO_PAYLOAD);
    case HELLO:
      return introduction(sink, HELLO, message.realm, message.details);
    case CHALLENGE:
      return introduction(sink, CHALLENGE, message.method, message.extra);
    case AUTHENTICATE:
      return introduction(sink, AUTHENTICATE, message.signature, message.extra);
    case WELCOME:
      return answer(sink, WELCOME, message.session, message.details, NO_PAYLOAD);
    case CANCEL:
      return answer(sink, CANCEL, message.request, message.options, NO_PAYLOAD);
    case INTERRUPT:
      return answer(sink, INTERRUPT, message.request, message.options, NO_PAYLOAD);
    case PUBLISHED:
      return pair(sink, PUBLISHED, message.request, message.publication);
    case SUBSCRIBED:
      return pair(sink, SUBSCRIBED, message.request, message.subscription);
    case UNSUBSCRIBE:
      return pair(sink, UNSUBSCRIBE, message.request, message.subscription);
    case REGISTERED:
      return pair(sink, REGISTERED, message.request, message.registration);
    case UNREGISTER:
      return pair(sink, UNREGISTER, message.request, message.registration);
    case UNSUBSCRIBED:
      return revocable(sink, UNSUBSCRIBED, message.request, message.details);
    case UNREGISTERED:
      return revocable(sink, UNREGISTERED, message.request, message.details);
  }
}

function answer(sink: Sink, type: number, id: number, dict: Dict, payload: Payload): Payload {
  sink.open(type, 3 + payload.items);
  sink.integer(id);
  sink.dict(dict);
  return payload;
}

function delivery(
  sink: Sink,
  type: number,
  first: number,
  second: number,
  tail: { readonly details: Dict; readonly payload: Payload },
): Payload {
  sink.open(type, 4 + tail.payload.items);
  sink.integer(first);
  sink.integer(second);
  sink.dict(tail.details);
  return tail.payload;
}

function request(
  sink: Sink,
  type: number,
  head: { readonly request: number; readonly options: Dict },
  uri: string,
  payload: Payload,
): Payload {
  sink.open(type, 4 + payload.items);
  sink.integer(head.request);
  sink.dict(head.options);
  sink.text(uri);
  return payload;
}

function farewell(sink: Sink, type: number, dict: Dict, reason: string, payload: Payload): Payload {
  sink.open(type, 3 + payload.items);
  sink.dict(dict);
  sink.text(reason);
  return payload;
}

function introduction(sink: Sink, type: number, text: string, dict: Dict): Payload {
  sink.open(type, 3);
  sink.text(text);
  sink.dict(dict);
  return NO_PAYLOAD;
}

function pair(sink: Sink, type: number, first: number, second: number): Payload {
  sink.open(type, 3);
  sink.integer(first);
  sink.integer(second);
  return NO_PAYLOAD;
}

function revocable(sink: Sink, type: number, id: number, details: Dict | undefined): Payload {
  sink.open(type, details === undefined ? 2 : 3);
  sink.integer(id);
  if (details !== undefined) sink.dict(details);
  return NO_PAYLOAD;
}
