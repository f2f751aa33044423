/**
 * Who may receive an event (WAMP advanced, pubsub_subscriber_blackwhite_listing). All conditions that are present
 * must hold; an empty list of eligibles is present, so nobody is eligible.
 */
import type { Id } from '../../../runtime/wamp/message.ts';
import type { OptionReader } from '../options.ts';

export interface ReceiverFilter {
  readonly exclude: ReadonlySet<Id> | undefined;
  readonly excludeAuthid: ReadonlySet<string> | undefined;
  readonly excludeAuthrole: ReadonlySet<string> | undefined;
  readonly eligible: ReadonlySet<Id> | undefined;
  readonly eligibleAuthid: ReadonlySet<string> | undefined;
  readonly eligibleAuthrole: ReadonlySet<string> | undefined;
}

/** Bytes of an entry besides its characters. */
const PER_LISTED = 40;

/** What a filter looks at. */
export interface Receiver {
  readonly id: Id;
  readonly authid: string;
  readonly authrole: string;
}

/** Undefined when the publication lists nobody, so that the fan-out has nothing to check. */
export function readReceiverFilter(read: OptionReader): ReceiverFilter | undefined {
  const filter: ReceiverFilter = {
    exclude: toSet(read.ids('exclude')),
    excludeAuthid: toSet(read.strings('exclude_authid')),
    excludeAuthrole: toSet(read.strings('exclude_authrole')),
    eligible: toSet(read.ids('eligible')),
    eligibleAuthid: toSet(read.strings('eligible_authid')),
    eligibleAuthrole: toSet(read.strings('eligible_authrole')),
  };
  return Object.values(filter).some((list) => list !== undefined) ? filter : undefined;
}

export function mayReceive(filter: ReceiverFilter, { id, authid, authrole }: Receiver): boolean {
  if (filter.exclude?.has(id) || (filter.eligible && !filter.eligible.has(id))) return false;
  return mayReceiveAs(filter, authid, authrole);
}

/** The conditions that outlive a session: for what is read long after it was published. */
export function mayReceiveAs(filter: ReceiverFilter, authid: string, authrole: string): boolean {
  if (filter.excludeAuthid?.has(authid) || filter.excludeAuthrole?.has(authrole)) return false;
  if (filter.eligibleAuthid && !filter.eligibleAuthid.has(authid)) return false;
  return !filter.eligibleAuthrole || filter.eligibleAuthrole.has(authrole);
}

export function isSessionListed(filter: ReceiverFilter): boolean {
  return filter.exclude !== undefined || filter.eligible !== undefined;
}

/** What the lists weigh together, in bytes. */
export function weighLists(filter: ReceiverFilter): number {
  let bytes = 0;
  for (const list of Object.values(filter) as (ReadonlySet<Id | string> | undefined)[]) {
    for (const item of list ?? [])
      bytes += PER_LISTED + (typeof item === 'string' ? item.length : 0);
  }
  return bytes;
}

function toSet<T>(list: readonly T[] | undefined): ReadonlySet<T> | undefined {
  return list && new Set(list);
}
