/** URIs that belong to the protocol and to this router (WAMP basic/building_blocks.md §URIs). */

import type { MatchPolicy } from './matching/patterns.ts';

const RESERVED = ['wamp', 'bondy'] as const;

/** Can a subscription to this pattern receive meta events (`wamp.`…)? True for a few that cannot. */
export function mayMatchMeta(match: MatchPolicy, uri: string): boolean {
  switch (match) {
    case 'exact':
      return uri.startsWith('wamp');
    case 'prefix':
      return uri.startsWith('wamp') || 'wamp'.startsWith(uri);
    case 'wildcard':
      return uri.startsWith('wamp') || uri.startsWith('.') || uri === '';
  }
}

/** The first component is exactly a reserved word: `wamp.x` and `wamp`, never `wampum.x`. */
export function isReserved(uri: string): boolean {
  return RESERVED.some(
    (word) => uri.startsWith(word) && (uri.length === word.length || uri[word.length] === '.'),
  );
}
