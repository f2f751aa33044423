/** A topic's retained events as a value of the store. */
import { compareStamps } from '../../../runtime/causality/hlc.ts';
import type { PlainValue } from '../../../runtime/net/peer/codec.ts';
import { decodeBody, encodeBody } from '../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { PrefixSpec } from '../../store/api.ts';
import type { Retained, RetainedEvent } from '../broker/retention.ts';
import { sizeOfEvent } from '../broker/retention.ts';
import type { Codecs } from '../replicated/events.ts';
import { BODY, plainEvent, plainFilter, readEvent, readFilter } from '../replicated/events.ts';

/**
 * The last write wins, but against a concurrent deletion any write does: what is deleted is what has expired, and an
 * event that was published meanwhile has not.
 */
export const RETAINED: PrefixSpec = {
  name: 'retained',
  type: 'ram_disk',
  resolver: { kind: 'chosen', order: (a, b) => compareStamps(a.stamp, b.stamp) },
};

const VERSION = 1;
const MAX_EVENTS = 1_000;

/** Undefined: an event that its own serializer cannot say. */
export function encodeRetained(
  { events }: Pick<Retained, 'events'>,
  codecs: Codecs,
): Uint8Array | undefined {
  const encoded: PlainValue[] = [];
  for (const event of events) {
    const { excluded, expiresAt } = event;
    const plain = plainEvent(event, codecs);
    if (plain === undefined) return undefined;
    const until = expiresAt === Infinity ? null : expiresAt;
    encoded.push([...plain, until, excluded ?? null, plainFilter(event.filter)]);
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
  if (until !== null && typeof until !== 'number') return undefined;
  if (excluded !== null && typeof excluded !== 'number') return undefined;
  const filter = readFilter(lists);
  const body = readEvent(format, bytes, codecs);
  if (filter instanceof Malformed || !body) return undefined;
  const expiresAt = until ?? Infinity;
  const event = { ...body, topic, filter, excluded: excluded ?? undefined, expiresAt };
  return { ...event, size: sizeOfEvent(event) };
}
