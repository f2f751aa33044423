/**
 * Dotted version vector sets (Preguiça, Almeida et al., "Dotted Version Vectors", and the compact sets of
 * https://github.com/ricardobcl/Dotted-Version-Vectors): a value written without having seen another stays beside it,
 * one that was seen is gone, on every node, in whatever order the sets meet.
 *
 * The reference stores a value's dot by its place in a list, so an actor's dots must follow each other. Here each value
 * carries its dot. The algebra is the same, and an actor may skip dots: a row takes the sequence of its partition, so a
 * row that was deleted, forgotten and written again never repeats a dot, and its dots are those of the store clock.
 * Also unlike the reference, two values under one dot (a rotten disk, a restored backup) merge to the greater one.
 *
 * Actors are ordered by code unit, values of an actor newest first: equal sets have equal bytes.
 */
import { compareText } from '../structures/bytes.ts';

export interface Dotted<V> {
  readonly dot: number;
  readonly value: V;
}

/** An actor's part: all its dots up to `counter` are known, those in `values` are alive. */
export interface Entry<V> {
  readonly actor: string;
  readonly counter: number;
  readonly values: readonly Dotted<V>[];
}

export interface Dvvset<V> {
  readonly entries: readonly Entry<V>[];
  /** Values that have no dot yet: what a client is about to write, or a reconciled value. */
  readonly anonymous: readonly V[];
}

/** The dots a writer has seen: all up to the counter, per actor, ordered by actor. */
export type Context = readonly (readonly [actor: string, counter: number])[];

/** A total order, the same on all nodes: it decides between two values under one dot. */
export type Order<V> = (a: V, b: V) => number;

export const NOTHING: Dvvset<never> = { entries: [], anonymous: [] };

/** A value to be written by somebody who has seen `context`. */
export function written<V>(value: V, context: Context = []): Dvvset<V> {
  const entries = [...context]
    .sort(([a], [b]) => compareText(a, b))
    .map(([actor, counter]) => ({ actor, counter, values: [] }));
  return { entries, anonymous: [value] };
}

export function contextOf(set: Dvvset<unknown>): Context {
  return set.entries.map(({ actor, counter }) => [actor, counter] as const);
}

/**
 * The client's anonymous value gets the actor's next dot, or the given one, which must be greater than any the actor
 * used here; what its context covers is gone from `current`.
 */
export function update<V>(
  client: Dvvset<V>,
  current: Dvvset<V>,
  actor: string,
  order: Order<V>,
  dot?: number,
): Dvvset<V> {
  const [value] = client.anonymous;
  if (value === undefined || client.anonymous.length > 1) throw new RangeError('one value, please');
  const { entries, anonymous } = sync({ entries: client.entries, anonymous: [] }, current, order);
  return { entries: event(entries, actor, value, dot), anonymous };
}

export function event<V>(
  entries: readonly Entry<V>[],
  actor: string,
  value: V,
  dot = counterIn(entries, actor) + 1,
): readonly Entry<V>[] {
  const at = entries.findIndex((entry) => entry.actor >= actor);
  const found = at >= 0 && entries[at]!.actor === actor ? entries[at] : undefined;
  if (dot <= (found?.counter ?? 0)) throw new RangeError(`dot ${dot} of ${actor} was used before`);
  const entry = { actor, counter: dot, values: [{ dot, value }, ...(found?.values ?? [])] };
  if (found !== undefined) return entries.with(at, entry);
  return at < 0 ? [...entries, entry] : entries.toSpliced(at, 0, entry);
}

/** What both know together. Commutative, associative, idempotent. Returns `a` itself if `b` adds nothing to it. */
export function sync<V>(a: Dvvset<V>, b: Dvvset<V>, order: Order<V>): Dvvset<V> {
  const entries = syncEntries(a.entries, b.entries, order);
  const anonymous = syncAnonymous(a, b, order);
  if (entries === a.entries && anonymous === a.anonymous) return a;
  return { entries, anonymous };
}

/** `a` happened before `b`: all its dots are known there, and not the other way round. Values do not matter. */
export function isLess(a: Dvvset<unknown>, b: Dvvset<unknown>): boolean {
  return descends(b, a) && !descends(a, b);
}

/** All dots of `b` are known in `a`. */
export function descends(a: Dvvset<unknown>, b: Dvvset<unknown>): boolean {
  return b.entries.every(({ actor, counter }) => counter <= counterIn(a.entries, actor));
}

/** The same clock and as many values per actor; which values does not matter. */
export function hasEqualClock(a: Dvvset<unknown>, b: Dvvset<unknown>): boolean {
  const { entries } = b;
  if (a.entries.length !== entries.length) return false;
  return a.entries.every(({ actor, counter, values }, i) => {
    const other = entries[i]!;
    return (
      actor === other.actor && counter === other.counter && values.length === other.values.length
    );
  });
}

export function valuesOf<V>({ entries, anonymous }: Dvvset<V>): readonly V[] {
  return [...anonymous, ...entries.flatMap(({ values }) => values.map(({ value }) => value))];
}

export function actorsOf({ entries }: Dvvset<unknown>): readonly string[] {
  return entries.map(({ actor }) => actor);
}

export function sizeOf({ entries, anonymous }: Dvvset<unknown>): number {
  return entries.reduce((sum, { values }) => sum + values.length, anonymous.length);
}

export function mapValues<V, W>({ entries, anonymous }: Dvvset<V>, f: (value: V) => W): Dvvset<W> {
  return {
    entries: entries.map(({ actor, counter, values }) => ({
      actor,
      counter,
      values: values.map(({ dot, value }) => ({ dot, value: f(value) })),
    })),
    anonymous: anonymous.map(f),
  };
}

/** One value computed of all, still without a dot; `combine` must not depend on the order of its input. */
export function reconcile<V>(set: Dvvset<V>, combine: (values: readonly V[]) => V): Dvvset<V> {
  return { entries: set.entries.map(emptied), anonymous: [combine(valuesOf(set))] };
}

/** The greatest of each actor's newest value and the anonymous ones; `isAtMost` is ≤ for the last, ≥ for the first. */
export function last<V>(set: Dvvset<V>, isAtMost: (a: V, b: V) => boolean): V | undefined {
  return lastOf(set, isAtMost)?.value;
}

/** Keeps what `last` finds, in its own dot, and drops the others: the clock stays. */
export function onlyLast<V>(set: Dvvset<V>, isAtMost: (a: V, b: V) => boolean): Dvvset<V> {
  const winner = lastOf(set, isAtMost);
  if (winner === undefined) return set;
  if (winner.actor === undefined) {
    return { entries: set.entries.map(emptied), anonymous: [winner.value] };
  }
  return only(set, winner.actor, winner.dot);
}

/** Keeps the value under this dot and drops the others. Returns the set itself if there are no others. */
export function only<V>(set: Dvvset<V>, actor: string, dot: number): Dvvset<V> {
  if (sizeOf(set) <= 1) return set;
  const keep = (entry: Entry<V>): Entry<V> =>
    entry.actor === actor
      ? { ...entry, values: entry.values.filter((value) => value.dot === dot) }
      : emptied(entry);
  return { entries: set.entries.map(keep), anonymous: [] };
}

export function counterIn(entries: readonly Entry<unknown>[], actor: string): number {
  return entries.find((entry) => entry.actor === actor)?.counter ?? 0;
}

interface Winner<V> {
  readonly value: V;
  /** undefined: an anonymous value. */
  readonly actor: string | undefined;
  readonly dot: number;
}

function lastOf<V>(
  { entries, anonymous }: Dvvset<V>,
  isAtMost: (a: V, b: V) => boolean,
): Winner<V> | undefined {
  const candidates = entries
    .filter(({ values }) => values.length > 0)
    .map(({ actor, values: [newest] }): Winner<V> => ({ ...newest!, actor }))
    .concat(anonymous.map((value) => ({ value, actor: undefined, dot: 0 })));
  if (candidates.length === 0) return undefined;
  return candidates.reduce((best, next) => (isAtMost(best.value, next.value) ? next : best));
}

function emptied<V>({ actor, counter }: Entry<V>): Entry<V> {
  return { actor, counter, values: [] };
}

function syncEntries<V>(
  a: readonly Entry<V>[],
  b: readonly Entry<V>[],
  order: Order<V>,
): readonly Entry<V>[] {
  const merged: Entry<V>[] = [];
  let isNew = false;
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const which = i === a.length ? 1 : j === b.length ? -1 : compareText(a[i]!.actor, b[j]!.actor);
    const entry = which < 0 ? a[i]! : which > 0 ? b[j]! : syncEntry(a[i]!, b[j]!, order);
    isNew ||= which > 0 || entry !== a[i];
    merged.push(entry);
    if (which <= 0) i++;
    if (which >= 0) j++;
  }
  return isNew ? merged : a;
}

/** A dot lives on if both have it, or one has it and the other never knew it. */
function syncEntry<V>(a: Entry<V>, b: Entry<V>, order: Order<V>): Entry<V> {
  const values: Dotted<V>[] = [];
  for (let i = 0, j = 0; i < a.values.length || j < b.values.length;) {
    const [left, right] = [a.values[i], b.values[j]];
    const which = (right?.dot ?? 0) - (left?.dot ?? 0);
    if (which === 0) values.push(order(left!.value, right!.value) >= 0 ? left! : right!);
    else if (which < 0 && left!.dot > b.counter) values.push(left!);
    else if (which > 0 && right!.dot > a.counter) values.push(right!);
    if (which <= 0) i++;
    if (which >= 0) j++;
  }
  const counter = Math.max(a.counter, b.counter);
  const isSame =
    counter === a.counter &&
    values.length === a.values.length &&
    values.every((value, i) => value === a.values[i]);
  return isSame ? a : { actor: a.actor, counter, values };
}

function syncAnonymous<V>(a: Dvvset<V>, b: Dvvset<V>, order: Order<V>): readonly V[] {
  if (a.anonymous.length === 0 && b.anonymous.length === 0) return a.anonymous;
  if (isLess(a, b)) return b.anonymous;
  if (isLess(b, a)) return a.anonymous;
  const all = [...a.anonymous, ...b.anonymous].sort(order);
  return all.filter((value, i) => i === 0 || order(all[i - 1]!, value) !== 0);
}
