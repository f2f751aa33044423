/**
 * A topic's retained events as a value of the store: each event as the EVENT a client would be sent, in the serializer of
 * its payload, so that what another node wrote is checked by the decoder that checks clients.
 */
import { compareStamps } from '../../../runtime/causality/hlc.ts';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { Violation } from '../../../runtime/wamp/codec.ts';
import type { SerializerId } from '../../../runtime/wamp/message.ts';
import { EVENT, retain } from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import type { PrefixSpec } from '../../store/api.ts';
import type { ReceiverFilter } from '../broker/receivers.ts';
import { filterOf, listsOf } from '../broker/relayed.ts';
import type { Retained, RetainedEvent } from '../broker/retention.ts';
import { sizeOfEvent } from '../broker/retention.ts';

/**
 * The last write wins, but against a concurrent deletion any write does: what is deleted is what has expired, and an
 * event that was published meanwhile has not.
 */
export const RETAINED: PrefixSpec = {
  name: 'retained',
  type: 'ram_disk',
  resolver: { kind: 'chosen', order: (a, b) => compareStamps(a.stamp, b.stamp) },
};

export type Codecs = Readonly<Record<SerializerId, Codec>>;

const VERSION = 1;
const FORMATS: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];
/** Lists of receivers are as long as a client may send them. */
const BODY = { maxDepth: 6, maxItems: 10_000_000, maxBytes: 64 * 1024 * 1024 };
const FRAME = { maxDepth: 1_024 };
const MAX_EVENTS = 1_000;
const LISTS = [
  'exclude',
  'excludeAuthid',
  'excludeAuthrole',
  'eligible',
  'eligibleAuthid',
  'eligibleAuthrole',
] as const;

/** No URI has a space. */
export function keyOf(realm: string, topic: string): string {
  return `${realm} ${topic}`;
}

/** Undefined: of another realm. */
export function topicOf(realm: string, key: string): string | undefined {
  return key.startsWith(`${realm} `) ? key.slice(realm.length + 1) : undefined;
}

/** Undefined: an event that its own serializer cannot say. */
export function encodeRetained(
  { events }: Pick<Retained, 'events'>,
  codecs: Codecs,
): Uint8Array | undefined {
  const encoded: PlainValue[] = [];
  for (const event of events) {
    const { publication, details, payload, filter, excluded, expiresAt } = event;
    const writer = new ByteWriter(256 + payload.end - payload.start);
    const frame = { type: EVENT, subscription: 1, publication, details, payload } as const;
    if (codecs[payload.format].encode(frame, writer)) return undefined;
    const until = expiresAt === Infinity ? null : expiresAt;
    const bytes = writer.buffer.subarray(0, writer.at);
    encoded.push([
      ...[FORMATS.indexOf(payload.format), bytes, until, excluded ?? null],
      filter ? plainLists(filter) : null,
    ]);
  }
  return encodeBody([VERSION, encoded]);
}

/** Undefined: nothing that a node writes. */
export function decodeRetained(
  topic: string,
  bytes: Uint8Array,
  codecs: Codecs,
): readonly RetainedEvent[] | undefined {
  const body = decodeBody(bytes, BODY);
  if (body instanceof Malformed || !Array.isArray(body)) return undefined;
  const [version, encoded] = body as readonly PlainValue[];
  if (version !== VERSION || !Array.isArray(encoded) || encoded.length > MAX_EVENTS) {
    return undefined;
  }
  const events: RetainedEvent[] = [];
  for (const each of encoded as readonly PlainValue[]) {
    const event = Array.isArray(each) ? eventOf(topic, each, codecs) : undefined;
    if (event === undefined) return undefined;
    events.push(event);
  }
  return events;
}

function eventOf(
  topic: string,
  [format, bytes, until, excluded, lists]: readonly PlainValue[],
  codecs: Codecs,
): RetainedEvent | undefined {
  const serializer = typeof format === 'number' ? FORMATS[format] : undefined;
  if (serializer === undefined || !(bytes instanceof Uint8Array)) return undefined;
  if (until !== null && typeof until !== 'number') return undefined;
  if (excluded !== null && typeof excluded !== 'number') return undefined;
  const filter = lists === null ? undefined : readLists(lists);
  if (filter instanceof Malformed) return undefined;
  const frame = codecs[serializer].decode(bytes, 0, bytes.length, FRAME);
  if (frame instanceof Violation || frame.type !== EVENT) return undefined;
  const event = {
    publication: frame.publication,
    topic,
    details: frame.details,
    payload: retain(frame.payload),
    filter,
    excluded: excluded ?? undefined,
    expiresAt: until ?? Infinity,
  };
  return { ...event, size: sizeOfEvent(event) };
}

function plainLists(filter: ReceiverFilter): PlainValue {
  const lists = listsOf(filter);
  return LISTS.map((name) => lists[name] ?? null);
}

function readLists(value: PlainValue | undefined): ReceiverFilter | Malformed {
  if (!Array.isArray(value) || value.length !== LISTS.length) return new Malformed('no lists');
  const lists = value as readonly PlainValue[];
  const isList = (list: PlainValue, kind: 'number' | 'string'): boolean =>
    list === null || (Array.isArray(list) && list.every((item) => typeof item === kind));
  const areRight = LISTS.every((name, i) =>
    isList(lists[i]!, name === 'exclude' || name === 'eligible' ? 'number' : 'string'),
  );
  if (!areRight) return new Malformed('no lists');
  return filterOf(Object.fromEntries(LISTS.map((name, i) => [name, lists[i] ?? undefined])));
}
