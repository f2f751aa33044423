/** A row on its way between nodes: its key and its bytes, and for a single put the dot it was given. */
import type { Dot } from '../../runtime/causality/row.ts';
import type { PlainValue } from '../../runtime/net/peer/codec.ts';

export interface SharedRow {
  /** As in the database: `<prefix>\0<key>`. */
  readonly key: Uint8Array;
  /** As `encodeRow` made it. */
  readonly row: Uint8Array;
  /** Of the put that is told; absent in an exchange. */
  readonly dot?: Dot;
}

/** Bytes in a message, about. */
export function weightOf({ key, row }: SharedRow): number {
  return key.length + row.length + 16;
}

export function plainRow({ key, row, dot }: SharedRow): PlainValue {
  return dot === undefined ? [key, row] : [key, row, dot.actor, dot.sequence];
}

/** Undefined: not a row. */
export function parseRow(value: PlainValue | undefined): SharedRow | undefined {
  if (!Array.isArray(value)) return undefined;
  const [key, row, actor, sequence] = value as readonly PlainValue[];
  if (!(key instanceof Uint8Array) || !(row instanceof Uint8Array)) return undefined;
  if (actor === undefined) return { key, row };
  if (typeof actor !== 'string' || actor.length > 320) return undefined;
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 1) return undefined;
  return { key, row, dot: { actor, sequence: sequence as number } };
}
