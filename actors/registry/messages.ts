/** What registries say to each other, and its form on the wire: short lists, because there are many. */
import type { NodeId } from '../../runtime/causality/identity.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { decodeBody } from '../../runtime/net/peer/codec.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { Row } from './api.ts';
import { isCount, isText, plainEntry, readEntry } from './entries.ts';
import type { Change } from './owner-log.ts';

export type RegistryWire =
  /** Changes `first`, `first` + 1 …, broadcast by their owner, or an answer to `fetch`. */
  | {
      readonly kind: 'changes';
      readonly owner: NodeId;
      readonly first: number;
      readonly changes: readonly Change[];
    }
  /** A page of all entries; `offset` counts those before it. */
  | {
      readonly kind: 'snapshot';
      readonly owner: NodeId;
      readonly sequence: number;
      readonly offset: number;
      readonly total: number;
      readonly rows: readonly Row[];
    }
  | { readonly kind: 'fetch'; readonly owner: NodeId; readonly after: number }
  /** What the sender has of everybody. */
  | { readonly kind: 'digest'; readonly owners: readonly Known[]; readonly isAnswer: boolean }
  /** To the owner: the sender has all of it up to here. */
  | { readonly kind: 'ack'; readonly incarnation: number; readonly sequence: number };

export interface Known {
  readonly owner: NodeId;
  readonly sequence: number;
}

const LIMITS = { maxDepth: 8, maxItems: 1_000_000, maxBytes: 16 * 1024 * 1024 };

export function plain(message: RegistryWire): PlainValue {
  switch (message.kind) {
    case 'changes':
      return ['changes', ...who(message.owner), message.first, message.changes.map(plainChange)];
    case 'snapshot': {
      const { owner, sequence, offset, total, rows } = message;
      const plainRows = rows.map(([id, entry]) => [id, plainEntry(entry)]);
      return ['snapshot', ...who(owner), sequence, offset, total, plainRows];
    }
    case 'fetch':
      return ['fetch', ...who(message.owner), message.after];
    case 'digest': {
      const owners = message.owners.map(({ owner, sequence }) => [...who(owner), sequence]);
      return ['digest', owners, message.isAnswer];
    }
    case 'ack':
      return ['ack', message.incarnation, message.sequence];
  }
}

/** Undefined: not what a registry says. */
export function parse(bytes: Uint8Array): RegistryWire | undefined {
  const body = decodeBody(bytes, LIMITS);
  if (body instanceof Malformed || !Array.isArray(body)) return undefined;
  const list = body as readonly PlainValue[];
  switch (list[0]) {
    case 'changes': {
      const owner = readOwner(list);
      const changes = readAll(list[4], readChange);
      if (!owner || !isCount(list[3]) || list[3] < 1 || !changes) return undefined;
      return { kind: 'changes', owner, first: list[3], changes };
    }
    case 'snapshot': {
      const owner = readOwner(list);
      const rows = readAll(list[6], readRow);
      const [, , , sequence, offset, total] = list;
      if (!owner || !rows || !isCount(sequence) || !isCount(offset) || !isCount(total)) {
        return undefined;
      }
      return { kind: 'snapshot', owner, sequence, offset, total, rows };
    }
    case 'fetch': {
      const owner = readOwner(list);
      if (!owner || !isCount(list[3])) return undefined;
      return { kind: 'fetch', owner, after: list[3] };
    }
    case 'digest': {
      const owners = readAll(list[1], readKnown);
      return owners && { kind: 'digest', owners, isAnswer: list[2] === true };
    }
    case 'ack': {
      const [, incarnation, sequence] = list;
      if (!isCount(incarnation) || !isCount(sequence)) return undefined;
      return { kind: 'ack', incarnation, sequence };
    }
    default:
      return undefined;
  }
}

function who({ name, incarnation }: NodeId): [string, number] {
  return [name, incarnation];
}

function plainChange(change: Change): PlainValue {
  return change.kind === 'add' ? plainEntry(change.entry) : change.id;
}

function readOwner(list: readonly PlainValue[]): NodeId | undefined {
  const [, name, incarnation] = list;
  if (!isText(name, 255) || !isCount(incarnation) || incarnation < 1) return undefined;
  return { name, incarnation };
}

function readKnown(value: PlainValue): Known | undefined {
  if (!Array.isArray(value)) return undefined;
  const owner = readOwner([null, ...(value as readonly PlainValue[])]);
  const sequence = (value as readonly PlainValue[])[2];
  return owner && isCount(sequence) ? { owner, sequence } : undefined;
}

function readChange(value: PlainValue): Change | undefined {
  if (isCount(value)) return { kind: 'remove', id: value };
  const entry = readEntry(value);
  return entry && { kind: 'add', entry };
}

function readRow(value: PlainValue): Row | undefined {
  if (!Array.isArray(value)) return undefined;
  const [id, plainEntry] = value as readonly PlainValue[];
  const entry = readEntry(plainEntry);
  return entry && isCount(id) && id > 0 ? [id, entry] : undefined;
}

function readAll<T>(
  value: PlainValue | undefined,
  read: (item: PlainValue) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: T[] = [];
  for (const item of value as readonly PlainValue[]) {
    const parsed = read(item);
    if (parsed === undefined) return undefined;
    items.push(parsed);
  }
  return items;
}
