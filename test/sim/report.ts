/** The figures of all seeds of a cell as one line: least, mean and greatest of each number. */
import type { Figures } from './scenario.ts';
import { mean, rounded } from './scenario.ts';

export interface CellReport {
  readonly scenario: number;
  readonly title: string;
  readonly variant: string;
  readonly nodes: number;
  readonly seeds: number;
  /** The command that replays it, and why it failed. */
  readonly failures: readonly {
    readonly seed: number;
    readonly replay: string;
    readonly why: string;
  }[];
  readonly figures: Readonly<Record<string, { min: number; mean: number; max: number }>>;
}

export function summary(runs: readonly Figures[]): CellReport['figures'] {
  const names = new Set(runs.flatMap((figures) => Object.keys(figures)));
  const lines = [...names].flatMap((name) => {
    const values = runs
      .map((figures) => figures[name])
      .filter((value) => typeof value === 'number');
    if (values.length === 0) return [];
    const least = values.reduce((a, b) => Math.min(a, b));
    const greatest = values.reduce((a, b) => Math.max(a, b));
    return [[name, { min: least, mean: rounded(mean(values), 4), max: greatest }] as const];
  });
  return Object.fromEntries(lines);
}

export function textOf({
  scenario,
  title,
  variant,
  nodes,
  seeds,
  failures,
  figures,
}: CellReport): string {
  const verdict = failures.length === 0 ? 'ok' : `${failures.length} FAILED`;
  const head = `${String(scenario).padStart(2)}  ${title}${variant === '' ? '' : ` (${variant})`}`;
  const numbers = Object.entries(figures).map(([name, { min, mean: middle, max }]) =>
    min === max ? `${name} ${min}` : `${name} ${min}..${rounded(middle)}..${max}`,
  );
  return [
    `${head}: ${nodes} nodes, ${seeds} seeds: ${verdict}`,
    `      ${numbers.join(', ')}`,
    ...failures.map(({ replay, why }) => `      ${why}\n      replay: ${replay}`),
  ].join('\n');
}
