/**
 * A small world of URIs in which coverage can be counted: every concrete URI of up to four components, and every pattern
 * of up to three. `z` goes on where a pattern's text ends.
 */
import type { Match } from '../../../../actors/security/policy-port.ts';
import { matches } from '../../../../actors/routing/matching/matches.ts';

export interface Pattern {
  readonly uri: string;
  readonly match: Match;
}

export const every: readonly string[] = joined(['a', 'b', 'ab', 'az', 'bz', 'abz', 'z'], 4);

export const PATTERNS: readonly Pattern[] = joined(['', 'a', 'ab'], 3).flatMap((uri) =>
  (['exact', 'prefix', 'wildcard'] as const)
    .filter((match) => match !== 'exact' || !uri.split('.').includes(''))
    .map((match) => ({ uri, match })),
);

const known = new Map<string, ReadonlySet<string>>();

export function matchedBy(pattern: Pattern): ReadonlySet<string> {
  const name = patternText(pattern);
  let found = known.get(name);
  if (!found) {
    found = new Set(every.filter((uri) => matches(uri, pattern.match, pattern.uri)));
    known.set(name, found);
  }
  return found;
}

export function isCovered(grant: Pattern, request: Pattern): boolean {
  const granted = matchedBy(grant);
  for (const uri of matchedBy(request)) if (!granted.has(uri)) return false;
  return true;
}

export function patternText({ uri, match }: Pattern): string {
  return `${match} "${uri}"`;
}

function joined(components: readonly string[], depth: number): readonly string[] {
  if (depth === 1) return components;
  const shorter = joined(components, depth - 1);
  const longest = shorter.filter((uri) => uri.split('.').length === depth - 1);
  return [...shorter, ...longest.flatMap((uri) => components.map((next) => `${uri}.${next}`))];
}
