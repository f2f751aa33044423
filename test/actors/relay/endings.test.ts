/** What sessions leave behind and how they are ended, across nodes: testaments, kill_by_*, history of other nodes’ topics. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ref } from '../../../runtime/kernel/actor.ts';
import type { SessionMessage } from '../../../actors/sessions/api.ts';
import type { Value } from '../../../runtime/wamp/message.ts';
import { RESULT } from '../../../runtime/wamp/message.ts';
import type { Client } from '../../sim/client.ts';
import type { TestNode } from './cluster.ts';
import { TestCluster } from './cluster.ts';

function ask(cluster: TestCluster, client: Client, procedure: string, args: readonly Value[]) {
  client.take();
  client.call(procedure, args);
  cluster.settle();
  const answer = client.take().at(-1);
  assert(answer?.type === RESULT, procedure);
  return client.argsOf(answer.payload)[0];
}

/** A session whose actor notes what it is told. */
function mortal(node: TestNode, over: { authid?: string; authrole?: string } = {}) {
  const told: string[] = [];
  const session: Ref<SessionMessage> = {
    cast: (message) => {
      if (message.kind === 'goodbye')
        told.push(`${message.reason} ${JSON.stringify(message.details)}`);
      return 'accepted';
    },
    pid: 0,
    path: 'test',
    isAlive: true,
  };
  const client = node.client('json', over);
  node.cluster.settle(1); // or its actor would be watched
  Object.assign(client.member, { session });
  return { client, told };
}

describe('a testament', () => {
  it('reaches subscribers of every node when its session ends, in any way but with its node', () => {
    const cluster = new TestCluster();
    const heirs = ['a', 'b', 'c'].map((name) => cluster.node(name).client());
    for (const each of heirs) each.subscribe('com.will');
    cluster.settle(300);
    const author = cluster.node('a').client();
    for (const each of heirs) each.take();
    ask(cluster, author, 'wamp.session.add_testament', ['com.will', ['farewell'], {}]);
    for (const each of heirs) assert.deepEqual(each.heard(), []);
    author.leave();
    cluster.settle();
    for (const each of heirs) assert.deepEqual(each.heard(), ['EVENT ["farewell"]']);
  });

  it('is published after a router died', () => {
    const cluster = new TestCluster();
    const heir = cluster.node('b').client();
    heir.subscribe('com.will');
    const author = cluster.node('a').client();
    cluster.settle(300);
    ask(cluster, author, 'wamp.session.add_testament', ['com.will', ['farewell'], {}]);
    cluster.node('a').kernel.exit('root/realm1', { kind: 'killed' });
    cluster.settle(300);
    heir.take();
    author.leave();
    cluster.settle();
    assert.deepEqual(heir.heard(), ['EVENT ["farewell"]']);
  });
});

describe('sessions', () => {
  it('are ended by authid, authrole or all, wherever they are, but never the asker', () => {
    const cluster = new TestCluster();
    const nodes = ['a', 'b', 'c'].map((name) => cluster.node(name));
    const [asker] = [mortal(nodes[0]!, { authid: 'alice', authrole: 'staff' })];
    const others = nodes.flatMap((node) => [
      mortal(node, { authid: 'alice', authrole: 'guest' }),
      mortal(node, { authid: 'bob', authrole: 'staff' }),
    ]);
    cluster.settle();
    const all = [asker!, ...others];
    const told = (): number[] => all.map((each) => each.told.splice(0).length);
    const by = (procedure: string, ...args: Value[]) =>
      ask(cluster, asker!.client, `wamp.session.${procedure}`, args);
    const killed = by('kill_by_authid', 'alice') as number[];
    const alices = others.filter(({ client }) => client.member.authid === 'alice');
    assert.deepEqual([...killed].sort(), alices.map(({ client }) => client.id).sort());
    assert.deepEqual(told(), [0, 1, 0, 1, 0, 1, 0]);
    assert.equal(by('kill_by_authrole', 'staff'), 3);
    assert.deepEqual(told(), [0, 0, 1, 0, 1, 0, 1]);
    assert.equal(by('kill_all'), 6);
    assert.deepEqual(told(), [0, 1, 1, 1, 1, 1, 1]);
  });
});

describe('a flap', () => {
  it('prunes no subscription and no registration, and loses no event', () => {
    const cluster = new TestCluster({ nodes: 2 });
    const far = cluster.node('b').client();
    far.subscribe('com.topic');
    far.serve('com.work', () => ['here']);
    cluster.settle(200);
    far.take();
    const near = cluster.node('a').client();
    for (let round = 0; round < 5; round++) {
      cluster.partition(['a'], ['b'], 100);
      cluster.settle(150);
      cluster.heal();
      cluster.settle();
      near.publish('com.topic', [round]);
      near.call('com.work');
      cluster.settle();
    }
    const events = far.heard().filter((text) => text.startsWith('EVENT'));
    assert.deepEqual(
      events,
      [0, 1, 2, 3, 4].map((round) => `EVENT [${round}]`),
    );
    assert.deepEqual(
      near.heard(),
      [2, 4, 6, 8, 10].map((request) => `RESULT ${request} ["here"]`),
    );
    assert.equal(cluster.counted('registry_snapshots'), 0);
  });
});

describe('a node in doubt', () => {
  it('whose callee is the only one leaves its calls unavailable at once', () => {
    const cluster = new TestCluster();
    const callee = cluster.node('a').client();
    callee.serve('com.work', () => []);
    cluster.settle();
    cluster.crash('a', 5_000);
    cluster.node('b').hears({ kind: 'node_suspect', node: callee.node.id });
    const caller = cluster.node('b').client();
    caller.call('com.work');
    cluster.settle(0);
    assert.deepEqual(caller.heard(), ['ERROR 1 wamp.error.unavailable']);
  });
});
