/**
 * One answer for a row with siblings, and for "last write wins" the repair that makes it the only one.
 *
 * The repair keeps the row's clock and needs no dot of its own, so two repairers of one row write the same bytes, and
 * repairs of different parts of the siblings merge in any order without loss: their order of stamps agrees with
 * causality, so the greatest version is never dropped, and whatever overwrites it is greater still.
 *
 * No other order has that. With "first write wins" let x drop y, and z, later than y, overwrite x: a replica that knows
 * only y and z drops z, and together they have dropped everything. So other resolvers only choose or compute when the
 * row is read; its siblings stay until the next write, which has seen them all. They also prefer a value to a tombstone
 * it is concurrent with: a node that has reaped a tombstone and writes the key again can no longer say it had seen it.
 */
import type { Order } from './dvvset.ts';
import { compareStamps } from './hlc.ts';
import type { Dot, Row, Sibling, Version } from './row.ts';
import { compareSiblings, isSameRow, keepOnly, merge, settled, siblings } from './row.ts';

/** A version that is not a tombstone. */
export type Valued = Version & { readonly value: Uint8Array };

export type Resolver =
  /** Last write wins. */
  | { readonly kind: 'lww' }
  /** First write wins. */
  | { readonly kind: 'fww' }
  /** The greatest value wins; ties are decided as for lww. The same order on all nodes. */
  | { readonly kind: 'chosen'; readonly order: Order<Valued> }
  /** A value of all values, greatest stamp first, at least one. Must not depend on anything else. */
  | { readonly kind: 'computed'; readonly combine: (values: readonly Valued[]) => Uint8Array };

type Choosing = Exclude<Resolver, { kind: 'computed' }>;

export const LWW: Resolver = { kind: 'lww' };
export const FWW: Resolver = { kind: 'fww' };

/** The row's one value; undefined: deleted. */
export function resolve(row: Row, resolver: Resolver = LWW): Uint8Array | undefined {
  if (resolver.kind !== 'computed') return winner(row, resolver)?.version.value;
  const values = [...siblings(row)]
    .sort((a, b) => compareSiblings(b, a))
    .map(({ version }) => version)
    .filter(isValued);
  return values.length === 0 ? undefined : resolver.combine(values);
}

/** The row with only the last version, its clock unchanged; the row itself if there is nothing to repair. */
export function repair(row: Row, resolver: Resolver = LWW): Row {
  if (resolver.kind !== 'lww') return row;
  const last = winner(row, resolver);
  return last === undefined ? row : keepOnly(row, last);
}

/**
 * The row after another replica's: merged, repaired, and without what is settled. `local` itself if nothing changed;
 * undefined: nothing to keep.
 */
export function absorb(
  local: Row | undefined,
  remote: Row,
  resolver: Resolver,
  isStable: (dot: Dot) => boolean,
): Row | undefined {
  const absorbed = settled(repair(merge(local, remote), resolver), isStable);
  return isSameRow(absorbed, local) ? local : absorbed;
}

function winner(row: Row, resolver: Choosing): Sibling | undefined {
  const all = siblings(row);
  if (all.length <= 1) return all[0];
  const order = orderOf(resolver);
  return all.reduce((best, next) => (order(best, next) < 0 ? next : best));
}

function orderOf(resolver: Choosing): Order<Sibling> {
  switch (resolver.kind) {
    case 'lww':
      return compareSiblings;
    case 'fww':
      return valuesFirst((a, b) => compareStamps(b.stamp, a.stamp));
    case 'chosen':
      return valuesFirst(resolver.order);
  }
}

function valuesFirst(order: Order<Valued>): Order<Sibling> {
  return (a, b) => {
    const [left, right] = [a.version, b.version];
    if (!isValued(left) || !isValued(right)) {
      return Number(isValued(left)) - Number(isValued(right)) || compareSiblings(a, b);
    }
    return order(left, right) || compareSiblings(a, b);
  };
}

function isValued(version: Version): version is Valued {
  return version.value !== undefined;
}
