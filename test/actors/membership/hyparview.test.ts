import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HyParViewConfig } from '../../../actors/membership/config.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import { allAgree, allKnowAll } from './claims.ts';
import { asymmetricLinks, averagePath, clustering, components, degrees } from '../../sim/shape.ts';
import { Network } from './overlay.ts';

/** Nodes of the larger runs; MEMBERSHIP_NODES=1000 takes a minute and a half. */
const NODES = Number(process.env['MEMBERSHIP_NODES'] ?? 80);

function storm(size: number, seed: number, view: Partial<HyParViewConfig> = {}): Network {
  const hyparview = { ...MEMBERSHIP_DEFAULTS.hyparview, ...view };
  const config = { overlay: 'hyparview' as const, hyparview };
  const network = new Network({ seed, latencyMs: [10, 50], config });
  network.start('n0');
  for (let i = 1; i < size; i++) network.start(`n${i}`, { contact: 'n0' });
  return network;
}

const isOne = (network: Network): boolean => components(network.running()).length === 1;

function settled(size: number, seed: number): Network {
  const network = storm(size, seed);
  network.runUntil(() => isOne(network) && allAgree(network), 60_000);
  network.run(20_000);
  return network;
}

const names = (network: Network): readonly string[] => network.running().map(({ name }) => name);

describe('a join storm through one contact', () => {
  for (const [size, seeds] of [
    [3, 20],
    [9, 20],
    [100, 2],
  ] as const) {
    test(`of ${size} ends in one component, all knowing all, in every one of ${seeds} seeds`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const network = storm(size, seed);
        network.runUntil(() => isOne(network) && allAgree(network), 20_000, 500);
        assert(allKnowAll(network), `seed ${seed}`);
      }
    });
  }

  test('of 9 with room for 3 neighbours each leaves no island', () => {
    for (let seed = 1; seed <= 15; seed++) {
      const network = storm(9, seed, { activeSize: 3, minActive: 2 });
      network.run(60_000);
      assert.deepEqual(components(network.running()), [9], `seed ${seed}`);
    }
  });
});

test('an island whose members all agree with the rest notices that no pulse comes and bridges', () => {
  const half = new Set(['n0', 'n1', 'n2', 'n3']);
  const network = storm(8, 1, { activeSize: 3, minActive: 2 });
  network.interpose = (from, to, { kind }) =>
    half.has(from) !== half.has(to) && kind.startsWith('neighbor') ? 'drop' : 0;
  network.run(20_000);
  network.interpose = undefined;
  assert.deepEqual(components(network.running()), [4, 4]);
  assert(allAgree(network), 'they met, but are no neighbours and have no free place');
  network.runUntil(() => isOne(network), 90_000);
});

test(`the overlay of ${NODES} has symmetric links, 4 to 5 neighbours each, and the shape of a random graph`, () => {
  const network = settled(NODES, 1);
  network.run(30_000);
  const stations = network.running();
  const { min, max, mean } = degrees(stations);
  assert.deepEqual(components(stations), [NODES]);
  assert.deepEqual(asymmetricLinks(stations), []);
  assert(min >= 4 && max <= 5 && mean >= 4.9, `${min} ${mean} ${max}`);
  // A random graph of degree 5 has 3.2 / n; the scatter of one sample is large.
  assert(clustering(stations) <= 6 / NODES, `clustering ${clustering(stations)}`);
  assert(averagePath(stations) <= 4.9, `path ${averagePath(stations)}`);
});

describe(`a crash among ${NODES}`, () => {
  for (const share of [0.5, 0.9]) {
    test(`of ${share * 100} % at once leaves one component within 10 s`, () => {
      const network = settled(NODES, 2);
      const victims = names(network).slice(0, Math.floor(NODES * share));
      for (const victim of victims) network.crash(victim);
      network.runUntil(() => isOne(network), 10_000, 500);
      network.run(20_000);
      assert(isOne(network));
      assert.deepEqual(asymmetricLinks(network.running()), []);
      assert(degrees(network.running()).min >= Math.min(4, NODES - victims.length - 1));
    });
  }
});

describe('a split', () => {
  for (const [share, minutes] of [
    [0.5, 10],
    [0.1, 10],
    [0.5, 1],
  ] as const) {
    test(`of ${share * 100} % for ${minutes} minutes is one component, all up, within 30 s of its end`, () => {
      const size = 40;
      const network = settled(size, 3);
      const all = names(network);
      const cut = Math.floor(size * share);
      network.partition(all.slice(0, cut), all.slice(cut));
      network.run(minutes * 60_000);
      assert.deepEqual(components(network.running()), [size - cut, cut]);
      network.heal();
      network.runUntil(() => isOne(network), 30_000);
      network.runUntil(() => allKnowAll(network), 30_000);
    });
  }

  test('in three is healed as one in two is', () => {
    const network = settled(30, 4);
    const all = names(network);
    network.partition(all.slice(0, 10), all.slice(10, 20), all.slice(20));
    network.run(300_000);
    network.heal();
    network.runUntil(() => isOne(network) && allKnowAll(network), 60_000);
  });

  test('of one node from all others ends when it finds anybody', () => {
    const network = settled(20, 5);
    network.partition(names(network).slice(0, 19), ['n19']);
    network.run(300_000);
    network.heal();
    network.runUntil(() => isOne(network) && allKnowAll(network), 10_000);
  });
});

describe('a neighbourhood', () => {
  test('held by one side only is repaired or given up within two shuffles', () => {
    const network = settled(20, 6);
    network.interpose = (_from, _to, { kind }) => (kind === 'neighbor_end' ? 'drop' : 0);
    for (let i = 20; i < 30; i++) network.start(`n${i}`, { contact: 'n0' });
    network.run(3_000);
    network.interpose = undefined;
    network.run(25_000);
    assert.deepEqual(asymmetricLinks(network.running()), []);
  });

  test('is not ended by a repeated end of an earlier one', () => {
    const network = settled(10, 7);
    const [a, b] = ['n1', network.station('n1').machine.neighbors()[0]!];
    const { neighbor_down: downs, neighbor_stale: stale = 0 } = network.station(a).counts;
    const id = { epoch: 1, counter: 999, asker: b };
    const { machine } = network.station(a);
    machine.received({ name: b, incarnation: 1 }, { kind: 'neighbor_end', id }, network.now);
    assert(machine.neighbors().includes(b));
    assert.equal(network.station(a).counts.neighbor_down, downs);
    assert.equal(network.station(a).counts.neighbor_stale, stale + 1);
  });
});

test('idle cost per node does not grow with the cluster', () => {
  const perNode = [20, 60].map((size) => {
    const network = new Network({ encodes: true, config: { overlay: 'hyparview' } });
    network.start('n0');
    for (let i = 1; i < size; i++) network.start(`n${i}`, { contact: 'n0' });
    network.run(30_000);
    network.bytes = 0;
    network.run(60_000);
    return network.bytes / size;
  });
  const [small, large] = perNode as [number, number];
  assert(Math.abs(large / small - 1) <= 0.2, `${small} and ${large} bytes per node and minute`);
  assert(large < 120_000, `${large} bytes`);
});

test('a member that somebody has something to say to is linked for as long as that was asked for', () => {
  const network = settled(12, 1);
  const { machine, links } = network.station('n0');
  const far = names(network).find((name) => name !== 'n0' && !links.has(name))!;
  machine.contact(far, 60_000, network.now);
  network.runUntil(() => links.has(far), 2_000);
  for (let i = 0; i < 5; i++) {
    network.run(10_000);
    // Its far end is asked for by what is said there.
    network.station(far).machine.contact('n0', 20_000, network.now);
    assert(links.has(far), `${i}`);
    assert(!machine.neighbors().includes(far));
  }
  network.runUntil(() => !links.has(far), 60_000);
  assert.deepEqual(
    network.events.filter(({ event }) => event.kind !== 'node_up'),
    [],
  );
});
