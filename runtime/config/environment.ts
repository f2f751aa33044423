/**
 * Settings from the environment: `BONDY_` and the key in capitals, with two underscores for each dot, so that
 * `wamp.call_timeout` is `BONDY_WAMP__CALL_TIMEOUT`. Every key has a dot, so a variable without two underscores is
 * somebody else's (Kubernetes makes `BONDY_PORT` for a service named bondy) unless it looks like a key misspelt.
 */
import type { Parsed } from './conf-file.ts';
import type { Entry } from './entry.ts';
import type { Mistake } from './mistake.ts';

const PREFIX = 'BONDY_';

/** The variable of a key. Chosen names with capitals or hyphens have none. */
export function variableOf(key: string): string {
  return PREFIX + key.replaceAll('.', '__').toUpperCase();
}

export function parseEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  knownKeys: readonly string[],
  base: string,
): Parsed {
  const misspelt = new Map(
    knownKeys.map((key) => [PREFIX + key.replaceAll('.', '_').toUpperCase(), key]),
  );
  const entries: Entry[] = [];
  const mistakes: Mistake[] = [];
  for (const [variable, text] of Object.entries(variables).sort(byName)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const meant = misspelt.get(variable);
    if (variable.includes('__')) {
      const key = variable.slice(PREFIX.length).toLowerCase().replaceAll('__', '.');
      entries.push({ key, text: text.trim(), source: 'environment', where: variable, base });
    } else if (meant !== undefined) {
      mistakes.push({
        where: variable,
        problem: 'no such setting',
        advice: `Did you mean ${variableOf(meant)}, with two underscores for each dot?`,
      });
    }
  }
  return { entries, mistakes };
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
