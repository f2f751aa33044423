/**
 * `wamp.subscription.get_events` (WAMP advanced, pubsub_event_history): which recorded events a caller asks for.
 * Conditions are ANDed. A `*_publication` bound that is not recorded (or no more) has no place in the order, so no
 * event is before or after it and the answer is empty.
 */
import type { Codec } from '../../../runtime/wamp/codec.ts';
import { Unencodable } from '../../../runtime/wamp/codec.ts';
import type { Dict, Id, SerializerId, Value } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import { invalidArgument, isMissing } from '../arguments.ts';
import type { MetaError } from '../meta.ts';
import { OptionReader } from '../options.ts';
import { parseTimestamp, toTimestamp } from '../timestamps.ts';
import type { RecordedEvent } from './history.ts';
import { detailsFor } from './publication.ts';
import { mayReceiveAs } from './receivers.ts';
import type { Subscription } from './subscriptions.ts';

const BOUNDS = ['from', 'after', 'before', 'until'] as const;
type Bound = (typeof BOUNDS)[number];
type Bounds = Readonly<Partial<Record<Bound, number>>>;

export interface HistoryQuery {
  readonly reverse: boolean;
  readonly limit: number;
  readonly topic: string | undefined;
  readonly times: Bounds; // wall clock, ms
  readonly publications: Bounds; // publication ids
}

export function readHistoryQuery(kwargs: Dict, maxReply: number): HistoryQuery | MetaError {
  const times = readTimes(kwargs);
  if ('error' in times) return times;
  const read = new OptionReader(kwargs);
  const publications: Partial<Record<Bound, Id>> = {};
  for (const bound of BOUNDS) {
    const id = read.integer(`${bound}_publication`, 1, 2 ** 53);
    if (id !== undefined) publications[bound] = id;
  }
  const query: HistoryQuery = {
    reverse: read.boolean('reverse') ?? false,
    limit: Math.min(read.integer('limit', 1) ?? maxReply, maxReply),
    topic: read.string('topic'),
    times,
    publications,
  };
  return read.mistake ? invalidArgument(read.mistake.detail) : query;
}

function readTimes(kwargs: Dict): Bounds | MetaError {
  const times: Partial<Record<Bound, number>> = {};
  for (const bound of BOUNDS) {
    const text = kwargs[`${bound}_time`];
    if (isMissing(text)) continue;
    const at = typeof text === 'string' ? parseTimestamp(text) : undefined;
    if (at === undefined) return invalidArgument(`${bound}_time must be an RFC 3339 timestamp`);
    times[bound] = at;
  }
  return times;
}

/** `events` in order of publication; the answer in the order that was asked for. */
export function select(
  events: readonly RecordedEvent[],
  query: HistoryQuery,
  caller: Pick<Member, 'authid' | 'authrole'>,
): RecordedEvent[] {
  const places = placesOf(events, query.publications);
  if (!places) return [];
  const selected = events.filter(
    (event, place) =>
      isWithin(place, places) &&
      isWithin(event.at, query.times) &&
      (query.topic === undefined || event.topic === query.topic) &&
      (!event.filter || mayReceiveAs(event.filter, caller.authid, caller.authrole)),
  );
  if (query.reverse) selected.reverse();
  return selected.slice(0, query.limit);
}

/** Where the bounding publications are. Undefined when one of them is nowhere. */
function placesOf(events: readonly RecordedEvent[], publications: Bounds): Bounds | undefined {
  const places: Partial<Record<Bound, number>> = {};
  for (const bound of BOUNDS) {
    const id = publications[bound];
    if (id === undefined) continue;
    const place = events.findIndex(({ publication }) => publication === id);
    if (place < 0) return undefined;
    places[bound] = place;
  }
  return places;
}

function isWithin(value: number, { from, after, before, until }: Bounds): boolean {
  return (
    (from === undefined || value >= from) &&
    (after === undefined || value > after) &&
    (before === undefined || value < before) &&
    (until === undefined || value <= until)
  );
}

/** As the caller gets it: the Event object of the specification. Undefined: its payload cannot be read. */
export function describe(
  event: RecordedEvent,
  { id, match }: Subscription,
  codecs: Readonly<Record<SerializerId, Codec>>,
): Value | undefined {
  const read = codecs[event.payload.format].read(event.payload);
  if (read instanceof Unencodable) return undefined;
  return {
    timestamp: toTimestamp(event.at),
    subscription: id,
    publication: event.publication,
    details: detailsFor(match, event.topic, event.details),
    ...(event.payload.items > 0 && { args: read.args }),
    ...(event.payload.items > 1 && { kwargs: read.kwargs }),
  };
}
