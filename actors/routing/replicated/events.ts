/**
 * An event as part of a value of the store: as the EVENT a client would be sent, in the serializer of its payload, so that
 * what another node wrote is checked by the decoder that checks clients.
 */
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { Violation } from '../../../runtime/wamp/codec.ts';
import type { Dict, Id, Payload, SerializerId } from '../../../runtime/wamp/message.ts';
import { EVENT, retain } from '../../../runtime/wamp/message.ts';
import { ByteWriter } from '../../../runtime/wamp/writer.ts';
import type { ReceiverFilter } from '../broker/receivers.ts';
import { filterOf, listsOf } from '../broker/relayed.ts';

export type Codecs = Readonly<Record<SerializerId, Codec>>;

/** Lists of receivers are as long as a client may send them. */
export const BODY = { maxDepth: 6, maxItems: 10_000_000, maxBytes: 64 * 1024 * 1024 };

const FORMATS: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];
const FRAME = { maxDepth: 1_024 };
const LISTS = [
  'exclude',
  'excludeAuthid',
  'excludeAuthrole',
  'eligible',
  'eligibleAuthid',
  'eligibleAuthrole',
] as const;

export interface EventBody {
  readonly publication: Id;
  readonly details: Dict;
  readonly payload: Payload;
}

/** Serializer and bytes. Undefined: an event that its own serializer cannot say. */
export function plainEvent(event: EventBody, codecs: Codecs): readonly PlainValue[] | undefined {
  const { publication, details, payload } = event;
  const writer = new ByteWriter(256 + payload.end - payload.start);
  const frame = { type: EVENT, subscription: 1, publication, details, payload } as const;
  if (codecs[payload.format].encode(frame, writer)) return undefined;
  return [FORMATS.indexOf(payload.format), writer.buffer.subarray(0, writer.at)];
}

export function readEvent(
  format: PlainValue | undefined,
  bytes: PlainValue | undefined,
  codecs: Codecs,
): EventBody | undefined {
  const serializer = typeof format === 'number' ? FORMATS[format] : undefined;
  if (serializer === undefined || !(bytes instanceof Uint8Array)) return undefined;
  const frame = codecs[serializer].decode(bytes, 0, bytes.length, FRAME);
  if (frame instanceof Violation || frame.type !== EVENT) return undefined;
  const { publication, details, payload } = frame;
  return { publication, details, payload: retain(payload) };
}

export function plainFilter(filter: ReceiverFilter | undefined): PlainValue {
  if (!filter) return null;
  const lists = listsOf(filter);
  return LISTS.map((name) => lists[name] ?? null);
}

/** Null is no filter. */
export function readFilter(value: PlainValue | undefined): ReceiverFilter | undefined | Malformed {
  if (value === null) return undefined;
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
