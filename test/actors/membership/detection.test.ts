import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allKnowAll } from './claims.ts';
import type { NetworkOptions } from './overlay.ts';
import { Network } from './overlay.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import { expectedConfirmations, suspicionTimeout } from '../../../actors/membership/suspicion.ts';

function cluster(size: number, options: NetworkOptions = {}): Network {
  const network = new Network(options);
  network.start('n0');
  for (let i = 1; i < size; i++) network.start(`n${i}`, { contact: 'n0' });
  network.run(10_000);
  assert(allKnowAll(network));
  network.events.length = 0;
  return network;
}

/** Ms until every other node has said node_down of it. */
function downAfter(network: Network, name: string, limitMs: number): number {
  const start = network.now;
  network.runUntil(() => {
    const said = network.events.filter(
      ({ event }) => event.kind === 'node_down' && event.node.name === name,
    );
    return said.length === network.running().length;
  }, limitMs);
  return network.now - start;
}

describe('a death', () => {
  for (const size of [2, 3, 5, 30]) {
    test(`by reset is known to all of ${size} within a second`, () => {
      for (let seed = 1; seed <= 5; seed++) {
        const network = cluster(size, { seed });
        network.crash('n1');
        downAfter(network, 'n1', 1_000);
      }
    });
  }

  test('in silence is known to all of 5 within 6 seconds, by probes alone', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const network = cluster(5, { seed, halfOpenMs: 600_000 });
      network.crash('n1', 'silent');
      downAfter(network, 'n1', 6_000);
    }
  });

  test('in silence is known to all of 2 within 6 and of 30 within 8 seconds', () => {
    for (const [size, limitMs] of [
      [2, 6_000],
      [30, 8_000],
    ] as const) {
      for (let seed = 1; seed <= 4; seed++) {
        const network = cluster(size, { seed, halfOpenMs: 600_000 });
        network.crash('n1', 'silent');
        downAfter(network, 'n1', limitMs);
      }
    }
  });

  test('leaves a member that is suspected first, then down, and comes up again when it returns', () => {
    const network = cluster(3);
    network.crash('n1', 'silent');
    network.run(10_000);
    network.start('n1', { incarnation: 2, contact: 'n0' });
    network.run(10_000);
    const seen = network.events.filter(({ by }) => by === 'n2').map(({ event }) => event.kind);
    assert.deepEqual(seen, ['node_suspect', 'node_down', 'node_up']);
  });
});

describe('a living node', () => {
  test('is never declared dead in ten minutes at 5 % loss', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const network = cluster(5, { seed, loss: 0.05 });
      network.run(600_000);
      const downs = network.events.filter(({ event }) => event.kind === 'node_down');
      assert.deepEqual(downs, [], `seed ${seed}`);
      const suspicions = network.events.filter(({ event }) => event.kind === 'node_suspect');
      assert(suspicions.length < 100, `${suspicions.length} times it was even suspected`);
      const { ping = 0 } = network.messages;
      assert(ping > 5 * 4 * 500, 'it was probed all the time');
    }
  });

  test('that stands still for two seconds is not declared dead and declares nobody dead', () => {
    const network = cluster(5);
    for (let i = 0; i < 20; i++) {
      network.pause('n2', 2_000);
      network.run(7_000);
    }
    assert(!network.events.some(({ event }) => event.kind === 'node_down'));
    const accused = network.events.filter(({ by }) => by === 'n2');
    assert(
      accused.every(({ event }) => event.node.name === 'n2' || event.kind !== 'node_suspect'),
      'its own pause is not held against others',
    );
  });

  test('with 20 % of a processor for ten minutes is not declared dead', () => {
    const network = cluster(5);
    for (let i = 0; i < 1_200; i++) {
      network.pause('n2', 400);
      network.run(500);
    }
    assert.deepEqual(
      network.events.filter(({ event }) => event.kind === 'node_down'),
      [],
    );
  });

  test('that was declared dead during a long pause is up again as soon as it wakes', () => {
    const network = cluster(5);
    network.pause('n2', 30_000);
    network.run(29_000);
    const downs = network.events.filter(({ event }) => event.kind === 'node_down');
    assert.equal(downs.length, 4);
    network.run(3_000);
    assert(allKnowAll(network));
    const station = network.station('n2');
    assert.equal(station.id.incarnation, 1, 'the same life');
    assert((station.counts.refuted ?? 0) > 0);
  });

  test('that loses one link of many stays up, because others reach it', () => {
    const network = cluster(5);
    network.interpose = (from, to) => ([from, to].sort().join() === 'n1,n2' ? 'drop' : 0);
    network.run(120_000);
    assert.deepEqual(network.events, []);
  });

  test('whose link breaks and is back at once is suspected at most for that moment', () => {
    const network = cluster(2); // nobody else could vouch for it
    network.reset('n0', 'n1');
    network.run(300);
    assert(network.events.every(({ event }) => event.kind !== 'node_down'));
    network.events.length = 0;
    network.run(30_000);
    assert.deepEqual(network.events, []);
  });

  test('that closes a link on purpose is not suspected', () => {
    const network = cluster(16, { config: { overlay: 'hyparview' } });
    network.run(120_000);
    assert((network.messages.closing ?? 0) > 20, 'contacts came and went');
    assert.deepEqual(network.events, []);
  });

  test('that was suspected and refuted while this node stood still is not declared dead on waking', () => {
    const network = cluster(5, { halfOpenMs: 600_000 });
    network.pause('n1', 3_500);
    const suspects = (): boolean =>
      network.events.some(({ by, event }) => by === 'n2' && event.kind === 'node_suspect');
    network.runUntil(suspects, 3_000);
    network.pause('n2', 30_000);
    network.events.length = 0;
    network.run(40_000);
    const said = network.events.filter(({ by, event }) => by === 'n2' && event.node.name === 'n1');
    assert.deepEqual(
      said.map(({ event }) => event.kind),
      ['node_up'],
    );
  });

  test('that is asked by somebody who thinks it dead answers with a higher beat', () => {
    const network = cluster(2);
    const { machine } = network.station('n0');
    const { beat } = machine.info().self;
    const ping = { kind: 'ping', sequence: 1, beat, health: 'dead' } as const;
    machine.received({ name: 'n1', incarnation: 1 }, ping, network.now);
    assert.equal(machine.info().self.beat, beat + 1);
    machine.received({ name: 'n1', incarnation: 1 }, ping, network.now);
    assert.equal(machine.info().self.beat, beat + 1, 'once is enough');
  });
});

describe('a partition', () => {
  test('makes each side see the other go down, and all up soon after it heals', () => {
    const network = cluster(5);
    network.partition(['n0', 'n1'], ['n2', 'n3', 'n4']);
    network.run(60_000);
    const downs = network.events.filter(({ event }) => event.kind === 'node_down');
    assert.equal(downs.length, 2 * 2 * 3);
    network.run(600_000);
    network.heal();
    network.runUntil(() => allKnowAll(network), 30_000);
  });
});

describe('the time to refute', () => {
  const { detector } = MEMBERSHIP_DEFAULTS;

  test('falls from the maximum to the minimum with confirmations', () => {
    const waits = [1, 2, 3, 4].map((accusers) => suspicionTimeout(detector, 10, accusers));
    assert.equal(waits[0], 24_000);
    assert(waits[1]! < waits[0]! && waits[1]! > 4_000);
    assert.equal(waits[2], 4_000);
    assert.equal(waits[3], 4_000);
  });

  test('grows with the logarithm of the cluster, and expects no more confirmations than there are nodes', () => {
    assert.equal(suspicionTimeout(detector, 1_000, 3), 12_000);
    assert.equal(suspicionTimeout(detector, 2, 1), 4_000);
    assert.deepEqual(
      [1, 2, 3, 4, 100].map((alive) => expectedConfirmations(detector, alive)),
      [0, 0, 1, 2, 2],
    );
  });
});
