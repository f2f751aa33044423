/**
 * Membership messages to plain values and back. Reading trusts nothing: every field has a type and a bound, a message with
 * one wrong field is no message, and a record that cannot be is not let near the roster, where it would stay.
 */
import type { PeerAddress } from '../links/api.ts';
import { isMap } from '../../runtime/net/peer/codec.ts';
import type { PlainMap, PlainValue } from '../../runtime/net/peer/codec.ts';
import { BUCKETS } from './digest.ts';
import type { Member } from './member.ts';
import { HEALTHS, STATUSES } from './member.ts';
import type { MembershipWire, Pulse, RelationId } from './messages.ts';

/** Far above any honest counter, far below where counting stops being exact. */
const MAX_COUNT = 2 ** 48;
const MAX_NAME = 255;
const MAX_HOST = 255;
const MAX_ADDRESSES = 8;
/** Records in one message; gossip never sends more at once. The longest thousand fit a message of the control channel. */
export const MAX_RECORDS = 1_000;
const MAX_SAMPLE = 64;
const MAX_PATH = 16;

/** Thrown inside this file only: the first field that is not what it must be. */
class Unfit extends Error {}

/** The message, or why it is none. */
export function parseMessage(value: PlainValue): MembershipWire | string {
  try {
    return readMessage(map(value));
  } catch (error) {
    if (error instanceof Unfit) return error.message;
    throw error;
  }
}

/** Undefined: it is no record. */
export function parseMember(value: PlainValue | undefined): Member | undefined {
  try {
    return member(value);
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

export function plainMember(of: Member): PlainValue {
  const places = of.addresses.flatMap(({ host, port }) => [host, port]);
  const status = STATUSES.indexOf(of.status);
  const health = HEALTHS.indexOf(of.health);
  return [of.name, of.incarnation, status, of.version, places, of.beat, health];
}

export function plainMessage(message: MembershipWire): PlainValue {
  switch (message.kind) {
    case 'hello':
    case 'ack':
    case 'indirect_ack':
      return { ...message, member: plainMember(message.member) };
    case 'delta':
    case 'full':
    case 'rumor':
      return { ...message, members: message.members.map(plainMember) };
    case 'digest': {
      const { pulse } = message;
      return { ...message, pulse: pulse && [pulse.name, pulse.incarnation, pulse.count] };
    }
    case 'neighbor_request':
    case 'neighbor_reply':
    case 'neighbor_assert':
    case 'neighbor_end': {
      const { epoch, counter, asker } = message.id;
      return { ...message, id: [epoch, counter, asker] };
    }
    default:
      return message;
  }
}

function readMessage(fields: PlainMap): MembershipWire {
  const kind = fields['kind'] as MembershipWire['kind'];
  switch (kind) {
    case 'hello':
      return { kind, member: member(fields['member']), digest: digest(fields['digest']) };
    case 'digest':
      return { kind, digest: digest(fields['digest']), pulse: pulse(fields['pulse']) };
    case 'buckets':
      return { kind, buckets: laneSums(fields['buckets']) };
    case 'delta':
      return {
        kind,
        digest: digest(fields['digest']),
        buckets: list(fields['buckets'], BUCKETS, (one) => integer(one, 0, BUCKETS - 1)),
        members: list(fields['members'], MAX_RECORDS, member),
        isAnswer: bool(fields['isAnswer']),
      };
    case 'full':
      return {
        kind,
        digest: digest(fields['digest']),
        members: list(fields['members'], MAX_RECORDS, member),
        isAnswer: bool(fields['isAnswer']),
      };
    case 'rumor':
      return { kind, members: list(fields['members'], MAX_RECORDS, member) };
    case 'ping':
      return {
        kind,
        sequence: count(fields['sequence']),
        beat: count(fields['beat']),
        health: oneOf(HEALTHS, fields['health']),
      };
    case 'ack':
    case 'indirect_ack':
      return { kind, sequence: count(fields['sequence']), member: member(fields['member']) };
    case 'ping_request':
      return { kind, sequence: count(fields['sequence']), target: nodeName(fields['target']) };
    case 'nack':
      return { kind, sequence: count(fields['sequence']) };
    case 'accuse':
      return {
        kind,
        name: nodeName(fields['name']),
        incarnation: count(fields['incarnation']),
        beat: count(fields['beat']),
        by: nodeName(fields['by']),
      };
    case 'neighbor_request':
      return { kind, id: relation(fields['id']), priority: oneOf(PRIORITIES, fields['priority']) };
    case 'neighbor_reply':
      return {
        kind,
        id: relation(fields['id']),
        isAccepted: bool(fields['isAccepted']),
        sample: list(fields['sample'], MAX_SAMPLE, nodeName),
      };
    case 'neighbor_assert':
    case 'neighbor_end':
      return { kind, id: relation(fields['id']) };
    case 'shuffle':
      return {
        kind,
        path: list(fields['path'], MAX_PATH, nodeName),
        ttl: integer(fields['ttl'], 0, MAX_PATH),
        sample: list(fields['sample'], MAX_SAMPLE, nodeName),
      };
    case 'shuffle_reply':
      return {
        kind,
        path: list(fields['path'], MAX_PATH, nodeName),
        sample: list(fields['sample'], MAX_SAMPLE, nodeName),
      };
    case 'closing':
      return { kind };
    default:
      kind satisfies never;
      throw new Unfit('unknown kind');
  }
}

const PRIORITIES = ['high', 'low'] as const;

function member(value: PlainValue | undefined): Member {
  const fields = list(value, 7, (one) => one);
  if (fields.length !== 7) throw new Unfit('record');
  const [name, incarnation, status, version, places, beat, health] = fields;
  return {
    name: nodeName(name),
    incarnation: count(incarnation),
    status: STATUSES[integer(status, 0, STATUSES.length - 1)]!,
    version: count(version),
    addresses: addresses(places),
    beat: count(beat),
    health: HEALTHS[integer(health, 0, HEALTHS.length - 1)]!,
  };
}

function addresses(value: PlainValue | undefined): readonly PeerAddress[] {
  const flat = list(value, MAX_ADDRESSES * 2, (one) => one);
  if (flat.length % 2 !== 0) throw new Unfit('addresses');
  const found: PeerAddress[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    found.push({ host: text(flat[at], MAX_HOST), port: integer(flat[at + 1], 1, 65_535) });
  }
  return found;
}

function pulse(value: PlainValue | undefined): Pulse | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = list(value, 3, (one) => one);
  return { name: nodeName(fields[0]), incarnation: count(fields[1]), count: count(fields[2]) };
}

function relation(value: PlainValue | undefined): RelationId {
  const fields = list(value, 3, (one) => one);
  return { epoch: count(fields[0]), counter: count(fields[1]), asker: nodeName(fields[2]) };
}

function laneSums(value: PlainValue | undefined): readonly number[] {
  const sums = list(value, BUCKETS * 2, (one) => integer(one, 0, 2 ** 32 - 1));
  if (sums.length !== BUCKETS * 2) throw new Unfit('buckets');
  return sums;
}

function map(value: PlainValue): PlainMap {
  if (!isMap(value)) throw new Unfit('not a map');
  return value;
}

function list<T>(
  value: PlainValue | undefined,
  limit: number,
  read: (one: PlainValue) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new Unfit('not a list');
  const items = value as readonly PlainValue[];
  if (items.length > limit) throw new Unfit('a list too long');
  return items.map(read);
}

function text(value: PlainValue | undefined, limit: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > limit) {
    throw new Unfit('text');
  }
  return value;
}

/** Printable and without spaces: it stands in logs, paths and on command lines. */
function nodeName(value: PlainValue | undefined): string {
  const name = text(value, MAX_NAME);
  if (!/^[!-~]+$/.test(name)) throw new Unfit('name');
  return name;
}

function integer(value: PlainValue | undefined, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < low || value > high) {
    throw new Unfit('number');
  }
  return value;
}

function count(value: PlainValue | undefined): number {
  return integer(value, 0, MAX_COUNT);
}

function bool(value: PlainValue | undefined): boolean {
  if (typeof value !== 'boolean') throw new Unfit('boolean');
  return value;
}

function oneOf<T extends string>(words: readonly T[], value: PlainValue | undefined): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new Unfit('word');
  return found;
}

function digest(value: PlainValue | undefined): string {
  const found = text(value, 16);
  if (!/^[0-9a-f]{16}$/.test(found)) throw new Unfit('digest');
  return found;
}
