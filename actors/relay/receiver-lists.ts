/** Who may receive an event, as one list of six on the wire. */
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import type { ReceiverLists } from './api.ts';

const LISTS = [
  'exclude',
  'excludeAuthid',
  'excludeAuthrole',
  'eligible',
  'eligibleAuthid',
  'eligibleAuthrole',
] as const;

export const NO_LISTS = Symbol('no lists of receivers');

export function listsOf(receivers: ReceiverLists | undefined): PlainValue {
  return receivers ? LISTS.map((key) => receivers[key] ?? null) : null;
}

/** `NO_LISTS`: not what a relay says. */
export function readLists(
  value: PlainValue | undefined,
): ReceiverLists | undefined | typeof NO_LISTS {
  if (value === null) return undefined;
  if (!Array.isArray(value) || value.length !== LISTS.length) return NO_LISTS;
  const lists: Record<string, readonly PlainValue[]> = {};
  for (const [index, list] of (value as readonly PlainValue[]).entries()) {
    if (list === null) continue;
    const key = LISTS[index];
    const isItem = key === 'exclude' || key === 'eligible' ? isId : isText;
    if (!Array.isArray(list) || !list.every(isItem)) return NO_LISTS;
    lists[key] = list;
  }
  return lists as ReceiverLists;
}

function isText(value: PlainValue | undefined): value is string {
  return typeof value === 'string';
}

function isId(value: PlainValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 53;
}
