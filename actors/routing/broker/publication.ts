/**
 * One publication on its way to its subscribers: what PUBLISH.Options asked for, and what EVENT.Details will say.
 */
import type { Dict, Id, Payload } from '../../../runtime/wamp/message.ts';
import { EMPTY } from '../../../runtime/wamp/message.ts';
import type { Member } from '../api.ts';
import type { MatchPolicy } from '../matching/patterns.ts';
import type { BadOption } from '../options.ts';
import { isEmpty, OptionReader } from '../options.ts';
import { readPassthru } from '../passthru.ts';
import type { ReceiverFilter } from './receivers.ts';
import { readReceiverFilter } from './receivers.ts';

export interface Publication {
  readonly id: Id;
  readonly topic: string;
  readonly payload: Payload;
  /** Undefined: the node itself. */
  readonly publisher: Member | undefined;
  readonly excludesPublisher: boolean;
  readonly filter: ReceiverFilter | undefined;
  readonly resourceKey: string | undefined;
  /** Of an EVENT to an exact subscription; others say the topic too. */
  readonly details: Dict;
}

export interface PublishOptions {
  readonly acknowledge: boolean;
  readonly excludeMe: boolean;
  readonly discloseMe: boolean;
  readonly filter: ReceiverFilter | undefined;
  readonly resourceKey: string | undefined;
  readonly retain: boolean;
  /** Milliseconds; Infinity: until the next retained event of the topic. */
  readonly retainedTtlMs: number;
  /** The `ppt_*` attributes when payload passthru mode is in use. */
  readonly passthru: Dict | undefined;
}

const PLAIN: PublishOptions = {
  acknowledge: false,
  excludeMe: true,
  discloseMe: false,
  filter: undefined,
  resourceKey: undefined,
  retain: false,
  retainedTtlMs: Infinity,
  passthru: undefined,
};

const MAX_TTL_SECONDS = 2 ** 31;

export function readPublishOptions(options: Dict): PublishOptions | BadOption {
  if (isEmpty(options)) return PLAIN;
  const read = new OptionReader(options);
  const ttlSeconds = read.integer('_retained_ttl', 0, MAX_TTL_SECONDS) ?? 0; // 0: never, as in Bondy
  const parsed: PublishOptions = {
    acknowledge: read.boolean('acknowledge') ?? false,
    excludeMe: read.boolean('exclude_me') ?? true,
    discloseMe: read.boolean('disclose_me') ?? false,
    filter: readReceiverFilter(read),
    resourceKey: read.routingKey('rkey') ?? read.routingKey('_routing_key'),
    retain: read.boolean('retain') ?? false,
    retainedTtlMs: ttlSeconds === 0 ? Infinity : ttlSeconds * 1000,
    passthru: readPassthru(read),
  };
  return read.mistake ?? parsed;
}

/** Does the publisher wait for an answer? A malformed `acknowledge` is answered too, or its mistake went unseen. */
export function wantsAnswer(options: Dict): boolean {
  const { acknowledge } = options;
  return acknowledge !== undefined && acknowledge !== null && acknowledge !== false;
}

export function eventDetails(publisher: Member, options: PublishOptions): Dict {
  const { discloseMe, passthru } = options;
  const { trustlevel } = publisher;
  if (!discloseMe && trustlevel === undefined && !passthru) return EMPTY;
  return {
    ...(discloseMe && disclosure(publisher)),
    ...(trustlevel !== undefined && { trustlevel }),
    ...passthru,
  };
}

/** What the EVENT of one subscription says: patterns are told the topic that was published to. */
export function detailsFor(match: MatchPolicy, topic: string, details: Dict): Dict {
  return match === 'exact' ? details : { ...details, topic };
}

function disclosure({ id, authid, authrole }: Member): Dict {
  return { publisher: id, publisher_authid: authid, publisher_authrole: authrole };
}
