/** Scenarios 1 and 3: the shape of the overlay, and what is left of it when most nodes crash at once. */
import { sample } from '../../../actors/membership/picking.ts';
import { seededRandom } from '../../../runtime/kernel/random.ts';
import { Overlays } from '../overlays.ts';
import type { Cell, Figures, Scenario } from '../scenario.ts';
import { claim, rounded } from '../scenario.ts';
import { asymmetricLinks, averagePath, clustering, components, degrees } from '../shape.ts';

const CYCLE_MS = 10_000;

/** A random graph of degree 5 has a clustering of about 4 / N and paths of log N / log 4.4. */
const SHAPES: Readonly<Record<number, { clustering: number; path: number }>> = {
  100: { clustering: 0.03, path: 3.2 },
  1_000: { clustering: 0.006, path: 4.9 },
  10_000: { clustering: 0.0015, path: 6.6 },
};

export const overlayShape: Scenario = {
  number: 1,
  title: 'overlay shape after 50 cycles',
  oracle:
    'one component, no asymmetric link, degree 3-5 (mean 4.9), clustering and path of a random graph',
  fullSeeds: 20,
  cells: (size, nodes) =>
    (nodes !== undefined ? [nodes] : size === 'tour' ? [100, 300] : [100, 1_000, 10_000]).map(
      (n): Cell => ({ variant: '', nodes: n, run: (seed) => shape(n, seed) }),
    ),
};

function shape(nodes: number, seed: number): Figures {
  const overlays = new Overlays({ nodes, seed });
  overlays.run(50 * CYCLE_MS);
  const all = overlays.alive;
  const { min, max, mean } = degrees(all);
  const figures = {
    components: components(all).length,
    asymmetric: asymmetricLinks(all).length,
    ...{ degree: rounded(mean), min, max },
    clustering: rounded(clustering(all), 5),
    path: rounded(averagePath(all)),
  };
  const bound = SHAPES[nodes] ?? { clustering: 6 / nodes, path: Math.log(nodes) / Math.log(4) };
  claim(figures.components === 1, `${figures.components} components`);
  claim(figures.asymmetric === 0, `${figures.asymmetric} asymmetric links`);
  claim(min >= 3 && max <= 5 && mean >= 4.9, `degrees ${min}, ${mean}, ${max}`);
  claim(figures.clustering <= bound.clustering, `clustering ${figures.clustering}`);
  claim(figures.path <= bound.path, `average path ${figures.path}`);
  return figures;
}

export const overlayCrash: Scenario = {
  number: 3,
  title: 'mass crash, overlay',
  oracle: 'survivors are one component within one cycle (10 s); at 95 % the largest has 95 %',
  fullSeeds: 20,
  cells: (size, nodes) =>
    (nodes !== undefined ? [nodes] : size === 'tour' ? [200] : [1_000, 10_000]).flatMap((n) =>
      [0.3, 0.5, 0.7, 0.8, 0.9, 0.95].map((share) => ({
        ...{ variant: `${share * 100} %`, nodes: n },
        run: (seed: number) => crash(n, share, seed),
      })),
    ),
};

function crash(nodes: number, share: number, seed: number): Figures {
  const overlays = new Overlays({ nodes, seed });
  overlays.run(3 * CYCLE_MS);
  overlays.crash(victims(overlays, share, seed));
  let oneAfterMs = -1;
  for (let ms = 500; ms <= CYCLE_MS && oneAfterMs < 0; ms += 500) {
    overlays.run(500);
    if (components(overlays.alive).length === 1) oneAfterMs = ms;
  }
  const [largest = 0] = components(overlays.alive);
  const part = largest / overlays.alive.length;
  claim(part >= (share > 0.9 ? 0.95 : 1), `the largest component has ${part} of the survivors`);
  return { survivors: overlays.alive.length, largest: rounded(part, 3), oneAfterMs };
}

/** Anybody but n0, who publishes. */
export function victims(overlays: Overlays, share: number, seed: number): readonly string[] {
  const names = [...overlays.nodes.keys()];
  return sample(names.slice(1), Math.floor(names.length * share), seededRandom(seed));
}
