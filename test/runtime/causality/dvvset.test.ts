import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Dvvset } from '../../../runtime/causality/dvvset.ts';
import {
  contextOf,
  descends,
  event,
  NOTHING,
  only,
  sizeOf,
  sync,
  update,
  valuesOf,
  written,
} from '../../../runtime/causality/dvvset.ts';
import type { Step } from '../../support/causal-histories.ts';
import { byNumber, CausalHistories, REPLICAS, steps } from '../../support/causal-histories.ts';

const join = (a: Dvvset<number>, b: Dvvset<number>) => sync(a, b, byNumber);
const afterwards = (taken: readonly Step[]) => {
  const histories = new CausalHistories();
  for (const step of taken) histories.take(step);
  return histories;
};

test('the values alive are those of the model of causal histories, after every step', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const histories = new CausalHistories();
      for (const step of taken) {
        histories.take(step);
        const { set } = histories.replicas[step.at]!;
        assert.deepEqual([...valuesOf(set)].sort(byNumber), histories.alive(step.at));
      }
    }),
    { numRuns: 2000 },
  );
});

test('sync is commutative, associative and idempotent on all that can be reached', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const sets = afterwards(taken).replicas.map(({ set }) => set);
      for (let i = 0; i < REPLICAS; i++) {
        const [a, b, c] = [sets[i]!, sets[(i + 1) % REPLICAS]!, sets[(i + 2) % REPLICAS]!];
        assert.deepEqual(join(a, b), join(b, a));
        assert.deepEqual(join(join(a, b), c), join(a, join(b, c)));
        assert.equal(join(a, a), a);
        assert(descends(join(a, b), a));
      }
    }),
    { numRuns: 1000 },
  );
});

test('a sync that adds nothing returns the set itself', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const [a, b] = afterwards(taken).replicas.map(({ set }) => set);
      const both = join(a!, b!);
      assert.equal(join(both, a!), both);
      assert.equal(join(both, b!), both);
    }),
  );
});

describe('hazards', () => {
  const put = (set: Dvvset<number>, actor: string, value: number, seen = contextOf(set)) =>
    update(written(value, seen), set, actor, byNumber);

  test('two clients that write in turn leave two siblings, not a hundred', () => {
    let set: Dvvset<number> = NOTHING;
    let [left, right] = [contextOf(set), contextOf(set)];
    for (let i = 0; i < 50; i++) {
      set = put(set, 'a', 2 * i, left);
      left = contextOf(set);
      set = put(set, 'a', 2 * i + 1, right);
      right = contextOf(set);
    }
    assert(sizeOf(set) <= 2, `${sizeOf(set)} siblings`);
  });

  test('equal clocks with different values agree on the greater one, whoever asks', () => {
    const [rotten, sound] = [put(NOTHING, 'a', 1), put(NOTHING, 'a', 2)];
    assert.deepEqual(join(rotten, sound), sound);
    assert.deepEqual(join(sound, rotten), sound);
  });

  test('a dot that was used before is refused', () => {
    const { entries } = put(NOTHING, 'a', 1);
    assert.throws(() => event(entries, 'a', 2, 1), /used before/);
  });

  test('keeping one value keeps the clock, so what was dropped does not come back', () => {
    const both = join(put(NOTHING, 'a', 1), put(NOTHING, 'b', 2));
    const kept = only(both, 'a', 1);
    assert.deepEqual(valuesOf(kept), [1]);
    assert.deepEqual(contextOf(kept), contextOf(both));
    assert.deepEqual(join(both, kept), kept);
  });
});
