/** URIs that belong to the protocol and to this router (WAMP basic/building_blocks.md §URIs). */

const RESERVED = ['wamp', 'bondy'] as const;

/** The first component is exactly a reserved word: `wamp.x` and `wamp`, never `wampum.x`. */
export function isReserved(uri: string): boolean {
  return RESERVED.some(
    (word) => uri.startsWith(word) && (uri.length === word.length || uri[word.length] === '.'),
  );
}
