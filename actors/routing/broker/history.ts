/**
 * Event history (WAMP advanced, pubsub_event_history). The configuration says which topics are recorded, so events
 * are kept whether or not somebody is subscribed. A publication goes into the log of the first entry that matches
 * its topic; the history of a subscription is what the logs hold of the topics it matches, in order of publication.
 *
 * With other nodes each records what is published on it and hears of the rest through the store. All order by the time of
 * publication, then by node, so that all keep the same last ones; each makes room by itself, and deletes what was its own.
 *
 * Events that were black- or white-listed by session id are not recorded: a session id means nothing later.
 */
import type { Dict, Id, Payload } from '../../../runtime/wamp/message.ts';
import { retain } from '../../../runtime/wamp/message.ts';
import type { HistoryConfig, HistoryTopic } from '../config.ts';
import type { Rows } from '../effects.ts';
import type { AwaitedRow } from '../replicated/acknowledgements.ts';
import { matches } from '../matching/matches.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { weigh } from '../weights.ts';
import type { Publication } from './publication.ts';
import type { ReceiverFilter } from './receivers.ts';
import { isSessionListed, weighLists } from './receivers.ts';

export interface RecordedEvent {
  /** Order of publication on its node, as long as that lives. */
  readonly sequence: number;
  /** The name of the node that it was published on; empty: there is only this one. */
  readonly node: string;
  readonly publication: Id;
  readonly topic: string;
  readonly at: number; // wall clock, ms; never back within a node's life
  readonly details: Dict;
  readonly payload: Payload;
  readonly filter: ReceiverFilter | undefined;
  readonly size: number; // bytes, estimated
}

/** A row: the last events of one configured entry. `events` before `first` are gone and wait to be cut off. */
export interface HistoryLog {
  readonly key: string;
  readonly events: RecordedEvent[];
  first: number;
  bytes: number;
}

/** What a history that is one of many does besides. */
export interface HistoryReplication {
  readonly node: string;
  /** What was published here, by name. */
  readonly rows: Rows<string, RecordedEvent>;
  /** Returns the revision of the change; each is greater than the last. */
  changed(name: string): number;
  expired(name: string): void;
}

/** What an event costs besides what it says, in bytes. */
const OVERHEAD = 250;

export class History {
  readonly #rows: Rows<string, HistoryLog>;
  readonly #config: HistoryConfig;
  readonly #count: (counter: string) => void;
  readonly #replication: HistoryReplication | undefined;
  #sequence = 0;
  #lastAt = 0;

  constructor(
    rows: Rows<string, HistoryLog>,
    config: HistoryConfig,
    count: (counter: string) => void,
    replication?: HistoryReplication,
  ) {
    this.#rows = rows;
    this.#config = config;
    this.#count = count;
    this.#replication = replication;
    for (const { events } of rows.values()) {
      for (const event of events) if (this.#isOwn(event)) this.#noteOwn(event);
    }
  }

  get isOn(): boolean {
    return this.#config.topics.length > 0;
  }

  records(topic: string): boolean {
    return this.isOn && this.#entryFor(topic) !== undefined;
  }

  /** Does the store keep what it has of this topic on disk? */
  isDurable(topic: string): boolean {
    return this.#config.storage !== 'ram' && this.#replication !== undefined && this.records(topic);
  }

  /** Returns what is to be on disk, if the history is. */
  record(publication: Publication, now: number): AwaitedRow | undefined {
    const entry = this.#entryFor(publication.topic);
    if (!entry || (publication.filter && isSessionListed(publication.filter))) return undefined;
    const size = sizeOfRecorded(publication);
    if (size > this.#config.maxEventBytes) {
      this.#count('history_refused_too_large');
      return undefined;
    }
    const { id, topic, details, payload, filter } = publication;
    const event: RecordedEvent = {
      sequence: this.#sequence + 1,
      node: this.#replication?.node ?? '',
      publication: id,
      topic,
      at: Math.max(now, this.#lastAt),
      details,
      payload: retain(payload),
      filter,
      size,
    };
    this.#noteOwn(event);
    this.#replication?.rows.set(nameOf(event), event);
    const revision = this.#replication?.changed(nameOf(event));
    this.#insert(entry, event, false);
    if (revision === undefined || this.#config.storage === 'ram') return undefined;
    return { family: 'recorded', name: nameOf(event), revision };
  }

  /** Events that the store has. Those that were this node's in an earlier life are its own again. */
  apply(events: readonly RecordedEvent[], isRead: boolean): void {
    for (const event of events) {
      const entry = this.#entryFor(event.topic);
      if (!entry || event.size > this.#config.maxEventBytes) {
        this.#count('history_rows_not_recorded');
        continue;
      }
      if (this.#isOwn(event)) {
        this.#noteOwn(event);
        this.#replication?.rows.set(nameOf(event), event);
      }
      this.#insert(entry, event, isRead);
    }
  }

  /** What is kept of the topics that the subscription matches, oldest first. */
  of(match: MatchPolicy, uri: string): RecordedEvent[] {
    const found: RecordedEvent[] = [];
    for (const log of this.#rows.values()) {
      for (let i = log.first; i < log.events.length; i++) {
        const event = log.events[i]!;
        if (matches(event.topic, match, uri)) found.push(event);
      }
    }
    return this.#rows.size > 1 ? found.sort(byPublication) : found;
  }

  #entryFor(topic: string): HistoryTopic | undefined {
    return this.#config.topics.find(({ match, uri }) => matches(topic, match, uri));
  }

  #logOf(entry: HistoryTopic): HistoryLog {
    const key = `${entry.match} ${entry.uri}`;
    let log = this.#rows.get(key);
    if (!log) {
      log = { key, events: [], first: 0, bytes: 0 };
      this.#rows.set(key, log);
    }
    return log;
  }

  #isOwn({ node }: RecordedEvent): boolean {
    return node === (this.#replication?.node ?? '');
  }

  #noteOwn({ sequence, at }: RecordedEvent): void {
    this.#sequence = Math.max(this.#sequence, sequence);
    this.#lastAt = Math.max(this.#lastAt, at);
  }

  /** At its place, mostly the last. */
  #insert(entry: HistoryTopic, event: RecordedEvent, isRead: boolean): void {
    const log = this.#logOf(entry);
    const place = placeOf(log, event);
    if (log.events[place]?.publication === event.publication) return; // told before
    if (place === log.events.length) log.events.push(event);
    else log.events.splice(place, 0, event);
    log.bytes += event.size;
    this.#trim(log, entry.limit, isRead);
  }

  /** Forgets the oldest; the array is cut in large pieces, so that a push stays cheap. */
  #trim(log: HistoryLog, limit: number, isRead: boolean): void {
    while (log.events.length - log.first > limit || log.bytes > this.#config.maxBytesPerTopic) {
      const oldest = log.events[log.first++]!;
      log.bytes -= oldest.size;
      const isOwn = this.#isOwn(oldest);
      if (isOwn) this.#replication?.rows.delete(nameOf(oldest));
      if (isOwn || isRead) this.#replication?.expired(nameOf(oldest));
    }
    if (log.first > limit) {
      log.events.splice(0, log.first);
      log.first = 0;
    }
  }
}

/** Of its row. */
function nameOf({ publication }: RecordedEvent): string {
  return String(publication);
}

/** The same order on all nodes. */
function byPublication(a: RecordedEvent, b: RecordedEvent): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.sequence - b.sequence || a.publication - b.publication;
}

/** Of the first event that is not before this one. */
function placeOf({ events, first }: HistoryLog, event: RecordedEvent): number {
  let [low, high] = [first, events.length];
  if (high > low && byPublication(events[high - 1]!, event) < 0) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byPublication(events[middle]!, event) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** In bytes, estimated. */
export function sizeOfRecorded({
  topic,
  details,
  payload,
  filter,
}: Pick<Publication, 'topic' | 'details' | 'payload' | 'filter'>): number {
  const said = topic.length + weigh(details) + payload.end - payload.start;
  return OVERHEAD + said + (filter ? weighLists(filter) : 0);
}
