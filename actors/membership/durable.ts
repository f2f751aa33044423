/**
 * The roster as it lies on disk: who the members are and where, sorted by name, so that equal rosters are equal bytes.
 * Health is not kept: what was true before a stop is not known after it, and becomes `unknown`.
 */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { isMap } from '../../runtime/net/peer/codec.ts';
import type { Member } from './member.ts';
import { withHealth } from './member.ts';
import { parseMember, plainMember } from './parse.ts';

const FORMAT = 1;

export function plainRoster(members: Iterable<Member>): PlainValue {
  const sorted = [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { format: FORMAT, members: sorted.map((one) => plainMember(asStored(one))) };
}

/** The members, or why the value is no roster. */
export function parseRoster(value: PlainValue): readonly Member[] | string {
  if (!isMap(value)) return 'not a roster';
  if (value['format'] !== FORMAT) return `format ${String(value['format'])} is not understood`;
  const records = value['members'];
  if (!Array.isArray(records)) return 'no members';
  const members: Member[] = [];
  for (const record of records as readonly PlainValue[]) {
    const member = parseMember(record);
    if (member === undefined) return `record ${members.length} is damaged`;
    members.push(asStored(member));
  }
  return members;
}

/** Whether a change is worth a write. */
export function isStoredAlike(a: Member | undefined, b: Member): boolean {
  return (
    a !== undefined &&
    a.incarnation === b.incarnation &&
    a.status === b.status &&
    a.version === b.version &&
    a.addresses === b.addresses
  );
}

function asStored(member: Member): Member {
  return withHealth(member, 'unknown', 0);
}
