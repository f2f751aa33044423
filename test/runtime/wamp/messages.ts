/** Arbitrary messages of every type, with payloads of a given codec. */
import fc from 'fast-check';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import type { Dict, Message } from '../../../runtime/wamp/message.ts';
import * as wamp from '../../../runtime/wamp/message.ts';
import { dict, dicts, ids, lists, values } from './support.ts';

const uris = fc.oneof(fc.constant('com.example.topic'), fc.string({ unit: 'grapheme' }));

/** Options: null values count as absent, so none are sent. */
const options: fc.Arbitrary<Dict> = fc.oneof(
  fc.constant(dict()),
  fc
    .dictionary(
      fc.string(),
      values.filter((value) => value !== null),
    )
    .map((entries) => dict(entries)),
);

export function messages(codec: Codec): fc.Arbitrary<Message> {
  const payloads = fc.oneof(
    fc.constant(codec.payload()),
    lists.map((args) => codec.payload(args)),
    fc.tuple(lists, dicts).map(([args, kwargs]) => codec.payload(args, kwargs)),
  );
  const c = fc.constant;
  const request = { request: ids };
  return fc.oneof<fc.Arbitrary<Message>[]>(
    fc.record({ type: c(wamp.HELLO), realm: uris, details: options }),
    fc.record({ type: c(wamp.WELCOME), session: ids, details: options }),
    fc.record({ type: c(wamp.ABORT), details: options, reason: uris, payload: payloads }),
    fc.record({ type: c(wamp.CHALLENGE), method: uris, extra: options }),
    fc.record({ type: c(wamp.AUTHENTICATE), signature: uris, extra: options }),
    fc.record({ type: c(wamp.GOODBYE), details: options, reason: uris }),
    fc.record({
      type: c(wamp.ERROR),
      requestType: fc.nat(300),
      ...request,
      details: options,
      error: uris,
      payload: payloads,
    }),
    fc.record({ type: c(wamp.PUBLISH), ...request, options, topic: uris, payload: payloads }),
    fc.record({ type: c(wamp.PUBLISHED), ...request, publication: ids }),
    fc.record({ type: c(wamp.SUBSCRIBE), ...request, options, topic: uris }),
    fc.record({ type: c(wamp.SUBSCRIBED), ...request, subscription: ids }),
    fc.record({ type: c(wamp.UNSUBSCRIBE), ...request, subscription: ids }),
    fc.record({ type: c(wamp.UNSUBSCRIBED), ...request }),
    fc.record({ type: c(wamp.UNSUBSCRIBED), request: c(0), details: options }),
    fc.record({
      type: c(wamp.EVENT),
      subscription: ids,
      publication: ids,
      details: options,
      payload: payloads,
    }),
    fc.record({ type: c(wamp.CALL), ...request, options, procedure: uris, payload: payloads }),
    fc.record({ type: c(wamp.CANCEL), ...request, options }),
    fc.record({ type: c(wamp.RESULT), ...request, details: options, payload: payloads }),
    fc.record({ type: c(wamp.REGISTER), ...request, options, procedure: uris }),
    fc.record({ type: c(wamp.REGISTERED), ...request, registration: ids }),
    fc.record({ type: c(wamp.UNREGISTER), ...request, registration: ids }),
    fc.record({ type: c(wamp.UNREGISTERED), ...request }),
    fc.record({ type: c(wamp.UNREGISTERED), request: c(0), details: options }),
    fc.record({
      type: c(wamp.INVOCATION),
      ...request,
      registration: ids,
      details: options,
      payload: payloads,
    }),
    fc.record({ type: c(wamp.INTERRUPT), ...request, options }),
    fc.record({ type: c(wamp.YIELD), ...request, options, payload: payloads }),
  );
}
