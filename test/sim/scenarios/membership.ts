/** Scenarios 2, 7, 8 and 20: join storms, long splits, the price of doing nothing, and a leave that is final. */
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import type { HyParViewConfig } from '../../../actors/membership/config.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { allAgree, allKnowAll } from '../../actors/membership/claims.ts';
import { Network } from '../../actors/membership/overlay.ts';
import type { Cell, Figures, Scenario } from '../scenario.ts';
import { claim, rounded } from '../scenario.ts';
import { components } from '../shape.ts';

const isOne = (network: Network): boolean => components(network.running()).length === 1;

function hyparview(seed: number, view: Partial<HyParViewConfig> = {}, encodes = false): Network {
  const config = {
    overlay: 'hyparview' as const,
    hyparview: { ...MEMBERSHIP_DEFAULTS.hyparview, ...view },
  };
  return new Network({ seed, latencyMs: [10, 50], config, encodes });
}

function join(network: Network, nodes: number): void {
  network.start('n0');
  for (let i = 1; i < nodes; i++) network.start(`n${i}`, { contact: 'n0' });
}

export const joinStorm: Scenario = {
  number: 2,
  title: 'join storm through one contact',
  oracle: 'one component within 60 s, everybody knowing everybody',
  fullSeeds: 200,
  cells: (size, nodes) => {
    const sizes = nodes !== undefined ? [nodes] : size === 'tour' ? [9, 60] : [9, 100, 300];
    const cells: Cell[] = sizes.map((n) => ({
      ...{ variant: 'active 5', nodes: n },
      run: (seed) => storm(n, seed, {}),
    }));
    const small = { activeSize: 3, minActive: 2 };
    return [...cells, { variant: 'active 3', nodes: 9, run: (seed) => storm(9, seed, small) }];
  },
};

function storm(nodes: number, seed: number, view: Partial<HyParViewConfig>): Figures {
  const network = hyparview(seed, view);
  join(network, nodes);
  const oneMs = network.runUntil(() => isOne(network) && allAgree(network), 60_000, 500);
  claim(allKnowAll(network), 'not everybody knows everybody');
  return { oneMs };
}

const MINUTE_MS = 60_000;

export const longSplit: Scenario = {
  number: 7,
  title: 'partition and heal, overlay',
  oracle: 'one component within 30 s of the heal, whatever the split and its length',
  fullSeeds: 20,
  cells: (size, nodes) => {
    const n = nodes ?? (size === 'tour' ? 40 : 500);
    const lengths = size === 'tour' ? [1, 10] : [1 / 6, 1, 10, 60];
    const splits: readonly (readonly [string, readonly number[]])[] = [
      ['50/50', [0.5]],
      ['90/10', [0.9]],
      ['3 sides', [1 / 3, 2 / 3]],
    ];
    return splits.flatMap(([name, cuts]) =>
      lengths.map((minutes) => ({
        variant: `${name}, ${minutes < 1 ? '10 s' : `${minutes} min`}`,
        nodes: n,
        run: (seed: number) => split(n, cuts, minutes * MINUTE_MS, seed),
      })),
    );
  },
};

function split(nodes: number, cuts: readonly number[], ms: number, seed: number): Figures {
  const network = hyparview(seed);
  join(network, nodes);
  network.runUntil(() => isOne(network) && allAgree(network), MINUTE_MS, 500);
  network.run(20_000);
  const names = network.running().map(({ name }) => name);
  const bounds = [0, ...cuts, 1].map((share) => Math.round(share * names.length));
  network.partition(...bounds.slice(1).map((end, i) => names.slice(bounds[i], end)));
  network.run(ms);
  const apart = components(network.running()).length;
  network.heal();
  return { apart, oneMs: network.runUntil(() => isOne(network), 30_000, 500) };
}

export const idleCost: Scenario = {
  number: 8,
  title: 'idle cost of membership',
  oracle:
    'bytes per node and minute do not grow with N (20 %); equal rosters exchange digests only',
  fullSeeds: 3,
  cells: (size, nodes) => {
    const n = nodes ?? (size === 'tour' ? 80 : 1_000);
    return [{ variant: `against 20`, nodes: n, run: (seed) => idle(n, seed) }];
  },
};

function idle(nodes: number, seed: number): Figures {
  const [few, many] = [20, nodes].map((size) => {
    const network = hyparview(seed, {}, true);
    join(network, size);
    network.runUntil(() => isOne(network) && allAgree(network), MINUTE_MS, 500);
    network.run(30_000);
    network.bytes = 0;
    network.messages = {};
    network.run(MINUTE_MS);
    const { delta = 0, full = 0 } = network.messages;
    claim(delta + full === 0, `${delta + full} rosters were exchanged between equals`);
    return network.bytes / size;
  }) as [number, number];
  const ratio = many / few;
  claim(Math.abs(ratio - 1) <= 0.2, `${few} bytes of 20, ${many} of ${nodes}`);
  return { bytesOf20: Math.round(few), bytes: Math.round(many), ratio: rounded(ratio) };
}

export const finalLeave: Scenario = {
  number: 20,
  title: 'leave is final',
  oracle:
    'with 30 % of gossip late by up to 10 min the left life never reappears; its next one is taken in',
  fullSeeds: 20,
  cells: (size, nodes) => {
    const n = nodes ?? (size === 'tour' ? 12 : 30);
    return [{ variant: 'full mesh', nodes: n, run: (seed) => leave(n, seed) }];
  },
};

function leave(nodes: number, seed: number): Figures {
  const network = new Network({ seed });
  join(network, nodes);
  network.runUntil(() => allAgree(network) && allKnowAll(network), 30_000);
  const random = seededRandom(seed);
  let late = 0;
  network.interpose = (_from, _to, { kind }) => {
    const isGossip = ['digest', 'buckets', 'delta', 'full', 'rumor'].includes(kind);
    if (!isGossip || random.next() >= 0.3) return 0;
    late++;
    return random.integer(1, 10 * MINUTE_MS);
  };
  network.run(5_000);
  network.station('n1').machine.leave(network.now);
  const knows = (name: string): string | undefined =>
    network
      .station(name)
      .machine.members()
      .find((member) => member.name === 'n1' && member.incarnation === 1)?.status;
  const others = network
    .running()
    .map(({ name }) => name)
    .filter((name) => name !== 'n1');
  const hasLeft = (): boolean => others.every((name) => knows(name) === 'left');
  const goneMs = network.runUntil(hasLeft, 2 * MINUTE_MS);
  network.events.length = 0;
  for (let minute = 0; minute < 12; minute++) {
    network.run(MINUTE_MS);
    claim(hasLeft(), `after ${minute + 1} min somebody has forgotten that it left`);
  }
  const returned = network.events.find(
    ({ event }) => event.node.name === 'n1' && event.kind === 'node_up',
  );
  claim(returned === undefined, `it came up again on ${returned?.by}`);
  network.start('n1', { incarnation: 2, contact: 'n0' });
  const backMs = network.runUntil(() => allKnowAll(network), 2 * MINUTE_MS);
  return { lateMessages: late, goneMs, backMs };
}
