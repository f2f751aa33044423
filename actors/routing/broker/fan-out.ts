/**
 * One publication to the subscribers of all matching subscriptions: the hottest loop of the broker. An EVENT is encoded at
 * most once per serializer, whatever the number of receivers; nothing is allocated per receiver.
 */
import type { SendResult } from '../../../runtime/net/connection.ts';
import { SharedFrame } from '../../../runtime/net/shared-frame.ts';
import type { EventMessage, Id } from '../../../runtime/wamp/message.ts';
import { EVENT } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import type { Publication } from './publication.ts';
import { detailsFor } from './publication.ts';
import { mayReceive } from './receivers.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

export type Count = (counter: string, by?: number) => void;

/** The node keys of other nodes' sessions. */
interface NodeKeys {
  nodeKeys(match: MatchPolicy, uri: string): Iterable<string> | undefined;
}

/** One publication to every subscription it matches. */
export class Delivery {
  readonly #subscriptions: Subscriptions;
  readonly #count: Count;
  readonly #elsewhere: NodeKeys | undefined;
  /** What is being delivered, and how many events it became: fields, so that `#visit` is made once. */
  #publication: Publication | undefined;
  #sent = 0;
  readonly #visit = (subscription: Subscription) => {
    this.#sent += fanOut(this.#publication!, subscription, this.#count, this.#elsewhere);
  };

  constructor(subscriptions: Subscriptions, count: Count, elsewhere?: NodeKeys) {
    this.#subscriptions = subscriptions;
    this.#elsewhere = elsewhere;
    this.#count = count;
  }

  deliver(publication: Publication): void {
    this.#publication = publication;
    this.#sent = 0;
    this.#subscriptions.forEachMatch(publication.topic, this.#visit);
    this.#publication = undefined; // or it would pin the chunk its payload is in
    if (this.#sent > 0) this.#count('events', this.#sent);
  }

  hasReceivers(topic: string): boolean {
    let found = false;
    this.#subscriptions.forEachMatch(topic, ({ subscribers }) => {
      found ||= subscribers.size > 0;
    });
    return found;
  }
}

/** Returns to how many receivers the event went. */
function fanOut(
  publication: Publication,
  subscription: Subscription,
  count: Count,
  elsewhere: NodeKeys | undefined,
): number {
  const { filter, resourceKey } = publication;
  const self = publication.excludesPublisher ? publication.publisher?.id : undefined;
  const shards = resourceKey === undefined ? undefined : subscription.shards;
  const shard = shards?.owner(
    resourceKey!,
    elsewhere?.nodeKeys(subscription.match, subscription.uri),
  );
  let sent = 0;
  let first: Member | undefined; // waits: for a single receiver no shared frame is worth its making
  let frame: SharedFrame | undefined;
  for (const member of candidates(subscription, filter?.eligible)) {
    if (member.id === self) continue;
    if (filter !== undefined && !mayReceive(filter, member)) continue;
    if (shards !== undefined && !shards.serves(member.id, shard)) continue;
    if (first === undefined) {
      first = member;
      continue;
    }
    if (frame === undefined) {
      frame = new SharedFrame(toEvent(publication, subscription));
      if (arrived(first.outlet.sendShared(frame), count)) sent++;
    }
    if (arrived(member.outlet.sendShared(frame), count)) sent++;
  }
  if (first !== undefined && frame === undefined) {
    if (arrived(first.outlet.send(toEvent(publication, subscription)), count)) sent++;
  }
  return sent;
}

/** A receiver that cannot take an event is counted and does not keep it from the others. */
export function arrived(result: SendResult, count: Count): boolean {
  switch (result) {
    case 'sent':
      return true;
    case 'closed': // its leave is on the way
      return false;
    case 'too_large':
      count('events_dropped_too_large');
      return false;
    case 'unencodable':
      count('events_dropped_unencodable');
      return false;
  }
}

/** A few eligible sessions are looked up, instead of looking through many subscribers for them. */
function candidates(
  { subscribers }: Subscription,
  eligible: ReadonlySet<Id> | undefined,
): readonly Member[] {
  if (eligible === undefined || eligible.size >= subscribers.size) return subscribers.all;
  const found: Member[] = [];
  for (const session of eligible) {
    const member = subscribers.get(session);
    if (member) found.push(member);
  }
  return found;
}

function toEvent(publication: Publication, { id, match }: Subscription): EventMessage {
  return {
    type: EVENT,
    subscription: id,
    publication: publication.id,
    details: detailsFor(match, publication.topic, publication.details),
    payload: publication.payload,
  };
}
