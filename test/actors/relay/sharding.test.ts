/** One resource key has one owner in the cluster, wherever publishers, callers and members are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Client } from '../../sim/client.ts';
import { TestCluster } from './cluster.ts';

const TOPIC = 'com.example.sensor';
const NAMES = ['a', 'b', 'c'] as const;

/** One subscriber on each node, with a node key of its own. */
function sharded(cluster: TestCluster): Map<string, Client> {
  const subscribers = new Map<string, Client>();
  for (const name of NAMES) {
    const client = cluster.node(name).client();
    client.subscribe(TOPIC, { nkey: `node-${name}` });
    subscribers.set(name, client);
  }
  cluster.settle(200);
  for (const each of subscribers.values()) assert.deepEqual(each.heard(), ['SUBSCRIBED']);
  return subscribers;
}

/** Who got the events of each key, published from this node. */
function owners(
  cluster: TestCluster,
  from: string,
  subscribers: Map<string, Client>,
  keys: number,
) {
  const publisher = cluster.node(from).client();
  for (let i = 0; i < keys; i++) publisher.publish(TOPIC, [i], { rkey: `key ${i}` });
  cluster.settle();
  const found: string[][] = Array.from({ length: keys }, () => []);
  for (const [name, client] of subscribers) {
    for (const message of client.take()) {
      if ('payload' in message) found[client.argsOf(message.payload)[0] as number]!.push(name);
    }
  }
  publisher.leave();
  return found;
}

describe('a sharded subscription over three nodes', () => {
  it('gives each resource key to one node key, the same from every node', () => {
    const cluster = new TestCluster();
    const subscribers = sharded(cluster);
    const [first, ...others] = NAMES.map((name) => owners(cluster, name, subscribers, 300));
    for (const each of first!) assert.equal(each.length, 1);
    for (const each of others) assert.deepEqual(each, first);
    for (const name of NAMES) {
      const share = first!.filter(([owner]) => owner === name).length;
      assert(share > 70 && share < 130, `${name} has ${share} of 300 keys`);
    }
  });

  it('moves only the keys of a node that has died, when it is forgotten', () => {
    const cluster = new TestCluster();
    const subscribers = sharded(cluster);
    const before = owners(cluster, 'b', subscribers, 100);
    cluster.crash('a', 100);
    subscribers.delete('a');
    cluster.settle(20_000);
    const after = owners(cluster, 'b', subscribers, 100);
    for (const [i, [owner]] of before.entries()) {
      assert.equal(after[i]!.length, 1);
      if (owner !== 'a') assert.equal(after[i]![0], owner);
    }
  });

  it('leaves out nobody without a node key, and everybody gets what has no resource key', () => {
    const cluster = new TestCluster();
    const subscribers = sharded(cluster);
    const plain = cluster.node('b').client();
    plain.subscribe(TOPIC);
    cluster.settle(200);
    plain.take();
    const publisher = cluster.node('c').client();
    for (let i = 0; i < 20; i++) publisher.publish(TOPIC, [i], { rkey: `key ${i}` });
    publisher.publish(TOPIC, ['all']);
    cluster.settle();
    assert.equal(plain.take().length, 21);
    for (const each of subscribers.values()) assert.equal(each.heard().at(-1), 'EVENT ["all"]');
  });

  it('follows a session that changes its node key, leaves or loses its router', () => {
    const cluster = new TestCluster();
    const subscribers = sharded(cluster);
    subscribers.get('a')!.subscribe(TOPIC, { nkey: 'node-b' });
    cluster.settle(200);
    subscribers.get('a')!.take();
    const shared = owners(cluster, 'c', subscribers, 60);
    for (const each of shared) assert(each.join() === 'a,b' || each.join() === 'c', each.join());
    subscribers.get('a')!.leave();
    subscribers.delete('a');
    cluster.node('b').kernel.exit('root/realm1', { kind: 'killed' });
    cluster.settle(200);
    const left = owners(cluster, 'c', subscribers, 60);
    for (const [i, each] of left.entries()) {
      assert.deepEqual(each, [shared[i]!.includes('c') ? 'c' : 'b']);
    }
  });

  it('is confirmed when every node knows of its node key', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    cluster.node('a').client().subscribe(TOPIC);
    cluster.settle(200);
    const member = cluster.node('a').client();
    member.subscribe(TOPIC, { nkey: 'late' });
    cluster.settle(15);
    assert.deepEqual(member.heard(), []);
    cluster.settle(10);
    assert.deepEqual(member.heard(), ['SUBSCRIBED']);
  });
});

describe('a sharded registration over three nodes', () => {
  it('gives each key to one callee, the same from every node, and all a fair share', () => {
    const cluster = new TestCluster({ delayMs: () => 1 });
    for (const name of NAMES) {
      const callee = cluster.node(name).client();
      callee.serve('com.work', () => [name], { invoke: 'roundrobin' });
    }
    cluster.settle(200);
    const answers = NAMES.map((name) => {
      const caller = cluster.node(name).client();
      for (let i = 0; i < 300; i++) {
        caller.call('com.work', [], { runmode: 'partition', rkey: `key ${i}` });
      }
      cluster.settle();
      const byRequest = caller.take().map((message) => {
        assert('payload' in message && 'request' in message);
        return [message.request, caller.argsOf(message.payload)[0]] as const;
      });
      return byRequest.sort(([a], [b]) => a - b).map(([, answer]) => answer);
    });
    const [first, ...others] = answers;
    assert.equal(first!.length, 300);
    for (const each of others) assert.deepEqual(each, first);
    for (const name of NAMES) {
      const share = first!.filter((answer) => answer === name).length;
      assert(share > 70 && share < 130, `${name} has ${share} of 300 keys`);
    }
  });
});
