/** Meta events of other nodes’ sessions, also of those that ended with their node: each subscriber hears of each end once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Client } from '../../sim/client.ts';
import { TestCluster } from './cluster.ts';

const NAMES = ['a', 'b', 'c'] as const;

/** One on each node. */
function watchers(cluster: TestCluster, pattern: string): Client[] {
  const all = NAMES.map((name) => cluster.node(name).client());
  for (const each of all) each.subscribe(pattern, { match: 'prefix' });
  cluster.settle(300);
  for (const each of all) each.take();
  return all;
}

/** Topic and arguments of each event. */
function heard(watcher: Client): string[] {
  return watcher.take().map((message) => {
    assert('payload' in message && 'details' in message);
    const topic = String(message.details['topic']).replace('wamp.', '');
    const args = watcher.argsOf(message.payload).filter((arg) => typeof arg === 'number');
    return `${topic} ${args.join(' ')}`;
  });
}

/** The node dies and is given up. */
function bury(cluster: TestCluster, name: string): void {
  cluster.crash(name, 100);
  cluster.settle(20_000);
}

describe('the end of a session', () => {
  it('and its beginning is told on every node, with the node alive', () => {
    const cluster = new TestCluster();
    const all = watchers(cluster, 'wamp.session.');
    const session = cluster.node('a').client();
    cluster.settle();
    session.leave();
    cluster.settle();
    for (const each of all) {
      assert.deepEqual(heard(each), ['session.on_join ', `session.on_leave ${session.id}`]);
    }
  });

  it('that died with its node is told once on each other node, after the grace', () => {
    const cluster = new TestCluster();
    const before = cluster.node('a').client();
    const [own, ...others] = watchers(cluster, 'wamp.session.on_leave');
    const after = cluster.node('a').client();
    cluster.settle();
    cluster.crash('a', 100);
    cluster.settle(2_000);
    for (const each of others) assert.deepEqual(heard(each), [], 'not as long as it may come back');
    cluster.settle(20_000);
    const expected = [before, own!, after].map(({ id }) => `session.on_leave ${id}`);
    for (const each of others) assert.deepEqual(heard(each).sort(), [...expected].sort());
  });

  it('that its node has still told is not told again when that node is forgotten', () => {
    const cluster = new TestCluster();
    const session = cluster.node('a').client();
    const [, ...others] = watchers(cluster, 'wamp.session.on_leave');
    cluster.network.wire.loss = 1; // of broadcasts: the removal of its entry is never heard
    session.leave();
    cluster.settle(20);
    for (const each of others) assert.deepEqual(heard(each), [`session.on_leave ${session.id}`]);
    bury(cluster, 'a');
    for (const each of others) assert(!heard(each).includes(`session.on_leave ${session.id}`));
  });

  it('is not told for a node that comes back in time', () => {
    const cluster = new TestCluster();
    cluster.node('a').client();
    const all = watchers(cluster, 'wamp.');
    cluster.partition(['a'], ['b', 'c'], 100);
    cluster.settle(3_000);
    cluster.heal();
    cluster.settle(20_000);
    for (const each of all) assert.deepEqual(heard(each), []);
  });

  it('costs the registry nothing as long as nobody watches', () => {
    const cluster = new TestCluster();
    for (const name of NAMES) cluster.node(name).client();
    cluster.settle(300);
    const entries = (): number[] =>
      NAMES.map((name) => cluster.node(name).registryInfo().self.entries);
    assert.deepEqual(entries(), [0, 0, 0]);
    const watcher = cluster.node('a').client();
    watcher.subscribe('wamp.session.on_leave');
    cluster.settle(300);
    assert.deepEqual(entries(), [1, 1, 1], 'its interest, and the sessions of the others');
    watcher.leave();
    cluster.settle(300);
    assert.deepEqual(entries(), [0, 0, 0]);
  });
});

describe('what a dead node’s sessions had', () => {
  it('is told: registrations and what of them is deleted, then subscriptions, then sessions', () => {
    const cluster = new TestCluster();
    const survivor = cluster.node('b').client();
    survivor.register('com.shared', { invoke: 'roundrobin' });
    survivor.subscribe('com.both');
    const lost = cluster.node('a').client();
    lost.register('com.shared', { invoke: 'roundrobin' });
    lost.register('com.own');
    lost.subscribe('com.both');
    lost.subscribe('com.alone');
    cluster.settle(300);
    const [own, alone] = [[...lost.registrations], [...lost.subscriptions]];
    const watcher = cluster.node('c').client();
    for (const topic of ['wamp.registration.', 'wamp.subscription.', 'wamp.session.on_leave']) {
      watcher.subscribe(topic, { match: 'prefix' });
    }
    cluster.settle(300);
    watcher.take();
    bury(cluster, 'a');
    assert.deepEqual(heard(watcher), [
      `registration.on_unregister ${lost.id} ${own[0]}`,
      `registration.on_unregister ${lost.id} ${own[1]}`,
      `registration.on_delete ${lost.id} ${own[1]}`,
      `subscription.on_unsubscribe ${lost.id} ${alone[0]}`,
      `subscription.on_unsubscribe ${lost.id} ${alone[1]}`,
      `subscription.on_delete ${lost.id} ${alone[1]}`,
      `session.on_leave ${lost.id}`,
    ]);
  });

  it('is told by a router that had died itself meanwhile', () => {
    const cluster = new TestCluster();
    const lost = cluster.node('a').client();
    lost.register('com.own');
    const watcher = cluster.node('c').client();
    watcher.subscribe('wamp.', { match: 'prefix' });
    cluster.settle(300);
    cluster.node('c').kernel.exit('root/realm1', { kind: 'killed' });
    cluster.node('a').kernel.exit('root/realm1', { kind: 'killed' });
    cluster.settle(300);
    watcher.take();
    bury(cluster, 'a');
    const topics = heard(watcher).map((text) => text.split(' ')[0]);
    assert.deepEqual(topics, [
      'registration.on_unregister',
      'registration.on_delete',
      'session.on_leave',
    ]);
  });
});
