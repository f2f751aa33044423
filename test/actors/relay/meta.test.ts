/** The meta API answers for the cluster. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dict, Value } from '../../../runtime/wamp/message.ts';
import { REGISTERED, RESULT, SUBSCRIBED } from '../../../runtime/wamp/message.ts';
import type { Client } from '../../sim/client.ts';
import { TestCluster } from './cluster.ts';

function ask(cluster: TestCluster, client: Client, procedure: string, args: readonly Value[] = []) {
  client.take();
  client.call(procedure, args);
  cluster.settle();
  const answer = client.take().at(-1);
  if (answer?.type === RESULT) return client.argsOf(answer.payload)[0];
  return answer?.type === 8 ? answer.error : undefined;
}

describe('sessions', () => {
  it('of all nodes are counted, listed and found', () => {
    const cluster = new TestCluster();
    const clients = ['a', 'b', 'c'].map((name) =>
      cluster.node(name).client('json', { authrole: name === 'c' ? 'guest' : 'user' }),
    );
    const [asker, other] = clients;
    assert.equal(ask(cluster, asker, 'wamp.session.count'), 3);
    assert.equal(ask(cluster, asker, 'wamp.session.count', [['guest']]), 1);
    const ids = ask(cluster, asker, 'wamp.session.list') as number[];
    assert.deepEqual([...ids].sort(), clients.map(({ id }) => id).sort());
    const found = ask(cluster, asker, 'wamp.session.get', [other.id]) as Dict;
    assert.equal(found['authid'], other.member.authid);
    assert.equal(ask(cluster, asker, 'wamp.session.get', [4711]), 'wamp.error.no_such_session');
    assert.equal(ask(cluster, asker, 'wamp.session.get', ['x']), 'wamp.error.invalid_argument');
  });

  it('may be killed from afar, but not the one who asks', () => {
    const cluster = new TestCluster();
    const asker = cluster.node('a').client('json');
    const killed: number[] = [];
    const session = (id: () => number) => ({
      cast: () => {
        killed.push(id());
        return 'accepted' as const;
      },
      pid: 0,
      path: 'test',
      isAlive: true,
    });
    const victim: Client = cluster.node('b').client('json');
    cluster.settle();
    Object.assign(victim.member, { session: session(() => victim.id) });
    assert.equal(ask(cluster, asker, 'wamp.session.kill', [victim.id]), undefined);
    assert.deepEqual(killed, [victim.id]);
    assert.equal(
      ask(cluster, asker, 'wamp.session.kill', [asker.id]),
      'wamp.error.no_such_session',
    );
    assert.equal(ask(cluster, asker, 'wamp.session.kill_all'), 1);
  });

  it('are answered in part when a node does not answer, and what is not found is not denied', () => {
    const cluster = new TestCluster();
    const asker = cluster.node('a').client();
    cluster.node('b').client();
    cluster.node('c').client();
    cluster.node('c').stop();
    asker.call('wamp.session.count');
    asker.call('wamp.session.get', [4711]);
    cluster.settle(3_000);
    assert.deepEqual(asker.heard(), ['RESULT 1 [2]', 'ERROR 2 wamp.error.unavailable']);
  });
});

describe('registrations', () => {
  it('have one id everywhere, and list the callees of all nodes', () => {
    const cluster = new TestCluster();
    const callees = ['a', 'b'].map((name) => cluster.node(name).client());
    for (const each of callees) each.register('com.work', { invoke: 'roundrobin' });
    cluster.settle(200);
    const [id, same] = callees.map((each) => {
      const answer = each.last(REGISTERED);
      return answer?.type === REGISTERED ? answer.registration : 0;
    });
    assert.equal(id, same);
    const asker = cluster.node('c').client();
    assert.equal(ask(cluster, asker, 'wamp.registration.lookup', ['com.work']), id);
    assert.equal(ask(cluster, asker, 'wamp.registration.match', ['com.work']), id);
    assert.deepEqual(
      ask(cluster, asker, 'wamp.registration.list_callees', [id]),
      callees.map((each) => each.id),
    );
    assert.equal(ask(cluster, asker, 'wamp.registration.count_callees', [id]), 2);
  });

  it('raise each meta event once in the cluster', () => {
    const cluster = new TestCluster();
    const watcher = cluster.node('c').client();
    watcher.subscribe('wamp.registration', { match: 'prefix' });
    cluster.settle(200);
    watcher.take();
    const callees = ['a', 'b'].map((name) => cluster.node(name).client());
    callees[0].register('com.work', { invoke: 'roundrobin' });
    cluster.settle(200);
    callees[1].register('com.work', { invoke: 'roundrobin' });
    cluster.settle(200);
    callees[0].leave();
    cluster.settle();
    callees[1].leave();
    cluster.settle();
    const topics = watcher.heard().map((text) => /on_\w+/.exec(text)?.[0]);
    assert.deepEqual(topics, [
      'on_create',
      'on_register',
      'on_register',
      'on_unregister',
      'on_unregister',
      'on_delete',
    ]);
  });
});

describe('subscriptions', () => {
  it('have one id everywhere, and are found where nobody subscribed', () => {
    const cluster = new TestCluster();
    const subscribers = ['a', 'b'].map((name) => cluster.node(name).client());
    for (const each of subscribers) each.subscribe('com.topic');
    cluster.settle(200);
    const [id, same] = subscribers.map((each) => {
      const answer = each.last(SUBSCRIBED);
      return answer?.type === SUBSCRIBED ? answer.subscription : 0;
    });
    assert.equal(id, same);
    const asker = cluster.node('c').client();
    assert.equal(ask(cluster, asker, 'wamp.subscription.lookup', ['com.topic']), id);
    assert.deepEqual(ask(cluster, asker, 'wamp.subscription.match', ['com.topic']), [id]);
    assert.deepEqual((ask(cluster, asker, 'wamp.subscription.list') as Dict)['exact'], [id]);
    assert.equal((ask(cluster, asker, 'wamp.subscription.get', [id]) as Dict)['uri'], 'com.topic');
    assert.equal(ask(cluster, asker, 'wamp.subscription.count_subscribers', [id]), 2);
    const sessions = ask(cluster, asker, 'wamp.subscription.list_subscribers', [id]) as number[];
    assert.deepEqual([...sessions].sort(), subscribers.map((each) => each.id).sort());
  });
});
