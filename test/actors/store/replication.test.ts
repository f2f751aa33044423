/** Replicas on the virtual clock: what is put on one is on all, and comparing finds what broadcast lost. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PeerInput } from '../../../runtime/net/peer/port.ts';
import type { ExchangeOutcome } from '../../../actors/store/api.ts';
import { EXCHANGES } from '../../../actors/store/api.ts';
import { peerService } from '../../../actors/links/api.ts';
import { Replicas } from './replicas.ts';

const allEqual = (cluster: Replicas): void => {
  const dumps = cluster.living.map((node) => node.dump());
  for (const dump of dumps) assert.equal(dump, dumps[0]);
};

describe('replication', () => {
  for (const prefix of ['users', 'presence', 'history']) {
    test(`a put to ${prefix} is on every node after a broadcast`, () => {
      const cluster = new Replicas();
      assert.equal(cluster.node(0).putNow(prefix, 'ann', 'one').kind, 'stored');
      cluster.advance(100);
      for (const node of cluster.nodes) assert.equal(node.get(prefix, 'ann'), 'one');
      cluster.settle();
      allEqual(cluster);
    });
  }

  test('what broadcast does not bring, one exchange does, and the next finds nothing to do', () => {
    const cluster = new Replicas({ config: { isAaeEnabled: false } });
    cluster.broadcasts = false;
    const [a, b] = [cluster.node(0), cluster.node(1)];
    for (let i = 0; i < 40; i++) {
      a.put(['users', 'presence', 'history'][i % 3]!, `key ${i}`, `value ${i}`);
      b.put('users', `other ${i}`, `value ${i}`);
    }
    cluster.advance(100);
    const outcome = a.exchangeWith(b);
    assert.equal(outcome.kind, 'done');
    assert.equal(outcome.kind === 'done' && outcome.sent, 40);
    assert.equal(outcome.kind === 'done' && outcome.received, 40);
    assert.equal(a.dump(), b.dump());
    assert.equal(a.exchangeWith(b).kind, 'equal');
    assert.equal(b.exchangeWith(a).kind, 'equal');
  });

  test('more differences than the stream can show are found by trees', () => {
    const cluster = new Replicas({ nodes: 2, config: { symbols: 16, isAaeEnabled: false } });
    cluster.broadcasts = false;
    const [a, b] = [cluster.node(0), cluster.node(1)];
    for (let i = 0; i < 400; i++) a.put('users', `key ${i}`, 'value');
    cluster.advance(100);
    const outcome = b.exchangeWith(a);
    assert.ok(outcome.kind === 'done' && outcome.byTrees, JSON.stringify(outcome));
    assert.equal(a.dump(), b.dump());
    assert.equal(a.exchangeWith(b).kind, 'equal');
  });

  test('a put that has not seen what is there drops the loser at once, as whoever merges it does', () => {
    const cluster = new Replicas();
    const [a, b] = [cluster.node(0), cluster.node(1)];
    const first = a.putNow('users', 'ann', 'one');
    assert(first.kind === 'stored');
    cluster.advance(100);
    a.putNow('users', 'ann', 'two');
    b.putNow('users', 'ann', 'three', { context: first.context });
    cluster.advance(100);
    for (const node of cluster.nodes) {
      const got = node.readNow('users', 'ann');
      assert.equal(got.kind === 'value' && got.values.length, 1, node.name);
    }
    cluster.advance(20_000); // tombstones and old actors are forgotten
    allEqual(cluster);
  });

  test('an exchange whose link is lost ends then, and the next does not wait for its time limit', () => {
    const cluster = new Replicas({
      nodes: 2,
      config: { exchangeTimeoutMs: 600_000, isAaeEnabled: false },
    });
    const [a, b] = [cluster.node(0), cluster.node(1)];
    a.putNow('users', 'ann', 'one');
    cluster.broadcasts = false;
    a.putNow('users', 'ann', 'two');
    let outcome: ExchangeOutcome | undefined;
    a.kernel.whereis(EXCHANGES)!.cast({
      ...{ kind: 'exchange', peer: b.name },
      reply: { reply: (value: ExchangeOutcome) => (outcome = value) },
    });
    a.stepper.run();
    cluster.partition((name) => Number(name === b.name));
    a.kernel
      .whereis<PeerInput>(peerService('store'))!
      .cast({ kind: 'link_down', peer: b.id, reason: 'cut' });
    a.stepper.run();
    assert.deepEqual(outcome, { kind: 'failed', peer: b.name, reason: 'the link is down' });
    cluster.advance(50); // what was on its way comes to nothing
    cluster.heal();
    assert.equal(a.exchangeWith(b).kind, 'done');
  });

  test('concurrent puts end in the same bytes everywhere', () => {
    const cluster = new Replicas({ config: { isAaeEnabled: false } });
    cluster.broadcasts = false;
    for (const node of cluster.nodes) {
      for (let i = 0; i < 20; i++) {
        node.put('users', `key ${i}`, `of ${node.name}`);
        node.put('first', `key ${i}`, `of ${node.name}`);
      }
    }
    cluster.advance(50);
    cluster.settle();
    allEqual(cluster);
    const winners = cluster.nodes.map((node) => node.get('first', 'key 3'));
    assert.equal(new Set(winners).size, 1);
  });

  test('a node that restarts has what it acknowledged, and fetches what was in memory', () => {
    const cluster = new Replicas();
    const [a] = cluster.nodes;
    assert.equal(a!.putNow('users', 'ann', 'kept').kind, 'stored');
    assert.equal(a!.putNow('presence', 'ann', 'here').kind, 'stored');
    cluster.advance(100);
    a!.crash('power');
    a!.restart();
    assert.equal(a!.get('users', 'ann'), 'kept');
    cluster.advance(500);
    assert.equal(a!.get('presence', 'ann'), 'here');
  });

  test('tombstones go when every member has seen them, and do not come back', () => {
    const cluster = new Replicas();
    for (let i = 0; i < 50; i++) cluster.node(i % 3).put('users', `key ${i}`, 'value');
    cluster.advance(200);
    for (let i = 0; i < 50; i++) cluster.node((i + 1) % 3).put('users', `key ${i}`, undefined);
    cluster.advance(20_000);
    for (const node of cluster.nodes) {
      assert.deepEqual(
        node.infos().map(({ rows }) => rows),
        [0, 0],
      );
    }
    cluster.settle();
    assert.equal(cluster.node(0).dump(), '');
  });
});
