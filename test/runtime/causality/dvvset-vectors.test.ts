/** The reference implementation's own cases, restated as data in test/vectors/dvvset. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Dvvset } from '../../../runtime/causality/dvvset.ts';
import * as dvvset from '../../../runtime/causality/dvvset.ts';
import { PROJECT_ROOT } from '../../support/project.ts';

type Value = string | number | readonly number[];
type Written = readonly [
  readonly (readonly [string, number, readonly Value[]])[],
  readonly Value[],
];
interface Vector {
  readonly name: string;
  readonly op: string;
  readonly args: readonly unknown[];
  readonly expect: unknown;
}
type AtMost = (a: Value, b: Value) => boolean;

const vectors = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'test/vectors/dvvset/vectors.json'), 'utf8'),
) as readonly Vector[];

const set = (arg: unknown): Dvvset<Value> => {
  const [entries, anonymous] = arg as Written;
  return {
    entries: entries.map(([actor, counter, values]) => ({
      actor,
      counter,
      values: values.map((value, i) => ({ dot: counter - i, value })),
    })),
    anonymous,
  };
};
const order = (a: Value, b: Value): number =>
  JSON.stringify(a) < JSON.stringify(b) ? -1 : JSON.stringify(a) === JSON.stringify(b) ? 0 : 1;

/** As in the vectors, after checking that the dots are where the reference has them. */
const restated = ({ entries, anonymous }: Dvvset<Value>): Written => [
  entries.map(({ actor, counter, values }) => {
    values.forEach(({ dot }, i) => assert.equal(dot, counter - i, 'dots follow each other'));
    return [actor, counter, values.map(({ value }) => value)];
  }),
  anonymous,
];
const fn = <F>(arg: unknown): F => (0, eval)((arg as { fn: string }).fn) as F;

const OPERATIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
  join: (a) => dvvset.contextOf(set(a)),
  update: (client, actor) =>
    restated(dvvset.update(set(client), dvvset.NOTHING, actor as string, order)),
  updateOn: (client, server, actor) =>
    restated(dvvset.update(set(client), set(server), actor as string, order)),
  syncAll: (sets) =>
    restated((sets as unknown[]).map(set).reduce((a, b) => dvvset.sync(a, b, order))),
  event: (entries, actor, value) => {
    const { entries: before } = set([entries, []]);
    return restated({
      entries: dvvset.event(before, actor as string, value as Value),
      anonymous: [],
    })[0];
  },
  last: (isAtMost, a) => dvvset.last(set(a), fn<AtMost>(isAtMost)),
  lww: (isAtMost, a) => restated(dvvset.onlyLast(set(a), fn<AtMost>(isAtMost))),
  reconcile: (combine, a) => restated(dvvset.reconcile(set(a), fn(combine))),
  less: (a, b) => dvvset.isLess(set(a), set(b)),
  equal: (a, b) => dvvset.hasEqualClock(set(a), set(b)),
  size: (a) => dvvset.sizeOf(set(a)),
  ids: (a) => dvvset.actorsOf(set(a)),
  values: (a) => [...dvvset.valuesOf(set(a))].sort(),
  map: (f, a) => restated(dvvset.mapValues(set(a), fn<(value: Value) => Value>(f))),
};

test('there are 62 vectors and every operation is known', () => {
  assert.equal(vectors.length, 62);
  for (const { op } of vectors) assert(op in OPERATIONS, op);
});

vectors.forEach(({ name, op, args, expect }, i) => {
  test(`vector ${i + 1} ${name}: ${op}`, () => {
    assert.deepEqual(OPERATIONS[op]!(...args), expect);
  });
});
