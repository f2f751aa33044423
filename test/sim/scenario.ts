/** What a scenario is: cells (a size, a variant), each run with seeds; figures that are printed, claims that throw. */

export type Figures = Readonly<Record<string, number | string>>;

export interface Cell {
  /** What is special about it: `90 % crash`. */
  readonly variant: string;
  readonly nodes: number;
  /** Throws a sentence when the oracle says no. */
  run(seed: number): Figures;
}

export interface Scenario {
  readonly number: number;
  readonly title: string;
  /** What passing means. */
  readonly oracle: string;
  /** Seeds of a full run. */
  readonly fullSeeds: number;
  /** `nodes`: instead of those of the tour or of the full run. */
  cells(size: 'tour' | 'full', nodes: number | undefined): readonly Cell[];
}

export function claim(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
