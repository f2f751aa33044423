/**
 * Event history (WAMP advanced, pubsub_event_history). The configuration says which topics are recorded, so events
 * are kept whether or not somebody is subscribed. A publication goes into the log of the first entry that matches
 * its topic; the history of a subscription is what the logs hold of the topics it matches, in order of publication.
 *
 * Events that were black- or white-listed by session id are not recorded: a session id means nothing later.
 */
import type { Dict, Id, Payload } from '../../../runtime/wamp/message.ts';
import { retain } from '../../../runtime/wamp/message.ts';
import type { HistoryConfig, HistoryTopic } from '../config.ts';
import type { Rows } from '../effects.ts';
import { matches } from '../matching/matches.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { weigh } from '../weights.ts';
import type { Publication } from './publication.ts';
import type { ReceiverFilter } from './receivers.ts';
import { isSessionListed, weighLists } from './receivers.ts';

export interface RecordedEvent {
  /** Order of publication over all logs of the realm. */
  readonly sequence: number;
  readonly publication: Id;
  readonly topic: string;
  readonly at: number; // wall clock, ms
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

/** What an event costs besides what it says, in bytes. */
const OVERHEAD = 250;

export class History {
  readonly #rows: Rows<string, HistoryLog>;
  readonly #config: HistoryConfig;
  readonly #count: (counter: string) => void;
  #sequence = 0;

  constructor(
    rows: Rows<string, HistoryLog>,
    config: HistoryConfig,
    count: (counter: string) => void,
  ) {
    this.#rows = rows;
    this.#config = config;
    this.#count = count;
    for (const { events } of rows.values()) {
      this.#sequence = Math.max(this.#sequence, events.at(-1)?.sequence ?? 0);
    }
  }

  get isOn(): boolean {
    return this.#config.topics.length > 0;
  }

  records(topic: string): boolean {
    return this.isOn && this.#entryFor(topic) !== undefined;
  }

  record(publication: Publication, now: number): void {
    const entry = this.#entryFor(publication.topic);
    if (!entry || (publication.filter && isSessionListed(publication.filter))) return;
    const size = sizeOf(publication);
    if (size > this.#config.maxEventBytes) return this.#count('history_refused_too_large');
    const log = this.#logOf(entry);
    const { id, topic, details, payload, filter } = publication;
    const sequence = ++this.#sequence;
    log.events.push({
      sequence,
      publication: id,
      topic,
      at: now,
      details,
      payload: retain(payload),
      filter,
      size,
    });
    log.bytes += size;
    this.#trim(log, entry.limit);
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
    return this.#rows.size > 1 ? found.sort((a, b) => a.sequence - b.sequence) : found;
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

  /** Forgets the oldest; the array is cut in large pieces, so that a push stays cheap. */
  #trim(log: HistoryLog, limit: number): void {
    while (log.events.length - log.first > limit || log.bytes > this.#config.maxBytesPerTopic) {
      log.bytes -= log.events[log.first++]!.size;
    }
    if (log.first > limit) {
      log.events.splice(0, log.first);
      log.first = 0;
    }
  }
}

function sizeOf({ topic, details, payload, filter }: Publication): number {
  const said = topic.length + weigh(details) + payload.end - payload.start;
  return OVERHEAD + said + (filter ? weighLists(filter) : 0);
}
