/** A publication on its way to another node and from one: what the receiving broker must know, and nothing it decides. */
import type { Id } from '../../../runtime/wamp/message.ts';
import { EVENT } from '../../../runtime/wamp/message.ts';
import type { ReceiverLists, RelayMessage } from '../../relay/api.ts';
import type { Publication } from './publication.ts';
import type { ReceiverFilter } from './receivers.ts';

type RelayedEvent = Extract<RelayMessage, { kind: 'event' }>;

export function eventOf(realm: string, publication: Publication): RelayedEvent {
  const { id, topic, details, payload, filter, resourceKey } = publication;
  return {
    kind: 'event',
    realm,
    topic,
    receivers: filter && listsOf(filter),
    resourceKey,
    message: { type: EVENT, subscription: 1, publication: id, details, payload },
  };
}

/** The publisher is a session of another node, so there is nobody here to exclude for it. */
export function publicationOf({
  topic,
  receivers,
  resourceKey,
  message,
}: RelayedEvent): Publication {
  return {
    id: message.publication,
    topic,
    payload: message.payload,
    publisher: undefined,
    excludesPublisher: false,
    filter: receivers && filterOf(receivers),
    resourceKey,
    details: message.details,
  };
}

export function listsOf(filter: ReceiverFilter): ReceiverLists {
  return {
    exclude: filter.exclude && [...filter.exclude],
    excludeAuthid: filter.excludeAuthid && [...filter.excludeAuthid],
    excludeAuthrole: filter.excludeAuthrole && [...filter.excludeAuthrole],
    eligible: filter.eligible && [...filter.eligible],
    eligibleAuthid: filter.eligibleAuthid && [...filter.eligibleAuthid],
    eligibleAuthrole: filter.eligibleAuthrole && [...filter.eligibleAuthrole],
  };
}

export function filterOf(lists: ReceiverLists): ReceiverFilter {
  return {
    exclude: setOf<Id>(lists.exclude),
    excludeAuthid: setOf(lists.excludeAuthid),
    excludeAuthrole: setOf(lists.excludeAuthrole),
    eligible: setOf<Id>(lists.eligible),
    eligibleAuthid: setOf(lists.eligibleAuthid),
    eligibleAuthrole: setOf(lists.eligibleAuthrole),
  };
}

function setOf<T>(list: readonly T[] | undefined): ReadonlySet<T> | undefined {
  return list && new Set(list);
}
