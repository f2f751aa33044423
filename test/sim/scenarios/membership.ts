/** Scenarios 2, 7, 8 and 20: join storms, long splits, the price of doing nothing, and a leave that is final. */
import { BROADCAST_DEFAULTS } from '../../../actors/broadcast/config.ts';
import { Members } from '../../../actors/broadcast/members.ts';
import { MEMBERSHIP_DEFAULTS } from '../../../actors/membership/config.ts';
import type { HyParViewConfig } from '../../../actors/membership/config.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { allAgree, allKnowAll } from '../../actors/membership/claims.ts';
import { Network } from '../../actors/membership/overlay.ts';
import type { Cell, Figures, Scenario } from '../scenario.ts';
import { claim, rounded } from '../scenario.ts';
import { components } from '../shape.ts';

const isOne = (network: Network): boolean => components(network.running()).length === 1;

function fullMesh(seed: number, encodes = false): Network {
  return new Network({ seed, latencyMs: [10, 50], encodes });
}

function hyparview(seed: number, encodes = false, view: Partial<HyParViewConfig> = {}): Network {
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
  const network = hyparview(seed, false, view);
  join(network, nodes);
  const oneMs = network.runUntil(() => isOne(network) && allAgree(network), 60_000, 500);
  claim(allKnowAll(network), 'not everybody knows everybody');
  return { oneMs };
}

const MINUTE_MS = 60_000;

export const longSplit: Scenario = {
  number: 7,
  title: 'partition and heal, overlay',
  oracle:
    'one component within 30 s of the heal, whatever the split and its length; of 3 sides each pair first',
  fullSeeds: 20,
  cells: (size, nodes) => {
    const n = nodes ?? (size === 'tour' ? 40 : 500);
    const lengths = size === 'tour' ? [1, 10] : [1 / 6, 1, 10, 60];
    const thirds = [1 / 3, 2 / 3];
    const splits: readonly (readonly [name: string, cuts: readonly number[], pair?: Pair])[] = [
      ['50/50', [0.5]],
      ['90/10', [0.9]],
      ['sides 1 and 2 of 3 first', thirds, [0, 1]],
      ['sides 1 and 3 of 3 first', thirds, [0, 2]],
      ['sides 2 and 3 of 3 first', thirds, [1, 2]],
    ];
    return splits.flatMap(([name, cuts, pair]) =>
      lengths.map((minutes) => ({
        variant: `${name}, ${minutes < 1 ? '10 s' : `${minutes} min`}`,
        nodes: n,
        run: (seed: number) => split(n, cuts, pair, minutes * MINUTE_MS, seed),
      })),
    );
  },
};

/** Sides that meet again while the third is still away. */
type Pair = readonly [number, number];

const HEAL_MS = 30_000;

function split(
  nodes: number,
  cuts: readonly number[],
  pair: Pair | undefined,
  ms: number,
  seed: number,
): Figures {
  const network = hyparview(seed);
  join(network, nodes);
  network.runUntil(() => isOne(network) && allAgree(network), MINUTE_MS, 500);
  network.run(20_000);
  const names = network.running().map(({ name }) => name);
  const bounds = [0, ...cuts, 1].map((share) => Math.round(share * names.length));
  const sides = bounds.slice(1).map((end, i) => names.slice(bounds[i], end));
  network.partition(...sides);
  network.run(ms);
  const apart = components(network.running()).length;
  const paired: Figures = pair === undefined ? {} : { pairMs: meet(network, sides, pair) };
  network.heal();
  return { apart, ...paired, oneMs: network.runUntil(() => isOne(network), HEAL_MS, 500) };
}

function meet(network: Network, sides: readonly (readonly string[])[], pair: Pair): number {
  const both = pair.flatMap((side) => sides[side]!);
  network.partition(both, ...sides.filter((_, side) => !pair.includes(side)));
  const stations = both.map((name) => network.station(name));
  return network.runUntil(() => components(stations).length === 1, HEAL_MS, 500);
}

export const idleCost: Scenario = {
  number: 8,
  title: 'idle cost of membership',
  oracle:
    'bytes per node and minute do not grow with N (20 %); equal rosters exchange digests only',
  fullSeeds: 20,
  cells: (size, nodes) => {
    const n = nodes ?? (size === 'tour' ? 80 : 1_000);
    const meshed = nodes ?? (size === 'tour' ? 40 : 200);
    return [
      { variant: 'hyparview', nodes: n, run: (seed) => idle(n, hyparview, seed) },
      { variant: 'full mesh', nodes: meshed, run: (seed) => idle(meshed, fullMesh, seed) },
    ];
  },
};

function idle(nodes: number, networkOf: typeof fullMesh, seed: number): Figures {
  const [few, many] = [20, nodes].map((size) => {
    const network = networkOf(seed, true);
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
    return [
      { variant: 'full mesh', nodes: n, run: (seed) => leave(n, new Network({ seed }), seed) },
      { variant: 'hyparview', nodes: n, run: (seed) => leave(n, hyparview(seed), seed) },
    ];
  },
};

function leave(nodes: number, network: Network, seed: number): Figures {
  join(network, nodes);
  network.runUntil(() => allAgree(network) && allKnowAll(network), 30_000);
  const random = seededRandom(seed);
  let late = 0;
  let turnedAway = 0;
  network.interpose = (_from, to, { kind }) => {
    if (to === 'n1' && kind === 'closing') turnedAway++;
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
  const gone = network.events.length;
  for (let minute = 0; minute < 12; minute++) {
    turnedAway = 0;
    network.run(MINUTE_MS);
    claim(hasLeft(), `after ${minute + 1} min somebody has forgotten that it left`);
    const holder = others.find((name) => network.station(name).machine.neighbors().includes('n1'));
    claim(holder === undefined, `after ${minute + 1} min it is a neighbour of ${holder}`);
  }
  claim(turnedAway === 0, `it was turned away ${turnedAway} times in the last minute`);
  const returned = network.events
    .slice(gone)
    .find(({ event }) => event.node.name === 'n1' && event.kind === 'node_up');
  claim(returned === undefined, `it came up again on ${returned?.by}`);
  const next = network.start('n1', { incarnation: 2, contact: 'n0' });
  const backMs = network.runUntil(() => allKnowAll(network), 2 * MINUTE_MS);
  for (const name of others) {
    const broadcasting = broadcastMembers(network, name);
    claim(broadcasting.hasLeft({ name: 'n1', incarnation: 1 }), `${name} would broadcast to it`);
    claim(broadcasting.isMember(next.id), `${name} would not broadcast to its next life`);
  }
  return { lateMessages: late, goneMs, backMs };
}

/** What the broadcast layer of a node makes of what membership told it. */
function broadcastMembers(network: Network, name: string): Members {
  const members = new Members(network.station(name).id, BROADCAST_DEFAULTS);
  for (const { by, event } of network.events) {
    if (by !== name) continue;
    if (event.kind === 'node_up') members.onUp(event.node);
    else if (event.kind === 'node_down') members.onDown(event.node);
    else if (event.kind === 'node_left') members.onLeft(event.node);
  }
  return members;
}
