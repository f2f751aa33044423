/** The causal barrier and session clocks: what was seen before is seen after, on another node too. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Applied } from '../../../actors/store/api.ts';
import {
  CausalBarrier,
  CausalHistory,
  CausalMarkers,
  decodeCausal,
  encodeCausal,
  EXCHANGES,
  SessionClock,
} from '../../../actors/store/api.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { Replica } from './replicas.ts';
import { Replicas } from './replicas.ts';

function barrierOf(node: Replica): CausalBarrier {
  return new CausalBarrier(node.state, {
    pullAfterMs: 20,
    after: (delayMs, run) => {
      const timer = node.stepper.setTimer(delayMs, run);
      return () => node.stepper.clearTimer(timer);
    },
    pull: (from) =>
      void node.kernel
        .whereis(EXCHANGES)!
        .cast({ kind: 'exchange', ...(from !== undefined && { peer: from }) }),
    late: () => node.counters.count('store_barriers_late'),
  });
}

const silent = (): Replicas => {
  const cluster = new Replicas({ nodes: 2, config: { isAaeEnabled: false } });
  cluster.broadcasts = false;
  return cluster;
};

describe('causality', () => {
  test('a message waits until what its sender had seen is here, and pulls it', () => {
    const cluster = silent();
    const [a, b] = cluster.nodes as [Replica, Replica];
    const [markers, barrier] = [new CausalMarkers(new CausalHistory(a.state)), barrierOf(b)];
    a.putNow('users', 'ann', 'one');
    const marker = markers.next()!;
    assert.equal(b.get('users', 'ann'), undefined, 'without the barrier it would act too early');
    let applied: Applied | undefined;
    barrier.whenApplied(marker, 5_000, (how) => (applied = how), 'n0');
    assert.equal(applied, undefined);
    assert.equal(
      cluster.wait(() => applied),
      'applied',
    );
    assert.equal(b.get('users', 'ann'), 'one');
    assert.equal(markers.next(), undefined, 'nothing new, no marker');
  });

  test('a link that was silent for long says everything, and one that speaks often what is new', () => {
    const [a, b] = silent().nodes as [Replica, Replica];
    const history = new CausalHistory(a.state);
    const [often, seldom] = [new CausalMarkers(history), new CausalMarkers(history)];
    const told = new SessionClock();
    a.putNow('users', 'first', 'x');
    assert.ok(seldom.next());
    for (let i = 0; i < 100; i++) {
      a.putNow('users', `key ${i}`, 'x');
      const news = often.next()!;
      told.saw(news);
      assert.ok(i === 0 || encodeCausal(news).length < 60);
    }
    const all = new Map(a.state.partitions.map(({ index, clock }) => [index, clock.dots]));
    assert.deepEqual(told.clock, all);
    const late = new SessionClock();
    late.saw(seldom.next()!);
    assert.deepEqual(late.clock, all);
    assert.equal(barrierOf(b).isApplied(all), false);
    assert.deepEqual([often.next(), seldom.next()], [undefined, undefined]);
  });

  test('what does not come in time is late, and counted', () => {
    const cluster = silent();
    const [a, b] = cluster.nodes as [Replica, Replica];
    a.putNow('users', 'ann', 'one');
    const marker = new CausalMarkers(new CausalHistory(a.state)).next()!;
    cluster.partition((name) => Number(name === 'n0'));
    let applied: Applied | undefined;
    const barrier = barrierOf(b);
    barrier.whenApplied(marker, 300, (how) => (applied = how), 'n0');
    assert.equal(
      cluster.wait(() => applied),
      'late',
    );
    assert.equal(b.counters.value('store_barriers_late'), 1);
    assert.equal(barrier.waiting, 0);
  });

  test('a session reads its own writes on another node, by its token', () => {
    const cluster = silent();
    const [a, b] = cluster.nodes as [Replica, Replica];
    const session = new SessionClock();
    for (const key of ['ann', 'bob', 'cleo']) {
      const outcome = a.putNow('users', key, 'mine');
      assert(outcome.kind === 'stored');
      session.wrote(outcome.dot);
    }
    const token = encodeCausal(session.clock);
    assert.ok(token.length < 100, `${token.length} bytes`);
    const clock = decodeCausal(token, cluster.config.partitions);
    assert(!(clock instanceof Malformed));
    let applied: Applied | undefined;
    barrierOf(b).whenApplied(clock, 5_000, (how) => (applied = how), 'n0');
    assert.equal(
      cluster.wait(() => applied),
      'applied',
    );
    for (const key of ['ann', 'bob', 'cleo']) assert.equal(b.get('users', key), 'mine');
  });

  test('a token that is none is refused', () => {
    assert(decodeCausal(new Uint8Array([9, 9]), 2) instanceof Malformed);
    assert(decodeCausal(new Uint8Array(), 2) instanceof Malformed);
    assert(decodeCausal(encodeCausal(new Map([[5, []]])), 2) instanceof Malformed);
  });

  test('a node that restarted does not claim what was in its memory', () => {
    const cluster = silent();
    const [a, b] = cluster.nodes as [Replica, Replica];
    a.putNow('presence', 'ann', 'here');
    assert.equal(b.exchangeWith(a).kind, 'done');
    const marker = new CausalMarkers(new CausalHistory(a.state)).next()!;
    assert.ok(barrierOf(b).isApplied(marker));
    b.crash();
    b.start();
    cluster.advance(100);
    assert.ok(!barrierOf(b).isApplied(marker));
  });
});
