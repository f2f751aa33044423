/** Values that are right alone and wrong together. */
import type { Mistake } from './mistake.ts';
import type { Settings } from './settings.ts';
import type { Tree } from './schema.ts';

export interface Conflict {
  /** The keys that do not go together; the one to change first. */
  readonly keys: readonly string[];
  readonly problem: string;
  readonly advice: string;
}

/**
 * Conflicts as mistakes, at the first of their keys that somebody wrote. A conflict with a key that has a mistake of its
 * own is left out: it would be about a default that nobody chose.
 */
export function conflictMistakes(
  settings: Pick<Settings<Tree>, 'mistakes' | 'isGiven' | 'whereIs'>,
  conflicts: readonly Conflict[],
): readonly Mistake[] {
  const mistaken = new Set(settings.mistakes.map(({ key }) => key));
  return conflicts
    .filter(({ keys }) => !keys.some((key) => mistaken.has(key)))
    .map(({ keys, problem, advice }) => {
      const key = keys.find((name) => settings.isGiven(name)) ?? keys[0];
      return { where: settings.whereIs(key), key, problem, advice };
    });
}
