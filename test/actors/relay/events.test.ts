/** Events from one node to another: once per node, as on one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVENT, SUBSCRIBED } from '../../../runtime/wamp/message.ts';
import { TestCluster } from './cluster.ts';

describe('a publication', () => {
  it('crosses once to each node with subscribers, and reaches each of them', () => {
    const cluster = new TestCluster({ nodes: 4 });
    const far = [0, 1, 2].map(() => cluster.node('b').client());
    const near = cluster.node('a').client();
    for (const each of [...far, near]) each.subscribe('com.topic');
    far[0].subscribe('com', { match: 'prefix' });
    const publisher = cluster.node('a').client();
    cluster.settle(200);
    for (const each of [...far, near]) each.take();
    const before = cluster.network.sent.get('relay') ?? 0;
    publisher.publish('com.topic', [1]);
    cluster.settle();
    assert.equal((cluster.network.sent.get('relay') ?? 0) - before, 1);
    assert.deepEqual(far[0].heard().sort(), ['EVENT [1]', 'EVENT {"topic":"com.topic"} [1]']);
    for (const each of [far[1], far[2], near]) assert.deepEqual(each.heard(), ['EVENT [1]']);
  });

  it('has one id everywhere, and tells who published when asked to', () => {
    const cluster = new TestCluster();
    const subscribers = ['a', 'b', 'c'].map((node) => cluster.node(node).client());
    for (const each of subscribers) each.subscribe('com.topic');
    cluster.settle(200);
    for (const each of subscribers) each.take();
    const publisher = cluster.node('a').client();
    publisher.publish('com.topic', [], { disclose_me: true });
    cluster.settle();
    const events = subscribers.map((each) => each.take()[0]);
    const ids = new Set(events.map((event) => (event?.type === EVENT ? event.publication : 0)));
    assert.equal(ids.size, 1);
    for (const event of events) {
      assert(event?.type === EVENT);
      assert.equal(event.details['publisher'], publisher.id);
      assert.equal(event.details['publisher_authrole'], 'anonymous');
    }
  });

  it('obeys its lists on every node', () => {
    const cluster = new TestCluster();
    const [one, two, three] = ['a', 'b', 'c'].map((node) =>
      cluster.node(node).client('msgpack', { authrole: `role-${node}` }),
    );
    const all = [one, two, three];
    for (const each of all) each.subscribe('com.topic');
    cluster.settle(200);
    const reached = (options: Parameters<typeof one.publish>[2]): number[] => {
      for (const each of all) each.take();
      cluster.node('a').client().publish('com.topic', [], options);
      cluster.settle();
      return all.flatMap((each, index) => (each.take().length > 0 ? [index] : []));
    };
    assert.deepEqual(reached({ exclude: [two.id] }), [0, 2]);
    assert.deepEqual(reached({ eligible: [three.id] }), [2]);
    assert.deepEqual(reached({ eligible: [] }), []);
    assert.deepEqual(reached({ exclude_authrole: ['role-a'] }), [1, 2]);
    assert.deepEqual(reached({ eligible_authrole: ['role-b'] }), [1]);
    assert.deepEqual(reached({ eligible_authid: [two.member.authid] }), [1]);
    assert.deepEqual(reached({ exclude_authid: [two.member.authid] }), [0, 2]);
  });

  it('keeps the order of each pair, with calls in between', () => {
    const cluster = new TestCluster({ seed: 9 });
    const receiver = cluster.node('a').client();
    const sender = cluster.node('b').client();
    receiver.subscribe('com.topic');
    receiver.register('com.proc');
    cluster.settle(200);
    receiver.take();
    for (let i = 0; i < 600; i++) {
      if (i % 2 === 0) sender.publish('com.topic', [i]);
      else sender.call('com.proc', [i]);
    }
    cluster.settle();
    const seen = receiver.take().map((m) => ('payload' in m ? receiver.argsOf(m.payload)[0] : -1));
    assert.deepEqual(
      seen,
      Array.from({ length: 600 }, (_, i) => i),
    );
  });

  it('comes in every serializer', () => {
    const cluster = new TestCluster();
    const subscribers = (['json', 'msgpack', 'cbor'] as const).map((each) =>
      cluster.node('b').client(each),
    );
    for (const each of subscribers) each.subscribe('com.topic');
    cluster.settle(200);
    for (const each of subscribers) each.take();
    cluster
      .node('a')
      .client('json')
      .publish('com.topic', [1.5, 'ü', [null]]);
    cluster.settle();
    for (const each of subscribers) assert.deepEqual(each.heard(), ['EVENT [1.5,"ü",[null]]']);
  });

  it('does not cross to a node whose subscribers have gone', () => {
    const cluster = new TestCluster({ nodes: 2 });
    const far = cluster.node('b').client();
    far.subscribe('com.topic');
    cluster.settle(200);
    const subscribed = far.last(SUBSCRIBED);
    assert(subscribed?.type === SUBSCRIBED);
    far.unsubscribe(subscribed.subscription);
    cluster.settle();
    cluster.node('a').client().publish('com.topic');
    cluster.settle();
    assert.equal(cluster.network.sent.get('relay') ?? 0, 0);
  });

  it('waits for a link that is away for a moment, in order', () => {
    const cluster = new TestCluster({ nodes: 2 });
    const far = cluster.node('b').client();
    far.subscribe('com.topic');
    cluster.settle(200);
    far.take();
    const publisher = cluster.node('a').client();
    publisher.publish('com.topic', [1]);
    cluster.flap('a', 'b', 50);
    for (let i = 2; i < 6; i++) publisher.publish('com.topic', [i]);
    cluster.settle(200);
    assert.deepEqual(
      far.heard(),
      [1, 2, 3, 4, 5].map((i) => `EVENT [${i}]`),
    );
    assert.equal(cluster.counted('relay_events_dropped'), 0);
  });
});

describe('SUBSCRIBED', () => {
  it('comes when every node knows, and before any event', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    const subscriber = cluster.node('a').client();
    const publisher = cluster.node('b').client();
    subscriber.subscribe('com.topic');
    cluster.settle(15);
    publisher.publish('com.topic', ['before']);
    assert.deepEqual(subscriber.heard(), []);
    cluster.settle(10);
    assert.equal(subscriber.heard()[0], 'SUBSCRIBED');
    publisher.publish('com.topic', ['after']);
    cluster.settle(15);
    assert.equal(subscriber.heard().at(-1), 'EVENT ["after"]');
  });

  it('waits for nobody when everybody knows already', () => {
    const cluster = new TestCluster({ delayMs: () => 10 });
    const [one, two] = [cluster.node('a').client(), cluster.node('a').client()];
    one.subscribe('com.topic');
    cluster.settle(50);
    two.subscribe('com.topic');
    cluster.settle(0);
    assert.deepEqual(two.heard(), ['SUBSCRIBED']);
  });

  it('waits at most 100 ms for a node that does not answer', () => {
    const cluster = new TestCluster({ nodes: 2 });
    const subscriber = cluster.node('a').client();
    cluster.network.cut('a', 'b');
    subscriber.subscribe('com.topic');
    cluster.settle(99);
    assert.deepEqual(subscriber.heard(), []);
    cluster.settle(2);
    assert.deepEqual(subscriber.heard(), ['SUBSCRIBED']);
  });
});
