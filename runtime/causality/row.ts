/**
 * A stored row: all versions of one key that no later write has seen, each a value or a tombstone with its stamp.
 *
 * A version's dot is the store clock's: the sequence its writer's partition had reached. So a row that was reaped and
 * written again goes on where it was, never at 1, and from a row alone one can tell what the store clock must cover for
 * it to be stable.
 */
import { compareBytes, compareText } from '../structures/bytes.ts';
import type { Context, Dotted, Dvvset } from './dvvset.ts';
import { contextOf, hasEqualClock, NOTHING, only, sync, update, written } from './dvvset.ts';
import type { Stamp } from './hlc.ts';
import { compareStamps, ZERO_STAMP } from './hlc.ts';

export interface Version {
  readonly stamp: Stamp;
  /** undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
}

/** Never with anonymous values: every version has a dot. */
export type Row = Dvvset<Version>;

/** The n-th put of a node in this partition; `actor` is its `nodeKey`. */
export interface Dot {
  readonly actor: string;
  readonly sequence: number;
}

export interface Sibling extends Dot {
  readonly version: Version;
}

/**
 * The row after a write. `context`: what the writer had seen; without one, all of the row, which leaves one version.
 * The dot's sequence must be the partition's next: a dot used before in this row throws. A stamp that is not after
 * those in the row is raised, so that the order of stamps never contradicts causality, whatever the clocks say.
 */
export function put(
  row: Row | undefined,
  { stamp, value }: Version,
  dot: Dot,
  context: Context = contextOf(row ?? NOTHING),
): Row {
  const newest = newestStamp(row ?? NOTHING);
  const client = written<Version>({ stamp: stamp > newest ? stamp : newest + 1n, value }, context);
  return update(client, row ?? NOTHING, dot.actor, compareVersions, dot.sequence);
}

/** A deletion is a write of a tombstone. */
export function remove(
  row: Row | undefined,
  stamp: Stamp,
  dot: Dot,
  context: Context = contextOf(row ?? NOTHING),
): Row {
  return put(row, { stamp, value: undefined }, dot, context);
}

/** What both know together; `local` itself if `remote` adds nothing. */
export function merge(local: Row | undefined, remote: Row): Row {
  return local === undefined ? remote : sync(local, remote, compareVersions);
}

export function siblings({ entries }: Row): readonly Sibling[] {
  return entries.flatMap(({ actor, values }) =>
    values.map(({ dot, value }) => ({ actor, sequence: dot, version: value })),
  );
}

/** Nothing but tombstones is alive in it. */
export function isDeleted(row: Row): boolean {
  return siblings(row).every(({ version }) => version.value === undefined);
}

/** For the hybrid clock to observe before a row of a peer is taken in. */
export function newestStamp(row: Row): Stamp {
  return siblings(row).reduce(
    (newest, { version }) => (version.stamp > newest ? version.stamp : newest),
    ZERO_STAMP,
  );
}

/**
 * What may be forgotten once every member has seen all that the row knows: the whole row if only tombstones are alive
 * (undefined), else the tombstones beside a value and the actors none of whose versions is left. The row itself if
 * there is nothing to forget. For a row after its resolver's repair: then no tombstone beside a value is what is read.
 *
 * Two things keep the forgotten from coming back. It is applied after a merge too, so that the tombstone of a peer that
 * has not reaped yet is not taken in again; and a put that arrives late, with a dot the store clock covers, is not
 * merged at all.
 */
export function settled(row: Row, isStable: (dot: Dot) => boolean): Row | undefined {
  if (!row.entries.every(({ actor, counter }) => isStable({ actor, sequence: counter }))) {
    return row;
  }
  if (isDeleted(row)) return undefined;
  if (row.entries.every(({ values }) => values.length > 0 && values.every(isValue))) return row;
  const entries = row.entries
    .map((entry) => ({ ...entry, values: entry.values.filter(isValue) }))
    .filter(({ values }) => values.length > 0);
  return { entries, anonymous: [] };
}

/** Keeps one version with the row's clock; the row itself if it is the only one. */
export function keepOnly(row: Row, { actor, sequence }: Dot): Row {
  return only(row, actor, sequence);
}

/** By stamp; at equal stamps a deletion is greater than a value, and values go by their bytes. */
export function compareVersions(a: Version, b: Version): number {
  const byStamp = compareStamps(a.stamp, b.stamp);
  if (byStamp !== 0 || a.value === b.value) return byStamp;
  if (a.value === undefined) return 1;
  return b.value === undefined ? -1 : compareBytes(a.value, b.value);
}

/** A total order of all versions a row can have, the same on all nodes. */
export function compareSiblings(a: Sibling, b: Sibling): number {
  return (
    compareVersions(a.version, b.version) ||
    compareText(a.actor, b.actor) ||
    a.sequence - b.sequence
  );
}

export function isSameRow(a: Row | undefined, b: Row | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a === b;
  const others = siblings(b);
  return (
    hasEqualClock(a, b) && siblings(a).every((one, i) => compareSiblings(one, others[i]!) === 0)
  );
}

function isValue({ value: { value } }: Dotted<Version>): boolean {
  return value !== undefined;
}
