/** Who runs next: signals first, classes in order, everybody's share, and the end of a turn. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TurnClass } from '../../../runtime/kernel/actor.ts';
import type { TurnOptions } from '../../../runtime/kernel/kernel.ts';
import { DEFAULT_TURN, RunQueue } from '../../../runtime/kernel/run-queue.ts';
import type { Runnable } from '../../../runtime/kernel/run-queue.ts';

/** Has so many messages; each takes `costMs` of the test's clock. */
function bench(options: Partial<TurnOptions> = {}) {
  const trace: string[] = [];
  let now = 0;
  let requests = 0;
  const turn = { ...DEFAULT_TURN, ...options };
  const queue = new RunQueue({ now: () => now, wall: () => 0 }, turn, () => void requests++);
  const ready = (
    id: string,
    turnClass: TurnClass,
    messages: number,
    costMs = 0,
    batch = Infinity,
  ): Runnable => {
    let left = messages;
    const runnable: Runnable = {
      turnClass,
      batch,
      runSignals: () => trace.push(`${id}!`),
      runMessages: (limit) => {
        const handled = Math.min(limit, left);
        left -= handled;
        now += handled * costMs;
        trace.push(`${id}${handled}`);
        return handled;
      },
      staysReady: () => left > 0,
    };
    queue.addMessages(runnable);
    return runnable;
  };
  return { queue, trace, ready, requests: () => requests };
}

describe('a turn', () => {
  it('runs signals, then system, control and data', () => {
    const { queue, trace, ready } = bench();
    const data = ready('d', 'data', 1);
    ready('c', 'control', 1);
    ready('s', 'system', 1);
    queue.addSignals(data);
    queue.runTurn();
    assert.deepEqual(trace, ['d!', 's1', 'c1', 'd1']);
    assert.ok(queue.isEmpty);
  });

  it('lets an actor handle a batch, then its neighbours', () => {
    const { queue, trace, ready } = bench({ batch: 10 });
    ready('a', 'data', 25);
    ready('b', 'data', 5);
    queue.runTurn();
    assert.deepEqual(trace, ['a10', 'b5', 'a10', 'a5']);
  });

  it('looks at the clock sooner when messages are heavy', () => {
    const { queue, trace, ready } = bench({ deadlineMs: 2, batch: 64, checkEvery: 32 });
    ready('heavy', 'data', 100, 1, 4);
    queue.runTurn();
    assert.deepEqual(trace, ['heavy4']);
    queue.runTurn();
    assert.deepEqual(trace, ['heavy4', 'heavy4']);
  });

  it('gives data one pick in eight although control never rests, and control one beside system', () => {
    const { queue, trace, ready } = bench({ batch: 1, messages: 64, checkEvery: 1 });
    ready('s', 'system', 1000);
    ready('c', 'control', 1000);
    ready('d', 'data', 1000);
    queue.runTurn();
    const count = (entry: string): number => trace.filter((told) => told === entry).length;
    assert.deepEqual([count('s1'), count('c1'), count('d1')], [24, 4, 4]);
  });

  it('ends at its deadline, and what is left runs in the next', () => {
    const { queue, trace, ready } = bench({ deadlineMs: 2, batch: 10, checkEvery: 10 });
    ready('a', 'data', 100, 0.1);
    queue.runTurn();
    assert.deepEqual(trace, ['a10', 'a10']);
    assert.ok(!queue.isEmpty);
    queue.runTurn();
    assert.equal(trace.length, 4);
  });

  it('is asked for by what becomes ready, except within a turn', () => {
    const { queue, ready, requests } = bench();
    const first = ready('a', 'data', 1);
    assert.equal(requests(), 1);
    queue.addSignals({ ...first, runSignals: () => (ready('b', 'data', 1), 1) });
    assert.equal(requests(), 2);
    queue.runTurn();
    assert.equal(requests(), 2);
  });
});
