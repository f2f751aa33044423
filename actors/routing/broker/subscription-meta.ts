/** The procedures of the subscription meta API (WAMP advanced, meta_api_subscriptions and pubsub_event_history). */
import type { Codec } from '../../../runtime/wamp/codec.ts';
import type { Dict, Id, SerializerId, Value } from '../../../runtime/wamp/message.ts';
import { ERRORS } from '../../../runtime/wamp/uris.ts';
import type { Authorizer } from '../../security/api.ts';
import type { Member } from '../api.ts';
import { invalidArgument, isDict } from '../arguments.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import { MATCH_POLICIES } from '../matching/patterns.ts';
import type { MetaProcedure, MetaReply } from '../meta.ts';
import { isId, OptionReader } from '../options.ts';
import { toTimestamp } from '../timestamps.ts';
import { describe, readHistoryQuery, select } from './history-query.ts';
import type { History } from './history.ts';
import type { Interests } from './interests.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

export interface SubscriptionMetaDependencies {
  readonly subscriptions: Subscriptions;
  /** What other nodes have subscribers for. */
  readonly interests: Interests | undefined;
  readonly history: History;
  readonly codecs: Readonly<Record<SerializerId, Codec>>;
  /** Events in one answer of get_events. */
  readonly maxReply: number;
  readonly authorizer: Pick<Authorizer, 'mayI'> | undefined;
  readonly count: (counter: string) => void;
}

export function subscriptionProcedures(
  d: SubscriptionMetaDependencies,
): Record<string, MetaProcedure> {
  const { subscriptions, interests } = d;
  return {
    'wamp.subscription.list': () => ({ args: [listByMatch(d)] }),
    'wamp.subscription.lookup': (args) => lookup(d, args),
    'wamp.subscription.match': ([topic]) => {
      if (typeof topic !== 'string') return invalidArgument('the argument must be a topic');
      const ids = new Set<Id>();
      subscriptions.forEachMatch(topic, ({ id }) => ids.add(id));
      interests?.forEachMatch(topic, ({ id }) => ids.add(id));
      return { args: [ids.size > 0 ? [...ids] : null] };
    },
    'wamp.subscription.get': ([id]) => {
      const far = isId(id) && !subscriptions.get(id) ? interests?.get(id) : undefined;
      if (far) return { args: [subscriptionDetails(far)] };
      return withSubscription(subscriptions, id, (found) => ({
        args: [subscriptionDetails(found)],
      }));
    },
    'wamp.subscription.list_subscribers': ([id]) =>
      withSubscription(subscriptions, id, ({ subscribers }) => ({
        args: [subscribers.all.map((member) => member.id)],
      })),
    'wamp.subscription.count_subscribers': ([id]) =>
      withSubscription(subscriptions, id, ({ subscribers }) => ({ args: [subscribers.size] })),
    'wamp.subscription.get_events': ([id], kwargs, caller) =>
      withSubscription(subscriptions, id, (found) => getEvents(d, found, kwargs, caller)),
  };
}

export function subscriptionDetails({
  id,
  created,
  uri,
  match,
}: Pick<Subscription, 'id' | 'created' | 'uri' | 'match'>): Dict {
  return { id, created: toTimestamp(created), uri, match };
}

function listByMatch({ subscriptions, interests }: SubscriptionMetaDependencies): Dict {
  const lists: Record<MatchPolicy, Id[]> = { exact: [], prefix: [], wildcard: [] };
  for (const { id, match } of subscriptions.all()) lists[match].push(id);
  for (const { id, match } of interests?.all() ?? []) {
    if (!subscriptions.get(id)) lists[match].push(id);
  }
  return { ...lists };
}

/** `options` are those of SUBSCRIBE; of them only `match` says which subscription it is. */
function lookup(
  { subscriptions, interests }: SubscriptionMetaDependencies,
  [topic, options]: readonly Value[],
): MetaReply {
  if (typeof topic !== 'string') return invalidArgument('the first argument must be a topic');
  const read = new OptionReader(isDict(options) ? options : {});
  const match = read.oneOf('match', MATCH_POLICIES) ?? 'exact';
  if (read.mistake) return invalidArgument(read.mistake.detail);
  const found = subscriptions.find(match, topic) ?? interests?.find(match, topic);
  return { args: [found?.id ?? null] };
}

/** Who may not subscribe may not read what was published either. */
function getEvents(
  d: SubscriptionMetaDependencies,
  subscription: Subscription,
  kwargs: Dict,
  caller: Member,
): MetaReply {
  const { uri, match } = subscription;
  if (d.authorizer && !d.authorizer.mayI(caller, 'subscribe', uri, match)) {
    return { error: ERRORS.notAuthorized, detail: 'subscribing to this topic is not allowed' };
  }
  const query = readHistoryQuery(kwargs, d.maxReply);
  if ('error' in query) return query;
  const args: Value[] = [];
  for (const event of select(d.history.of(match, uri), query, caller)) {
    const described = describe(event, subscription, d.codecs);
    if (described === undefined) d.count('history_events_unreadable');
    else args.push(described);
  }
  return { args };
}

function withSubscription(
  subscriptions: Subscriptions,
  id: Value | undefined,
  answer: (subscription: Subscription) => MetaReply,
): MetaReply {
  if (!isId(id)) return invalidArgument('the argument must be a subscription id');
  const found = subscriptions.get(id);
  return found ? answer(found) : { error: ERRORS.noSuchSubscription };
}
