/**
 * What is registered or subscribed under which URI, by match policy, and what a concrete URI matches.
 * Used by the dealer (the best match) and the broker (every match).
 */
import { PrefixTree } from './prefix-tree.ts';
import { WildcardTree } from './wildcard-tree.ts';

export type MatchPolicy = 'exact' | 'prefix' | 'wildcard';

export const MATCH_POLICIES: readonly MatchPolicy[] = ['exact', 'prefix', 'wildcard'];

export class PatternIndex<T extends object> {
  readonly #exact = new Map<string, T>();
  readonly #prefixes = new PrefixTree<T>();
  readonly #wildcards = new WildcardTree<T>();

  /** One value per (match, uri); a second replaces the first. */
  add(match: MatchPolicy, uri: string, value: T): void {
    switch (match) {
      case 'exact':
        this.#exact.set(uri, value);
        return;
      case 'prefix':
        return this.#prefixes.set(uri, value);
      case 'wildcard':
        return this.#wildcards.set(uri, value);
    }
  }

  /** The value that was stored, or undefined. */
  remove(match: MatchPolicy, uri: string): T | undefined {
    switch (match) {
      case 'exact': {
        const value = this.#exact.get(uri);
        this.#exact.delete(uri);
        return value;
      }
      case 'prefix':
        return this.#prefixes.delete(uri);
      case 'wildcard':
        return this.#wildcards.delete(uri);
    }
  }

  /** What is stored under this very pattern. */
  get(match: MatchPolicy, uri: string): T | undefined {
    switch (match) {
      case 'exact':
        return this.#exact.get(uri);
      case 'prefix':
        return this.#prefixes.get(uri);
      case 'wildcard':
        return this.#wildcards.get(uri);
    }
  }

  /**
   * The one with precedence (advanced pattern_based_registration): exact, then the longest prefix of whole
   * components, then the best wildcard, then the longest prefix that ends inside a component. The text lets the
   * prefix `a1.b2.c3` match `a1.b2.c33.d4` and counts it as "no prefix match" where a wildcard fits too; this
   * order satisfies both.
   */
  bestMatch(uri: string): T | undefined {
    return (
      this.#exact.get(uri) ??
      this.#prefixes.longest(uri, true) ??
      this.#wildcards.best(uri) ??
      this.#prefixes.longest(uri, false)
    );
  }

  /** Every match: the exact one, prefixes from short to long, wildcards. `visit` must not change the index. */
  forEachMatch(uri: string, visit: (value: T) => void): void {
    const exact = this.#exact.get(uri);
    if (exact !== undefined) visit(exact);
    this.#prefixes.forEach(uri, visit);
    this.#wildcards.forEach(uri, visit);
  }
}
