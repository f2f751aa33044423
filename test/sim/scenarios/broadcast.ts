/** Scenarios 4 and 5: broadcast at the instant of a mass crash, and what a broadcast costs in peace. Shuffles go on. */
import { Overlays } from '../overlays.ts';
import type { Figures, Scenario } from '../scenario.ts';
import { claim, mean, rounded } from '../scenario.ts';
import { victims } from './overlay.ts';

const SETTLED_MS = 40_000;
const EVERY_MS = 200;
const LIMIT_MS = 5_000;

export const broadcastCrash: Scenario = {
  number: 4,
  title: 'mass crash, broadcast',
  oracle:
    'every survivor has every message within 5 s, the one sent at the crash included (up to 90 %)',
  fullSeeds: 20,
  cells: (size, nodes) =>
    (nodes !== undefined ? [nodes] : size === 'tour' ? [200] : [1_000, 10_000]).flatMap((n) =>
      [0.3, 0.5, 0.7, 0.8, 0.9].map((share) => ({
        ...{ variant: `${share * 100} %`, nodes: n },
        run: (seed: number) => crash(n, share, seed),
      })),
    ),
};

function crash(nodes: number, share: number, seed: number): Figures {
  const overlays = new Overlays({ nodes, seed, broadcast: { exchangeTickMs: 0 } });
  overlays.run(SETTLED_MS);
  overlays.publish('n0'); // the tree
  overlays.run(2_000);
  overlays.crash(victims(overlays, share, seed));
  const keys: string[] = [];
  for (let i = 0; i < 10; i++) {
    keys.push(overlays.publish('n0'));
    overlays.run(EVERY_MS);
  }
  overlays.run(LIMIT_MS);
  const worst = Math.min(...keys.map((key) => overlays.reliability(key)));
  const slowest = Math.max(...keys.map((key) => lateness(overlays, key)));
  claim(worst === 1, `a message reached ${worst} of the survivors`);
  claim(slowest <= LIMIT_MS, `the last delivery came after ${slowest} ms`);
  return { first: rounded(overlays.reliability(keys[0]!), 3), worst, slowestMs: slowest };
}

function lateness({ fates }: Overlays, key: string): number {
  const { at, lastAt } = fates.get(key)!;
  return Math.round(lastAt - at);
}

export const efficiency: Scenario = {
  number: 5,
  title: 'Plumtree efficiency',
  oracle:
    'all get all; RMR 0.1 (1 sender), 0.15 (20); LDH 7/10 and 8/11; first flood 3.1; 3.5 control messages',
  fullSeeds: 20,
  cells: (size, nodes) =>
    (nodes !== undefined ? [nodes] : size === 'tour' ? [100] : [100, 1_000, 10_000]).flatMap((n) =>
      [1, 20].map((senders) => ({
        variant: senders === 1 ? '1 sender' : `${senders} senders`,
        nodes: n,
        run: (seed: number) => steady(n, senders, seed),
      })),
    ),
};

function steady(nodes: number, senders: number, seed: number): Figures {
  const overlays = new Overlays({ nodes, seed, broadcast: {} });
  overlays.run(SETTLED_MS);
  const names = [...overlays.nodes.keys()].slice(0, senders);
  const round = (): readonly string[] => {
    const keys = names.map((name) => {
      const key = overlays.publish(name);
      overlays.run(EVERY_MS);
      return key;
    });
    overlays.run(2_000);
    return keys;
  };
  const [first] = round();
  const firstRmr = overlays.redundancy(first!);
  for (let i = 0; i < 4; i++) round();
  const before = overlays.control;
  const keys = [...round(), ...round(), ...round(), ...(senders === 1 ? round() : [])];
  const control = (overlays.control - before) / keys.length / nodes;
  const rmr = mean(keys.map((key) => overlays.redundancy(key)));
  const ldh = mean(keys.map((key) => overlays.fates.get(key)!.lastHop));
  const reliability = Math.min(...keys.map((key) => overlays.reliability(key)));
  const bound = {
    rmr: senders === 1 ? 0.1 : 0.15,
    ldh: (senders === 1 ? 7 : 8) + 3 * Math.ceil(Math.log10(Math.max(nodes, 100) / 100)),
  };
  claim(reliability === 1, `a message reached ${reliability}`);
  claim(firstRmr <= 3.1, `first flood RMR ${firstRmr}`);
  claim(rmr <= bound.rmr, `RMR ${rmr}`);
  claim(ldh <= bound.ldh, `LDH ${ldh}`);
  claim(control <= 3.5, `${control} control messages per node and broadcast`);
  return {
    ...{ reliability, firstRmr: rounded(firstRmr), rmr: rounded(rmr, 3), ldh: rounded(ldh, 1) },
    lastMs: Math.round(mean(keys.map((key) => lateness(overlays, key)))),
    control: rounded(control),
  };
}
