import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainRoster, parseRoster } from '../../../actors/membership/durable.ts';
import type { Member } from '../../../actors/membership/member.ts';
import { allAgree, allKnowAll } from './claims.ts';
import { Network } from './overlay.ts';

/** Nodes n0, n1, …, all joining through n0 at once. */
function cluster(size: number, options: ConstructorParameters<typeof Network>[0] = {}): Network {
  const network = new Network({ encodes: true, ...options });
  network.start('n0');
  for (let i = 1; i < size; i++) network.start(`n${i}`, { contact: 'n0' });
  network.runUntil(() => allAgree(network) && allKnowAll(network), 10_000);
  return network;
}

/** What the next life of a node reads from its disk. */
function stored(network: Network, name: string): readonly Member[] {
  const members = parseRoster(plainRoster(network.station(name).machine.members()));
  assert(typeof members !== 'string');
  return members;
}

const statusSeenBy = (network: Network, by: string, name: string): string | undefined =>
  network
    .station(by)
    .machine.members()
    .find((member) => member.name === name)?.status;

describe('joining', () => {
  for (const size of [2, 3, 5, 30]) {
    test(`${size} nodes through one contact all know all within a second`, () => {
      const network = new Network({ encodes: true });
      network.start('n0');
      for (let i = 1; i < size; i++) network.start(`n${i}`, { contact: 'n0' });
      network.runUntil(() => allKnowAll(network) && allAgree(network), 1_000);
      const ups = network.events.filter(({ event }) => event.kind === 'node_up');
      assert.equal(ups.length, size * (size - 1), 'each is told of each once');
      assert.equal(network.events.length, ups.length, 'and of nothing else');
    });
  }

  test('equal rosters say digests, probes and nothing else', () => {
    const network = cluster(5);
    network.run(5_000);
    network.messages = {};
    network.run(60_000);
    assert.deepEqual(Object.keys(network.messages).sort(), ['ack', 'digest', 'ping']);
    const { digest = 0 } = network.messages;
    assert(Math.abs(digest - 5 * 3 * 60) <= 15, `${digest} digests`);
  });

  test('a node that was told to join and finds nobody calls itself up after a while', () => {
    const network = new Network();
    network.start('a', { contact: 'nowhere' });
    network.run(4_000);
    assert.equal(network.station('a').machine.info().self.status, 'joining');
    network.run(2_000);
    assert.equal(network.station('a').machine.info().self.status, 'up');
  });
});

describe('a restart', () => {
  test('from the durable roster needs no contact, and the old life goes down before the new one comes up', () => {
    const network = cluster(3);
    const roster = stored(network, 'n2');
    network.crash('n2');
    network.run(5_000);
    network.events.length = 0;
    network.start('n2', { incarnation: 2, stored: roster });
    network.runUntil(() => allKnowAll(network), 10_000);
    const seen = network.events.filter(({ by }) => by === 'n0').map(({ event }) => event);
    assert.deepEqual(seen, [{ kind: 'node_up', node: { name: 'n2', incarnation: 2 } }]);
  });

  test('faster than any detection ends the old life all the same', () => {
    const network = cluster(3);
    const roster = stored(network, 'n2');
    network.events.length = 0;
    network.crash('n2', 'silent');
    network.start('n2', { incarnation: 2, stored: roster });
    network.runUntil(() => allKnowAll(network), 10_000);
    const seen = network.events
      .filter(({ by, event }) => by === 'n0' && event.node.name === 'n2')
      .map(({ event }) => `${event.kind} ${event.node.incarnation}`);
    assert.deepEqual(seen.slice(-2), ['node_down 1', 'node_up 2']);
  });

  test('of five nodes one by one, one with a new address, leaves five members and no stale address', () => {
    const network = cluster(5);
    for (let i = 0; i < 5; i++) {
      const name = `n${i}`;
      const roster = stored(network, name);
      network.station(name).machine.stop();
      network.run(50);
      network.crash(name);
      network.run(1_000);
      const host = i === 3 ? 'moved' : name;
      network.start(name, { incarnation: 2, stored: roster, host });
      network.runUntil(() => allKnowAll(network) && allAgree(network), 20_000);
    }
    for (const { machine } of network.running()) {
      const members = machine.members();
      assert.equal(members.length, 5);
      assert.deepEqual(members.find(({ name }) => name === 'n3')?.addresses, [
        { host: 'moved', port: 1 },
      ]);
      assert(members.every(({ incarnation }) => incarnation === 2));
    }
  });

  test('announced by the node itself is known at once', () => {
    const network = cluster(5);
    network.events.length = 0;
    network.station('n4').machine.stop();
    network.run(20);
    const downs = network.events.filter(({ event }) => event.kind === 'node_down');
    assert.equal(downs.length, 4);
  });
});

describe('leaving', () => {
  test('is told to everyone, and the links are closed', () => {
    const network = cluster(5);
    network.events.length = 0;
    network.station('n4').machine.leave(network.now);
    network.run(5_000);
    assert.equal(network.station('n4').out, 'left');
    assert.deepEqual(
      network.events.filter(({ by }) => by !== 'n4').map(({ event }) => event.kind),
      ['node_left', 'node_left', 'node_left', 'node_left'],
    );
    assert.equal(network.station('n4').links.size, 0);
    assert(allKnowAll(network));
  });

  test('is final while a third of gossip comes up to ten minutes late and out of order', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const network = cluster(5, { seed, encodes: false });
      let chance = seed;
      network.interpose = (_from, _to, { kind }) => {
        if (!['rumor', 'delta', 'full', 'hello'].includes(kind)) return 0;
        chance = (chance * 48_271) % 2_147_483_647;
        return chance % 10 < 3 ? chance % 600_000 : 0;
      };
      network.run(60_000);
      network.station('n4').machine.leave(network.now);
      network.run(10_000);
      assert.equal(network.station('n4').out, 'left', `seed ${seed}`);
      network.runUntil(() => allKnowAll(network), 60_000);
      network.events.length = 0;
      for (let minute = 0; minute < 11; minute++) {
        network.run(60_000);
        for (const { name } of network.running()) {
          assert.equal(statusSeenBy(network, name, 'n4'), 'left', `seed ${seed}`);
        }
      }
      assert(!network.events.some(({ event }) => event.node.name === 'n4'), `seed ${seed}`);
      network.start('n4', { incarnation: 2, contact: 'n1' });
      network.runUntil(() => allKnowAll(network), 60_000);
    }
  });
});

describe('removal', () => {
  test('of a member that is up is refused, of a dead one it is final', () => {
    const network = cluster(3);
    const operator = network.station('n0').machine;
    assert.equal(operator.remove('n2', network.now), 'still_up');
    assert.equal(operator.remove('n0', network.now), 'self');
    assert.equal(operator.remove('nobody', network.now), 'unknown');
    network.crash('n2');
    network.run(5_000);
    assert.equal(operator.remove('n2', network.now), 'removed');
    network.run(1_000);
    assert.equal(statusSeenBy(network, 'n1', 'n2'), 'removed');
    const dialled = network.dialled;
    network.run(120_000);
    assert.equal(network.dialled, dialled, 'nobody dials it any more');
  });

  test('reaches the removed node when it was only cut off, and it takes no further part', () => {
    const network = cluster(3);
    network.partition(['n0', 'n1'], ['n2']);
    network.run(60_000);
    assert.equal(network.station('n0').machine.remove('n2', network.now), 'removed');
    network.heal();
    network.runUntil(() => network.station('n2').out === 'removed', 30_000);
    network.run(30_000);
    assert.equal(network.station('n2').links.size, 0);
    network.crash('n2');
    network.start('n2', { incarnation: 2, contact: 'n0' });
    network.runUntil(() => allKnowAll(network), 10_000);
  });
});

test('of two lives of one name the older one steps down', () => {
  const network = cluster(3);
  const old = network.station('n2');
  network.start('n2', { incarnation: 2, contact: 'n0' });
  network.runUntil(() => old.out === 'superseded', 20_000);
});
