/**
 * Telling a row that a replica never had from one it has forgotten: with a clock that covers a row's dots and without the
 * row, the row was deleted and the tombstone has done its work (Gonçalves et al., DottedDB, 2017).
 *
 * That is only believed of the side that has seen more than is stable, by the side that has not: a member that was away
 * too long. Between members in good standing a missing row is damage, and is brought back.
 */
import type { Context } from '../../runtime/causality/dvvset.ts';
import type { Dot, Row } from '../../runtime/causality/row.ts';
import type { StoreClock } from '../../runtime/causality/store-clock.ts';
import { laneOfActor } from './state.ts';

/** Every put whose effect the row holds, as far as it can be told. */
export function dotsOf({ entries }: Row): readonly Dot[] {
  return entries.flatMap(({ actor, counter, values }) => [
    { actor, sequence: counter },
    ...values.filter(({ dot }) => dot !== counter).map(({ dot }) => ({ actor, sequence: dot })),
  ]);
}

export function areSeen(row: Row, clock: StoreClock): boolean {
  return dotsOf(row).every((dot) => clock.covers(dot));
}

/** There is something to forget in it once it is stable. */
export function isUnsettled({ entries }: Row): boolean {
  return entries.some(
    ({ values }) => values.length === 0 || values.some(({ value }) => value.value === undefined),
  );
}

/** What is left of a row beside what a peer has: versions it has seen and has not any more are gone. The row itself if none. */
export function withoutGone(row: Row, theirs: Row | undefined, clock: StoreClock): Row | undefined {
  const isGone = ({ actor, sequence }: Dot): boolean =>
    clock.covers({ actor, sequence }) && !has(theirs, actor, sequence);
  let isSame = true;
  const entries = row.entries.flatMap((entry) => {
    const { actor, counter } = entry;
    const values = entry.values.filter(({ dot }) => !isGone({ actor, sequence: dot }));
    // While the peer has an older version of this actor's, what we know of it must stay known.
    const isNeeded = values.length > 0 || hasActor(theirs, actor);
    if (!isNeeded && clock.covers({ actor, sequence: counter })) {
      isSame = false;
      return [];
    }
    if (values.length === entry.values.length) return [entry];
    isSame = false;
    return [{ ...entry, values }];
  });
  if (isSame) return row;
  return entries.some(({ values }) => values.length > 0) ? { entries, anonymous: [] } : undefined;
}

/**
 * There are puts that all members have seen and this clock has not: its node was not counted any more. A node that has
 * only just started has nothing in memory that could be outdated.
 */
export function isBehind(clock: StoreClock, stable: Context): boolean {
  const hasMemory = [...clock.origins].some((origin) => laneOfActor(origin) === 'ram');
  return stable.some(
    ([origin, sequence]) =>
      clock.contiguous(origin) < sequence && (hasMemory || laneOfActor(origin) === 'durable'),
  );
}

function hasActor(row: Row | undefined, actor: string): boolean {
  return row?.entries.some((entry) => entry.actor === actor) ?? false;
}

function has(row: Row | undefined, actor: string, sequence: number): boolean {
  const entry = row?.entries.find((one) => one.actor === actor);
  return entry !== undefined && entry.values.some(({ dot }) => dot === sequence);
}
