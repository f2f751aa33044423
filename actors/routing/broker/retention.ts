/**
 * Event retention (WAMP advanced, pubsub_event_retention): the last event of a topic, for who subscribes later.
 *
 * A subscriber gets the most recent retained event it would have received. So a topic keeps one event that was open
 * to everybody, and a few later ones that were black- or white-listed. A retained event that does not fit (size,
 * count, bytes) still takes the place of the old one: a stale last value is worse than none.
 *
 * A pattern subscription gets one retained event per matching topic, which the specification leaves open.
 */
import type { Dict, Id, Payload } from '../../../runtime/wamp/message.ts';
import { retain } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { RetentionConfig } from '../config.ts';
import type { Rows } from '../effects.ts';
import type { AwaitedRow } from '../replicated/acknowledgements.ts';
import { matches } from '../matching/matches.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { weigh } from '../weights.ts';
import type { Publication } from './publication.ts';
import type { ReceiverFilter } from './receivers.ts';
import { mayReceive, weighLists } from './receivers.ts';

export interface RetainedEvent {
  readonly publication: Id;
  readonly topic: string;
  readonly details: Dict;
  readonly payload: Payload;
  readonly filter: ReceiverFilter | undefined;
  /** The publisher's session when it excluded itself. */
  readonly excluded: Id | undefined;
  readonly expiresAt: number; // wall clock, ms; Infinity: never
  readonly size: number; // bytes, estimated
}

/** A row: what a topic keeps, oldest first; only the first may be open to everybody. */
export interface Retained {
  readonly topic: string;
  readonly events: readonly RetainedEvent[];
  /** Of this node's last change, where other nodes hear of it. */
  readonly revision?: number;
}

/** Who tells the other nodes. */
export interface RetainedReplication {
  /** Returns the revision of the change; each is greater than the last. */
  changed(topic: string): number;
  /** Every node notices by itself. */
  expired(topic: string): void;
}

/** What an event costs besides what it says, in bytes. */
const OVERHEAD = 200;

export class Retention {
  readonly #rows: Rows<string, Retained>;
  readonly #config: RetentionConfig;
  readonly #count: (counter: string) => void;
  readonly #replication: RetainedReplication | undefined;
  #bytes = 0;
  /** When the next sweep is due; undefined when nothing that is kept expires. */
  #sweepAt: number | undefined;

  constructor(
    rows: Rows<string, Retained>,
    config: RetentionConfig,
    count: (counter: string) => void,
    replication?: RetainedReplication,
  ) {
    this.#rows = rows;
    this.#config = config;
    this.#count = count;
    this.#replication = replication;
    this.#recount();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of the publication for `ttlMs` (Infinity: until the next one). Returns what the store is to have. */
  keep(publication: Publication, ttlMs: number, now: number): AwaitedRow | undefined {
    const { topic } = publication;
    const older = this.#withoutSuperseded(topic, publication.filter !== undefined, now);
    const refusal = this.#whyNot(publication, topic, older);
    if (refusal) {
      this.#count(refusal);
      return this.#change(topic, older);
    }
    const event = toRetained(publication, now + ttlMs);
    if (event.expiresAt < Infinity) this.#sweepAt ??= now + this.#config.sweepIntervalMs;
    return this.#change(topic, [...older, event]);
  }

  /** The most recent retained event of `topic` that `member` would have received. */
  lookup(topic: string, member: Member, now: number): RetainedEvent | undefined {
    const retained = this.#rows.get(topic);
    return retained && newestFor(retained, member, now);
  }

  /** The same for each topic that the pattern matches, up to the configured number. */
  collect(match: MatchPolicy, uri: string, member: Member, now: number): RetainedEvent[] {
    if (match === 'exact') {
      const event = this.lookup(uri, member, now);
      return event ? [event] : [];
    }
    const found: RetainedEvent[] = [];
    for (const retained of this.#rows.values()) {
      if (!matches(retained.topic, match, uri)) continue;
      const event = newestFor(retained, member, now);
      if (!event) continue;
      if (found.length === this.#config.maxPerSubscribe) {
        this.#count('retained_deliveries_cut');
        break;
      }
      found.push(event);
    }
    return found;
  }

  /**
   * Takes over what the nodes have agreed that a topic keeps, unless this node has changed it after revision `seen`: that
   * change is on its way to them, and will be the last.
   */
  apply(topic: string, agreed: readonly RetainedEvent[], seen: number, now: number): void {
    const row = this.#rows.get(topic);
    if (row?.revision !== undefined && row.revision > seen) return;
    const events = agreed.filter(({ expiresAt }) => expiresAt > now);
    const refusal = events.length === 0 ? undefined : this.#whyNoRoom(row, total(events));
    if (refusal) this.#count(refusal);
    if (events.some(({ expiresAt }) => expiresAt < Infinity)) {
      this.#sweepAt ??= now + this.#config.sweepIntervalMs;
    }
    this.#store(topic, refusal ? [] : events);
  }

  /** Drops what has expired. Returns when to call again. Reads never show an expired event, so this may be late. */
  expire(now: number): number | undefined {
    if (this.#sweepAt === undefined || now < this.#sweepAt) return this.#sweepAt;
    let expiring = false;
    for (const { topic, events, revision } of [...this.#rows.values()]) {
      const left = events.filter((event) => event.expiresAt > now);
      if (left.length < events.length) this.#store(topic, left, revision);
      if (left.length === 0) this.#replication?.expired(topic);
      expiring ||= left.some((event) => event.expiresAt < Infinity);
    }
    this.#sweepAt = expiring ? now + this.#config.sweepIntervalMs : undefined;
    return this.#sweepAt;
  }

  /** What stays beside a new event: nothing when that is open to everybody, else the latest few. */
  #withoutSuperseded(topic: string, isListed: boolean, now: number): readonly RetainedEvent[] {
    if (!isListed) return [];
    const events = (this.#rows.get(topic)?.events ?? []).filter((event) => event.expiresAt > now);
    const open = events.filter((event) => event.filter === undefined);
    const listed = events.filter((event) => event.filter !== undefined);
    const room = this.#config.maxListedPerTopic - 1;
    return [...open, ...listed.slice(Math.max(0, listed.length - room))];
  }

  #whyNot(
    publication: Publication,
    topic: string,
    older: readonly RetainedEvent[],
  ): string | undefined {
    const size = sizeOfEvent(publication);
    if (size > this.#config.maxEventBytes) return 'retained_refused_too_large';
    return this.#whyNoRoom(this.#rows.get(topic), total(older) + size);
  }

  #whyNoRoom(row: Retained | undefined, size: number): string | undefined {
    const { maxTopics, maxBytes } = this.#config;
    if (!row && this.#rows.size >= maxTopics) return 'retained_refused_too_many';
    const after = this.#bytes - total(row?.events ?? []) + size;
    return after > maxBytes ? 'retained_refused_no_room' : undefined;
  }

  /** By a publisher of this node. */
  #change(topic: string, events: readonly RetainedEvent[]): AwaitedRow | undefined {
    const revision = this.#replication?.changed(topic);
    this.#store(topic, events, revision);
    return revision === undefined ? undefined : { family: 'retained', name: topic, revision };
  }

  #store(topic: string, events: readonly RetainedEvent[], revision?: number): void {
    this.#bytes += total(events) - total(this.#rows.get(topic)?.events ?? []);
    if (events.length === 0) this.#rows.delete(topic);
    else this.#rows.set(topic, { topic, events, ...(revision !== undefined && { revision }) });
  }

  #recount(): void {
    for (const { events } of this.#rows.values()) {
      this.#bytes += total(events);
      if (events.some((event) => event.expiresAt < Infinity)) this.#sweepAt = 0;
    }
  }
}

function toRetained(publication: Publication, expiresAt: number): RetainedEvent {
  const { id, topic, details, filter, publisher, excludesPublisher } = publication;
  const excluded = excludesPublisher ? publisher?.id : undefined;
  const payload = retain(publication.payload);
  const size = sizeOfEvent(publication);
  return { publication: id, topic, details, payload, filter, excluded, expiresAt, size };
}

function newestFor(retained: Retained, member: Member, now: number): RetainedEvent | undefined {
  return retained.events.findLast(
    ({ expiresAt, excluded, filter }) =>
      expiresAt > now && excluded !== member.id && (!filter || mayReceive(filter, member)),
  );
}

/** In bytes, estimated. */
export function sizeOfEvent({
  topic,
  details,
  payload,
  filter,
}: Pick<Publication, 'topic' | 'details' | 'payload' | 'filter'>): number {
  const said = topic.length + weigh(details) + payload.end - payload.start;
  return OVERHEAD + said + (filter ? weighLists(filter) : 0);
}

function total(events: readonly RetainedEvent[]): number {
  return events.reduce((sum, event) => sum + event.size, 0);
}
