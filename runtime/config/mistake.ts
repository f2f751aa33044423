/** What is wrong in a configuration, said so that the reader knows where to go and what to write there. */

export interface Mistake {
  /** `bondy.conf:12`, `BONDY_LOG__LEVEL`, `--set log.level`, or `default`. */
  readonly where: string;
  readonly key?: string;
  /** What was found; never the text of a secret. */
  readonly problem: string;
  /** What to do about it, one sentence. */
  readonly advice: string;
}

/** One line for each mistake, with a head that counts them. */
export function renderMistakes(mistakes: readonly Mistake[]): string {
  const head =
    mistakes.length === 1
      ? 'The configuration has a mistake:'
      : `The configuration has ${mistakes.length} mistakes:`;
  return [head, ...mistakes.map((mistake) => `  ${renderMistake(mistake)}`)].join('\n');
}

function renderMistake({ where, key, problem, advice }: Mistake): string {
  const isNamed = key === undefined || where === `--set ${key}`;
  return [where, ...(isNamed ? [] : [key]), `${problem}. ${advice}`].join(': ');
}

const MAX_QUOTED = 80;

/** Foreign text made safe to print: bounded, control characters escaped. */
export function quote(text: string): string {
  const shown = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
