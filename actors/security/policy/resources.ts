/**
 * What a grant is for: a URI, a prefix of characters, a wildcard of components, or `any` (not tied to a resource).
 *
 * A request may itself be for a pattern (a subscription, a registration). It is covered only if every URI that it could
 * ever match is: `com.app.` does not cover the prefix `com.app` (which matches `com.apple`), no exact URI and no wildcard
 * covers a prefix (whose URIs have any number of components), and a prefix covers a wildcard only by the literal
 * components before its first empty one. Each grant is judged alone; that several together might cover a pattern counts
 * for nothing.
 */
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import type { Match } from '../policy-port.ts';

export type GrantMatch = Match | 'any';

export interface Resource {
  readonly uri: string;
  readonly match: GrantMatch;
}

export function covers(grant: Resource, uri: string, match: Match): boolean {
  switch (grant.match) {
    case 'any':
      return true;
    case 'exact':
      return grant.uri === uri && isOneUri(uri, match);
    case 'prefix':
      return literalHead(uri, match).startsWith(grant.uri);
    case 'wildcard':
      return match !== 'prefix' && isWithin(grant.uri.split('.'), uri.split('.'));
  }
}

/** It matches itself and nothing else: also a wildcard without an empty component. */
export function isOneUri(uri: string, match: Match): boolean {
  return match === 'exact' || (match === 'wildcard' && !uri.split('.').includes(''));
}

/** What everything it matches begins with. */
export function literalHead(uri: string, match: Match): string {
  if (match !== 'wildcard') return uri;
  if (uri === '' || uri.startsWith('.')) return '';
  const hole = uri.indexOf('..');
  if (hole >= 0) return uri.slice(0, hole + 1);
  return uri; // a trailing dot is before the hole
}

function isWithin(grant: readonly string[], request: readonly string[]): boolean {
  return (
    grant.length === request.length &&
    grant.every((component, i) => component === '' || component === request[i])
  );
}

/**
 * What an administrator has written, as it is stored: `any` is not tied to a resource, `''` and `*` are everything.
 * Without a match it is exact if the URI can be, else a wildcard, else a prefix. A string says why it cannot be.
 */
export function resourceOf(uri: string, match: Match | undefined): Resource | string {
  if (uri === 'any' && match === undefined) return { uri: '', match: 'any' };
  if (uri === '' || uri === '*') {
    // An empty wildcard is one component: not what anybody means by it.
    return match === undefined || match === 'prefix'
      ? { uri: '', match: 'prefix' }
      : `"${uri}" is everything, which only match prefix can say`;
  }
  if (uri.length > MAX_RESOURCE_LENGTH) return `is longer than ${MAX_RESOURCE_LENGTH} characters`;
  const wanted = match === undefined ? (['exact', 'wildcard', 'prefix'] as const) : [match];
  const fitting = wanted.find((policy) => isValidUri(uri, 'loose', policy));
  return fitting ? { uri, match: fitting } : `is not a URI for match ${wanted.at(-1)}`;
}

/** As long as a row allows. */
export const MAX_RESOURCE_LENGTH = 1024;
