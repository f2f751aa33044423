/** Scenario 25 as a line of the table. */
import { Mixed } from '../mixed.ts';
import type { Figures, Scenario } from '../scenario.ts';
import { play } from '../verdict.ts';

export const mixedRun: Scenario = {
  number: 25,
  title: 'mixed run: partitions, pauses, restarts, wipes, loss',
  oracle:
    'replicas identical, nothing acknowledged lost, registry lists the living; 2 exchange periods',
  fullSeeds: 1_000,
  cells: (_size, nodes) => [
    {
      variant: '',
      nodes: nodes ?? 5,
      run: (seed): Figures => ({ ...play(new Mixed({ seed, nodes: nodes ?? 5 })) }),
    },
  ],
};
