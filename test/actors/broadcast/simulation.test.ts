/**
 * Broadcast in simulated clusters: latency 10-50 ms, loss, crashes, partitions. The bounds are those measured for Plumtree
 * with the paper's timers: redundancy 0.06-0.10, three control messages per node and broadcast, last hop below 18.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SimulationOptions } from './simulation.ts';
import { Simulation } from './simulation.ts';

interface Figures {
  readonly firstRedundancy: number;
  readonly redundancy: number;
  readonly lastHop: number;
  readonly reliability: number;
  /** Per node and broadcast. */
  readonly control: number;
}

/** Warms the trees of `senders` up, then measures two more messages of each. */
function steady(options: SimulationOptions, senders: number, warmUps: number): Figures {
  const simulation = new Simulation(options);
  simulation.run(2_000);
  const names = simulation.names.slice(0, senders);
  const round = (): string[] => {
    const keys = names.map((name) => {
      const key = simulation.publish(name);
      simulation.run(100);
      return key;
    });
    simulation.run(2_000);
    return keys;
  };
  const first = round()[0]!;
  for (let i = 1; i < warmUps; i++) round();
  const before = simulation.controlMessages;
  const keys = [...round(), ...round()];
  return {
    firstRedundancy: simulation.redundancy(first),
    redundancy: mean(keys.map((key) => simulation.redundancy(key))),
    lastHop: Math.max(...keys.map((key) => simulation.fates.get(key)!.lastHop)),
    reliability: Math.min(...keys.map((key) => simulation.reliability(key))),
    control: (simulation.controlMessages - before) / keys.length / options.nodes,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('in a calm cluster', () => {
  test('of 10, each broadcast is nine payloads in one hop', () => {
    const figures = steady({ nodes: 10, seed: 1, overlay: 'mesh' }, 3, 1);
    assert.deepEqual(figures, {
      ...{ firstRedundancy: 0, redundancy: 0, lastHop: 1, reliability: 1 },
      control: figures.control,
    });
    assert(figures.control < 0.2);
  });

  const cells = [
    { nodes: 100, overlay: 'mesh', senders: 1, redundancy: 0.1, lastHop: 8 },
    { nodes: 100, overlay: 'mesh', senders: 10, redundancy: 0.15, lastHop: 9 },
    { nodes: 100, overlay: 'active_views', senders: 1, redundancy: 0.1, lastHop: 8 },
    { nodes: 100, overlay: 'active_views', senders: 20, redundancy: 0.15, lastHop: 9 },
    { nodes: 1_000, overlay: 'active_views', senders: 1, redundancy: 0.1, lastHop: 12 },
    { nodes: 1_000, overlay: 'active_views', senders: 4, redundancy: 0.2, lastHop: 12 },
  ] as const;
  for (const { nodes, overlay, senders, redundancy, lastHop } of cells) {
    test(`of ${nodes} (${overlay}), ${senders} senders, few payloads are sent twice`, () => {
      const figures = steady({ nodes, overlay, seed: 7 }, senders, 3);
      assert.equal(figures.reliability, 1);
      assert(figures.firstRedundancy <= 4.2, `first ${figures.firstRedundancy}`);
      assert(figures.redundancy <= redundancy, `redundancy ${figures.redundancy}`);
      assert(figures.lastHop <= lastHop, `last hop ${figures.lastHop}`);
      assert(figures.control <= 3.5, `control ${figures.control}`);
    });
  }
});

test('what is lost on the way is announced and asked for within seconds, without an exchange', () => {
  const simulation = new Simulation({
    ...{ nodes: 100, seed: 3, overlay: 'active_views', loss: 0.05 },
    config: { exchangeTickMs: 0 },
  });
  simulation.run(2_000);
  const keys = Array.from({ length: 60 }, (_, i) => {
    simulation.run(200);
    return simulation.publish(`n${i % 3}`);
  });
  simulation.run(4_000);
  for (const key of keys) assert.equal(simulation.reliability(key), 1, key);
});

describe('a crash of many at once', () => {
  const firstAfterCrash = (share: number, seed: number, replayMs = 5_000): number => {
    const simulation = new Simulation({
      ...{ nodes: 1_000, seed, overlay: 'active_views' },
      config: { replayMs, exchangeTickMs: 0 },
    });
    simulation.run(1_500);
    simulation.publish('n0');
    simulation.run(1_500);
    const others = simulation.names.slice(1);
    simulation.crash(others.filter((_, i) => ((i * 7919) % others.length) / others.length < share));
    const key = simulation.publish('n0');
    simulation.run(6_000);
    return simulation.reliability(key);
  };

  for (const share of [0.5, 0.8, 0.9]) {
    test(`of ${share * 100} % loses no message that is sent at that moment`, () => {
      for (const seed of share === 0.5 ? [1] : [1, 2, 3]) {
        const reliability = firstAfterCrash(share, seed);
        assert(reliability >= 0.96, `seed ${seed}: ${reliability}`);
      }
    });
  }

  test('of 90 % without the replay of ids leaves nearly everyone out: it is the replay that does it', () => {
    assert(firstAfterCrash(0.9, 1, -1) < 0.5);
  });
});

describe('a partition', () => {
  for (const [nodes, overlay] of [
    [20, 'mesh'],
    [60, 'mesh'],
    [200, 'active_views'],
  ] as const) {
    // prettier-ignore
    test(`of ${nodes} (${overlay}) is made good after it heals, once per subscriber`, () => {
      const simulation = new Simulation({ nodes, overlay, seed: 5 });
      simulation.run(1_500);
      simulation.partition((name) => Number(name.slice(1)) % 2);
      const keys: string[] = [];
      for (let i = 0; i < 60; i++) {
        keys.push(simulation.publish(`n${i % 10}`));
        simulation.run(1_000);
      }
      assert(keys.some((key) => simulation.reliability(key) < 0.6));
      simulation.heal();
      simulation.run(10_000);
      for (const key of keys) assert.equal(simulation.reliability(key), 1, key);
      assertOnce(simulation);
    });
  }
});

describe('whatever happens', () => {
  const scenario = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    nodes: fc.integer({ min: 2, max: 45 }),
    overlay: fc.constantFrom('mesh' as const, 'active_views' as const),
    loss: fc.constantFrom(0, 0.05, 0.3),
    crashes: fc.integer({ min: 0, max: 3 }),
    isCut: fc.boolean(),
  });

  test('every message of a survivor reaches every survivor, exactly once', () => {
    fc.assert(
      fc.property(scenario, ({ seed, nodes, overlay, loss, crashes, isCut }) => {
        const simulation = new Simulation({ seed, nodes, overlay, loss });
        simulation.run(1_200);
        const keys: string[] = [];
        for (let i = 0; i < 30; i++) {
          keys.push(simulation.publish(`n${i % Math.min(4, nodes - crashes || 1)}`));
          simulation.run(250);
          if (i === 10 && isCut) simulation.partition((name) => (Number(name.slice(1)) < nodes / 2 ? 0 : 1)); // prettier-ignore
          if (i === 20 && isCut) simulation.heal();
          if (i === 15 && crashes < nodes)
            simulation.crash(simulation.names.slice(nodes - crashes));
        }
        simulation.loss = 0;
        simulation.run(350_000); // an exchange with each of five neighbours
        const living = new Set(simulation.alive);
        for (const key of keys.filter((each) => living.has(each.slice(0, each.indexOf('#'))))) {
          if (living.size > 1) assert.equal(simulation.reliability(key), 1, key);
        }
        assertOnce(simulation);
      }),
      { numRuns: 15 },
    );
  });
});

function assertOnce(simulation: Simulation): void {
  for (const name of simulation.alive) {
    for (const [key, times] of simulation.delivered(name)) {
      assert.equal(times, 1, `${key} on ${name}`);
      assert(!key.startsWith(`${name}#`), 'not to its publisher');
    }
  }
}
