/**
 * What stores say to each other in an exchange. On the wire a message is an array: its kind as a number, the number of
 * the exchange, then its parts; parts that a newer node appends are ignored. Nothing here trusts the sender.
 */
import { decodeDots, encodeDots } from '../../runtime/causality/dots-codec.ts';
import type { Context } from '../../runtime/causality/dvvset.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';
import { KEY_PART_BYTES } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { SharedRow } from './shared-row.ts';
import { parseRow, plainRow } from './shared-row.ts';

/** Rows of one partition, or halves of items. */
export interface PartitionRows {
  readonly partition: number;
  readonly rows: readonly SharedRow[];
}

export interface PartitionKeys {
  readonly partition: number;
  readonly keyParts: readonly Uint8Array[];
}

/** Of each partition, in order. */
export type Clocks = readonly Dots[];

export interface AboutMe {
  readonly clocks: Clocks;
  /** Of each partition, what every member has seen. */
  readonly stable: readonly Context[];
  /** The clocks do not tell yet what was deleted long ago (catching-up.ts). */
  readonly isCatchingUp: boolean;
}

export type ExchangeMessage =
  /** Are we equal? Digests of all trees, and of all clocks. */
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly partitions: number;
      readonly trees: Uint8Array;
      readonly clocks: Uint8Array;
    }
  | { readonly kind: 'equal'; readonly id: number; readonly isCatchingUp: boolean }
  /** Too many exchanges at once, or not ready. */
  | { readonly kind: 'busy'; readonly id: number; readonly reason: string }
  /** The rows are equal, the clocks are not. */
  | { readonly kind: 'equal_rows'; readonly id: number; readonly about: AboutMe }
  /** With the first symbols. */
  | {
      readonly kind: 'different';
      readonly id: number;
      readonly about: AboutMe;
      readonly symbols: Uint8Array;
    }
  | {
      readonly kind: 'ask_symbols';
      readonly id: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'symbols'; readonly id: number; readonly symbols: Uint8Array }
  | { readonly kind: 'ask_roots'; readonly id: number }
  | { readonly kind: 'roots'; readonly id: number; readonly roots: readonly Uint8Array[] }
  /** Any number of requests about trees of partitions at once. */
  | {
      readonly kind: 'ask_trees';
      readonly id: number;
      readonly requests: readonly (readonly [partition: number, request: Uint8Array])[];
    }
  | { readonly kind: 'trees'; readonly id: number; readonly answers: readonly Uint8Array[] }
  /**
   * Rows for you, and what I want of yours. In the first, `about` me: my clocks as they were at the beginning, and what
   * I know to be stable. `isLast`: when these are applied you have all that I had at the beginning.
   */
  | {
      readonly kind: 'swap';
      readonly id: number;
      readonly about: AboutMe | undefined;
      readonly rows: readonly PartitionRows[];
      readonly wants: readonly PartitionKeys[];
      readonly isLast: boolean;
    }
  /** `wants` that did not fit come back as `left`. */
  | {
      readonly kind: 'swapped';
      readonly id: number;
      readonly rows: readonly PartitionRows[];
      readonly left: readonly PartitionKeys[];
    }
  /** After `equal_rows`. */
  | { readonly kind: 'learn'; readonly id: number; readonly about: AboutMe }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  /** Nothing more will be asked. */
  | { readonly kind: 'closed'; readonly id: number };

const KINDS = [
  ...['open', 'equal', 'busy', 'equal_rows', 'different', 'ask_symbols', 'symbols', 'ask_roots'],
  ...['roots', 'ask_trees', 'trees', 'swap', 'swapped', 'learn', 'failed', 'closed'],
] as readonly ExchangeMessage['kind'][];

const MAX_PARTITIONS = 256;
const MAX_LIST = 65_536;

export function toWire(message: ExchangeMessage): PlainValue {
  return [KINDS.indexOf(message.kind), message.id, ...partsOf(message)];
}

function partsOf(message: ExchangeMessage): readonly PlainValue[] {
  switch (message.kind) {
    case 'open':
      return [message.partitions, message.trees, message.clocks];
    case 'equal':
      return [message.isCatchingUp];
    case 'ask_roots':
    case 'closed':
      return [];
    case 'busy':
    case 'failed':
      return [message.reason];
    case 'equal_rows':
    case 'learn':
      return plainAbout(message.about);
    case 'different':
      return [plainAbout(message.about), message.symbols];
    case 'ask_symbols':
      return [message.from, message.to];
    case 'symbols':
      return [message.symbols];
    case 'roots':
      return [message.roots];
    case 'ask_trees':
      return [message.requests];
    case 'trees':
      return [message.answers];
    case 'swap':
      return [
        ...[message.rows.map(plainRows), message.wants.map(plainKeys), message.isLast],
        message.about === undefined ? null : plainAbout(message.about),
      ];
    case 'swapped':
      return [message.rows.map(plainRows), message.left.map(plainKeys)];
  }
}

/** Thrown inside this file only. */
class Unfit extends Error {}

/** The message, or why it is none. */
export function parseExchange(value: PlainValue): ExchangeMessage | Malformed {
  try {
    return read(list(value));
  } catch (error) {
    if (error instanceof Unfit) return new Malformed(error.message);
    throw error;
  }
}

function read([tag, number, ...parts]: readonly PlainValue[]): ExchangeMessage {
  const kind = KINDS[integer(tag)];
  const id = integer(number);
  const [first, second, third, fourth] = parts;
  switch (kind) {
    case 'open':
      return {
        ...{ kind, id, partitions: integer(first) },
        ...{ trees: bytes(second), clocks: bytes(third) },
      };
    case 'equal':
      return { kind, id, isCatchingUp: first === true };
    case 'ask_roots':
    case 'closed':
      return { kind, id };
    case 'busy':
    case 'failed':
      return { kind, id, reason: text(first) };
    case 'equal_rows':
    case 'learn':
      return { kind, id, about: aboutMe([first!, second ?? [], third ?? false]) };
    case 'different':
      return { kind, id, about: aboutMe(first), symbols: bytes(second) };
    case 'ask_symbols':
      return { kind, id, from: integer(first), to: integer(second) };
    case 'symbols':
      return { kind, id, symbols: bytes(first) };
    case 'roots':
      return { kind, id, roots: list(first, MAX_PARTITIONS).map(bytes) };
    case 'ask_trees':
      return { kind, id, requests: list(first).map(treeRequest) };
    case 'trees':
      return { kind, id, answers: list(first).map(bytes) };
    case 'swap':
      return {
        ...{ kind, id, rows: list(first, MAX_PARTITIONS).map(partitionRows) },
        wants: list(second, MAX_PARTITIONS).map(partitionKeys),
        isLast: third === true,
        about: fourth === null || fourth === undefined ? undefined : aboutMe(fourth),
      };
    case 'swapped':
      return {
        ...{ kind, id, rows: list(first, MAX_PARTITIONS).map(partitionRows) },
        left: list(second, MAX_PARTITIONS).map(partitionKeys),
      };
    default:
      throw new Unfit('unknown kind');
  }
}

export function plainContext(dots: Context): PlainValue {
  return dots.flatMap(([actor, counter]) => [actor, counter]);
}

/** Throws `Unfit` within `parse…` only. */
function context(value: PlainValue): Context {
  const flat = list(value);
  if (flat.length % 2 !== 0) throw new Unfit('half a dot');
  return Array.from({ length: flat.length / 2 }, (_, i) => {
    const actor = text(flat[2 * i]);
    if (actor.length > 320) throw new Unfit('a long actor');
    return [actor, integer(flat[2 * i + 1])] as const;
  });
}

/** Undefined: not a context. */
export function parseContext(value: PlainValue): Context | undefined {
  try {
    return context(value);
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

function plainAbout({ clocks: mine, stable, isCatchingUp }: AboutMe): readonly PlainValue[] {
  return [mine.map(encodeDots), stable.map(plainContext), isCatchingUp];
}

function aboutMe(value: PlainValue | undefined): AboutMe {
  const [mine, stable, isCatchingUp] = list(value);
  return {
    clocks: clocks(mine),
    stable: list(stable, MAX_PARTITIONS).map(context),
    isCatchingUp: isCatchingUp === true,
  };
}

function plainRows({ partition, rows }: PartitionRows): PlainValue {
  return [partition, rows.map(plainRow)];
}

function plainKeys({ partition, keyParts }: PartitionKeys): PlainValue {
  const joined = new Uint8Array(KEY_PART_BYTES * keyParts.length);
  keyParts.forEach((part, i) => joined.set(part, KEY_PART_BYTES * i));
  return [partition, joined];
}

function partitionRows(value: PlainValue): PartitionRows {
  const [partition, rows] = list(value);
  const parsed = list(rows).map((row) => {
    const one = parseRow(row);
    if (one === undefined) throw new Unfit('not a row');
    return one;
  });
  return { partition: integer(partition), rows: parsed };
}

function partitionKeys(value: PlainValue): PartitionKeys {
  const [partition, joined] = list(value);
  const all = bytes(joined);
  const count = all.length / KEY_PART_BYTES;
  if (!Number.isInteger(count) || count > MAX_LIST) throw new Unfit('not halves of items');
  const keyParts = Array.from({ length: count }, (_, i) =>
    all.slice(KEY_PART_BYTES * i, KEY_PART_BYTES * (i + 1)),
  );
  return { partition: integer(partition), keyParts };
}

function treeRequest(value: PlainValue): readonly [number, Uint8Array] {
  const [partition, request] = list(value);
  return [integer(partition), bytes(request)];
}

function clocks(value: PlainValue | undefined): Clocks {
  return list(value, MAX_PARTITIONS).map((one) => {
    const dots = decodeDots(bytes(one));
    if (dots instanceof Malformed) throw new Unfit(dots.reason);
    return dots;
  });
}

function list(value: PlainValue | undefined, limit = MAX_LIST): readonly PlainValue[] {
  if (!Array.isArray(value) || value.length > limit) throw new Unfit('not a list');
  return value as readonly PlainValue[];
}

function bytes(value: PlainValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Unfit('not bytes');
  return value;
}

function integer(value: PlainValue | undefined): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Unfit('not a number');
  return value as number;
}

function text(value: PlainValue | undefined): string {
  if (typeof value !== 'string') throw new Unfit('not text');
  return value;
}
