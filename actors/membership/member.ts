/**
 * One line of the roster: what the cluster knows about one node, as a value that merges. Newer incarnation first; within
 * one incarnation the status only moves forward (so leave and removal are final for it), addresses follow the owner's
 * version, and health is SWIM's order: a higher beat wins, on equal beats the worse news (SWIM, DSN 2002, section 4.2).
 */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { PeerAddress } from '../links/api.ts';

/** In the order in which one incarnation goes through them; `left` by its own will, `removed` by an operator's. */
export const STATUSES = ['joining', 'up', 'leaving', 'left', 'removed'] as const;
export type MemberStatus = (typeof STATUSES)[number];

/** `unknown`: read from disk and not heard of since. */
export const HEALTHS = ['unknown', 'alive', 'suspect', 'dead'] as const;
export type Health = (typeof HEALTHS)[number];

export interface Member extends NodeId {
  readonly status: MemberStatus;
  /** Raised by the owner with each change of its addresses. */
  readonly version: number;
  readonly addresses: readonly PeerAddress[];
  /** Raised by the owner to refute what is said about its health. */
  readonly beat: number;
  readonly health: Health;
}

/** Not gone: it is linked to, retried and counted. */
export function isMember({ status }: Member): boolean {
  return status !== 'left' && status !== 'removed';
}

/** Takes part: it has been taken in and is not known to be dead. */
export function isUp({ status, health }: Member): boolean {
  return (status === 'up' || status === 'leaving') && (health === 'alive' || health === 'suspect');
}

/** Status and health in one word, for people. */
export type MemberState =
  'joining' | 'unknown' | 'up' | 'suspect' | 'down' | 'leaving' | 'left' | 'removed';

export function stateOf({ status, health }: Member): MemberState {
  if (status === 'left' || status === 'removed') return status;
  if (health === 'dead') return 'down';
  if (health === 'suspect') return 'suspect';
  if (status !== 'up') return status;
  return health === 'alive' ? 'up' : 'unknown';
}

export function withHealth(member: Member, health: Health, beat = member.beat): Member {
  return { ...member, health, beat };
}

/** The least upper bound of two records of one name. Returns `a` itself when `b` says nothing new. */
export function mergeMember(a: Member, b: Member): Member {
  if (a === b || b.incarnation < a.incarnation) return a;
  if (b.incarnation > a.incarnation) return b;
  const isLater = STATUSES.indexOf(b.status) > STATUSES.indexOf(a.status);
  const isElsewhere = comparePlaces(b, a) > 0;
  const isOtherwise = compareVitals(b, a) > 0;
  if (!isLater && !isElsewhere && !isOtherwise) return a;
  const place = isElsewhere ? b : a;
  const vitals = isOtherwise ? b : a;
  return {
    name: a.name,
    incarnation: a.incarnation,
    status: isLater ? b.status : a.status,
    version: place.version,
    addresses: place.addresses,
    beat: vitals.beat,
    health: vitals.health,
  };
}

export function compareVitals(a: Member, b: Member): number {
  return a.beat - b.beat || HEALTHS.indexOf(a.health) - HEALTHS.indexOf(b.health);
}

/** Two places with one version come from an owner that lost its state; the text decides, the same everywhere. */
function comparePlaces(a: Member, b: Member): number {
  if (a.version !== b.version || a.addresses === b.addresses) return a.version - b.version;
  const [left, right] = [addressesText(a), addressesText(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

export function addressText({ host, port }: PeerAddress): string {
  return `${host}:${port}`;
}

export function isSamePlace(a: Member, b: Member): boolean {
  return a.addresses === b.addresses || addressesText(a) === addressesText(b);
}

function addressesText({ addresses }: Member): string {
  return addresses.map(addressText).join();
}

/** Everything of a record as one text: equal texts, equal records. */
export function memberText(member: Member): string {
  const { name, incarnation, status, version, beat, health } = member;
  return `${name}\n${incarnation} ${status} ${version} ${beat} ${health} ${addressesText(member)}`;
}
