/**
 * One publication to the subscribers of one subscription: the hottest loop of the broker. The EVENT is encoded at
 * most once per serializer, whatever the number of receivers; nothing is allocated per receiver.
 */
import type { SendResult } from '../../runtime/net/connection.ts';
import { SharedFrame } from '../../runtime/net/shared-frame.ts';
import type { EventMessage } from '../../runtime/wamp/message.ts';
import { EVENT } from '../../runtime/wamp/message.ts';
import type { Member } from './api.ts';
import type { Publication } from './publication.ts';
import { detailsFor } from './publication.ts';
import { mayReceive } from './receivers.ts';
import type { Subscription } from './subscriptions.ts';

export type Count = (counter: string, by?: number) => void;

/** Returns to how many receivers the event went. */
export function fanOut(publication: Publication, subscription: Subscription, count: Count): number {
  const { filter, resourceKey } = publication;
  const self = publication.excludesPublisher ? publication.publisher?.id : undefined;
  const shards = resourceKey === undefined ? undefined : subscription.shards;
  const shard = shards?.owner(resourceKey!);
  let sent = 0;
  let first: Member | undefined; // waits: for a single receiver no shared frame is worth its making
  let frame: SharedFrame | undefined;
  for (const member of subscription.subscribers.all) {
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

function toEvent(publication: Publication, { id, match }: Subscription): EventMessage {
  return {
    type: EVENT,
    subscription: id,
    publication: publication.id,
    details: detailsFor(match, publication.topic, publication.details),
    payload: publication.payload,
  };
}
