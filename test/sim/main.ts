/** The simulator's command line: npm run sim -- [--scenario K] [--seed N] [--seeds COUNT] [--nodes N] [--full] [--json] */
import { parseArgs } from 'node:util';
import type { CellReport } from './report.ts';
import { summary, textOf } from './report.ts';
import type { Cell, Figures, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/all.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    variant: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    nodes: { type: 'string' },
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const numbers = (values.scenario ?? []).map((text) => natural('scenario', text));
const unknown = numbers.find((number) => !SCENARIOS.some((one) => one.number === number));
if (unknown !== undefined) {
  fail(`scenario ${unknown} is not one of ${SCENARIOS.map(({ number }) => number).join(', ')}`);
}
const first = natural('seed', values.seed);
const seedCount = values.seeds === undefined ? undefined : natural('seeds', values.seeds);
const nodeCount = values.nodes === undefined ? undefined : natural('nodes', values.nodes);
const size = values.full ? 'full' : 'tour';

/** Seeds between two lines on stderr. */
const PROGRESS_EVERY = 50;
const reports: CellReport[] = [];
for (const scenario of SCENARIOS) {
  if (numbers.length > 0 && !numbers.includes(scenario.number)) continue;
  for (const cell of scenario.cells(size, nodeCount)) {
    if (values.variant !== undefined && values.variant !== cell.variant) continue;
    const report = play(scenario, cell);
    reports.push(report);
    if (!values.json) console.log(textOf(report));
  }
}
if (values.json) console.log(JSON.stringify(reports, undefined, 1));
process.exitCode = reports.some(({ failures }) => failures.length > 0) ? 1 : 0;

function play(scenario: Scenario, cell: Cell): CellReport {
  const seeds = seedCount ?? (values.full ? scenario.fullSeeds : 1);
  const runs: Figures[] = [];
  const failures: CellReport['failures'][number][] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      runs.push(cell.run(seed));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const replay = replayOf(scenario, cell, seed);
      failures.push({ seed, replay, why });
      console.error(`${why}\n  replay: ${replay}`);
    }
    const done = seed - first + 1;
    if (done % PROGRESS_EVERY === 0 && done < seeds) {
      console.error(`scenario ${scenario.number}: ${done} of ${seeds}, ${failures.length} failed`);
    }
  }
  const { number, title } = scenario;
  const { variant, nodes } = cell;
  return { scenario: number, title, variant, nodes, seeds, failures, figures: summary(runs) };
}

function replayOf({ number }: Scenario, { variant, nodes }: Cell, seed: number): string {
  return [
    `npm run sim -- --scenario ${number} --nodes ${nodes} --seed ${seed}`,
    ...(variant === '' ? [] : [`--variant '${variant}'`]),
    ...(values.full ? ['--full --seeds 1'] : []),
  ].join(' ');
}

function natural(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    fail(`--${option} ${text} is not a number from 1`);
  return number;
}

function fail(why: string): never {
  console.error(why);
  process.exit(2);
}
