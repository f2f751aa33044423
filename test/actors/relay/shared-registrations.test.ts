/** Callees of several nodes behind one procedure, and registrations that exclude each other. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REGISTERED } from '../../../runtime/wamp/message.ts';
import type { Client } from '../../sim/client.ts';
import { TestCluster } from './cluster.ts';

/** Two callees on each of three nodes; returns how many calls each got, called from all nodes. */
function distribution(
  invoke: string,
  calls: number,
  optionsOf: (call: number) => Parameters<Client['call']>[2] = () => ({}),
) {
  const cluster = new TestCluster({ seed: 3, delayMs: () => 1 });
  const callees = ['a', 'b', 'c', 'a', 'b', 'c'].map((name) => cluster.node(name).client());
  const counts = callees.map(() => 0);
  for (const [index, callee] of callees.entries()) {
    callee.serve('com.work', () => [counts[index]++], { invoke });
    cluster.settle(20);
  }
  const callers = ['a', 'b', 'c'].map((name) => cluster.node(name).client());
  for (let i = 0; i < calls; i++) {
    callers[i % 3].call('com.work', [i], optionsOf(i));
    if (i % 100 === 99) cluster.settle(5);
  }
  cluster.settle();
  const answered = callers.reduce((sum, { received }) => sum + received.length, 0);
  assert.equal(answered, calls);
  return { counts, callers, cluster, callees };
}

describe('a shared registration over three nodes', () => {
  for (const invoke of [
    'roundrobin',
    'random',
    'queue_least_loaded',
    'queue_least_loaded_sample',
    'jump_consistent_hash',
  ]) {
    it(`distributes 10,000 calls within 5 % of even: ${invoke}`, () => {
      const { counts } = distribution(invoke, 10_000, (i) => ({ rkey: `key ${i}` }));
      const even = 10_000 / counts.length;
      for (const count of counts) assert(Math.abs(count - even) <= 0.05 * even, counts.join(' '));
    });
  }

  it('has the same first and the same last callee on all nodes', () => {
    assert.deepEqual(distribution('first', 30).counts, [30, 0, 0, 0, 0, 0]);
    assert.deepEqual(distribution('last', 30).counts, [0, 0, 0, 0, 0, 30]);
  });

  it('sends one key to one callee, from wherever', () => {
    const { counts } = distribution('jch', 30, () => ({ rkey: 'a key' }));
    assert.deepEqual(
      [...counts].sort((a, b) => a - b),
      [0, 0, 0, 0, 0, 30],
    );
  });

  it('prefers its own callees when configured', () => {
    const cluster = new TestCluster({ routing: { preferLocal: true } });
    const counts = { a: 0, b: 0 };
    for (const name of ['a', 'b'] as const) {
      cluster
        .node(name)
        .client()
        .serve('com.work', () => [counts[name]++], { invoke: 'roundrobin' });
    }
    cluster.settle();
    const caller = cluster.node('b').client();
    for (let i = 0; i < 10; i++) caller.call('com.work');
    cluster.settle();
    assert.deepEqual(counts, { a: 0, b: 10 });
  });

  it('passes over a node in doubt, and one that is down', () => {
    const cluster = new TestCluster();
    const answers: string[] = [];
    for (const name of ['a', 'b']) {
      cluster
        .node(name)
        .client()
        .serve('com.work', () => [answers.push(name)], {
          invoke: 'roundrobin',
        });
    }
    cluster.settle();
    cluster.node('c').hears({ kind: 'node_suspect', node: cluster.node('a').id });
    cluster.settle(0);
    const caller = cluster.node('c').client();
    for (let i = 0; i < 4; i++) caller.call('com.work');
    cluster.settle();
    assert.deepEqual(answers, ['b', 'b', 'b', 'b']);
    cluster.node('c').hears({ kind: 'node_down', node: cluster.node('a').id });
    cluster.settle(0);
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(answers.length, 5);
  });
});

describe('a node that is down', () => {
  it('leaves its procedures unavailable for a while, then unknown', () => {
    const cluster = new TestCluster();
    cluster
      .node('a')
      .client()
      .serve('com.work', () => []);
    cluster.settle();
    cluster.crash('a', 100);
    cluster.settle(200);
    const caller = cluster.node('b').client();
    caller.call('com.work');
    cluster.settle(4_000);
    caller.call('com.work');
    cluster.settle(2_000);
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(caller.heard(), [
      'ERROR 1 wamp.error.unavailable',
      'ERROR 2 wamp.error.unavailable',
      'ERROR 3 wamp.error.no_such_procedure',
    ]);
  });

  it('and comes back in time has lost nothing', () => {
    const cluster = new TestCluster();
    cluster
      .node('a')
      .client()
      .serve('com.work', () => ['here']);
    cluster.settle();
    cluster.partition(['a'], ['b', 'c'], 100);
    cluster.settle(3_000);
    cluster.heal();
    cluster.settle();
    const caller = cluster.node('b').client();
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 1 ["here"]']);
    assert.equal(cluster.counted('registry_snapshots'), 0);
  });

  it('and comes back after it was forgotten is learned anew', () => {
    const cluster = new TestCluster();
    const callee = cluster.node('a').client();
    callee.serve('com.work', () => ['here']);
    cluster.settle();
    const caller = cluster.node('b').client();
    caller.call('com.work');
    cluster.partition(['a'], ['b', 'c'], 100);
    cluster.settle(30_000);
    cluster.heal();
    cluster.settle(200);
    caller.take();
    caller.call('com.work');
    cluster.settle();
    assert.deepEqual(caller.heard(), ['RESULT 2 ["here"]']);
  });
});

describe('concurrent single registrations', () => {
  it('one wins on all nodes, and the other is refused before it was confirmed', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    const [one, two] = [cluster.node('a').client(), cluster.node('b').client()];
    one.serve('com.work', () => ['one']);
    cluster.settle(2);
    two.serve('com.work', () => ['two']);
    cluster.settle(300);
    assert.deepEqual(one.heard(), ['REGISTERED']);
    assert.deepEqual(two.heard(), ['ERROR 1 wamp.error.procedure_already_exists']);
    for (const name of ['a', 'b', 'c']) {
      const caller = cluster.node(name).client();
      caller.call('com.work');
      cluster.settle();
      assert.deepEqual(caller.heard(), ['RESULT 1 ["one"]'], name);
    }
  });

  it('of two halves: the later one is revoked when they meet', () => {
    const cluster = new TestCluster();
    cluster.partition(['a'], ['b', 'c'], 100);
    cluster.settle(200);
    const [one, two] = [cluster.node('a').client(), cluster.node('b').client()];
    one.serve('com.work', () => ['one']);
    cluster.settle(5);
    two.serve('com.work', () => ['two']);
    cluster.settle(200);
    assert.deepEqual([one.heard(), two.heard()], [['REGISTERED'], ['REGISTERED']]);
    cluster.heal();
    cluster.settle(300);
    assert.deepEqual([one.heard(), two.heard()], [[], ['REVOKED']]);
    for (const name of ['a', 'b', 'c']) {
      const caller = cluster.node(name).client();
      caller.call('com.work');
      cluster.settle();
      assert.deepEqual(caller.heard(), ['RESULT 1 ["one"]'], name);
    }
  });

  it('of different policies: the first policy wins, with all that share it', () => {
    const cluster = new TestCluster();
    cluster.partition(['a'], ['b', 'c'], 100);
    cluster.settle(200);
    const shared = [cluster.node('a').client(), cluster.node('a').client()];
    const single = cluster.node('b').client();
    shared[0].register('com.work', { invoke: 'roundrobin' });
    cluster.settle(5);
    single.register('com.work');
    cluster.settle(5);
    shared[1].register('com.work', { invoke: 'roundrobin' });
    cluster.settle(200);
    cluster.heal();
    cluster.settle(300);
    assert.deepEqual(single.heard(), ['REGISTERED', 'REVOKED']);
    for (const each of shared) assert.deepEqual(each.heard(), ['REGISTERED']);
  });

  it('taken by force is taken everywhere', () => {
    const cluster = new TestCluster();
    const [one, two] = [cluster.node('a').client(), cluster.node('b').client()];
    one.serve('com.work', () => ['one']);
    cluster.settle(200);
    two.serve('com.work', () => ['two'], { force_reregister: true });
    cluster.settle(300);
    assert.deepEqual(one.heard(), ['REGISTERED', 'REVOKED']);
    assert.deepEqual(two.heard(), ['REGISTERED']);
    for (const name of ['a', 'b', 'c']) {
      const caller = cluster.node(name).client();
      caller.call('com.work');
      cluster.settle();
      assert.deepEqual(caller.heard(), ['RESULT 1 ["two"]'], name);
    }
  });

  it('is refused at once where the other is known', () => {
    const cluster = new TestCluster();
    cluster.node('a').client().register('com.work');
    cluster.settle();
    const second = cluster.node('b').client();
    second.register('com.work');
    cluster.settle(0);
    assert.deepEqual(second.heard(), ['ERROR 1 wamp.error.procedure_already_exists']);
  });
});

describe('REGISTERED', () => {
  it('comes when every node knows: who acts on it is understood everywhere', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    const callee = cluster.node('a').client();
    const caller = cluster.node('c').client();
    callee.outlet.onMessage = (message) => {
      if (message.type === REGISTERED) caller.call('com.work');
    };
    callee.register('com.work');
    cluster.settle(15);
    assert.deepEqual(callee.heard(), []);
    cluster.settle(50);
    assert.deepEqual(callee.heard(), ['REGISTERED', 'INVOCATION []']);
  });

  it('comes before an INVOCATION that is faster than the confirmation', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    cluster.network.cut('a', 'c'); // nobody confirms from there
    const callee = cluster.node('a').client();
    callee.register('com.work');
    cluster.settle(12);
    cluster.node('b').client().call('com.work');
    cluster.settle(12);
    assert.deepEqual(callee.heard(), ['REGISTERED', 'INVOCATION []']);
    cluster.settle(200);
    assert.deepEqual(callee.heard(), []);
  });
});
