/**
 * What each session has registered or subscribed to, and how much of it are wildcards: those overlap, and a lookup
 * may have to walk all that do, so they are limited more strictly than the rest.
 */
import type { MatchPolicy } from './patterns.ts';

interface Held<T> {
  readonly items: Set<T>;
  wildcards: number;
}

export class Holdings<K, T extends { readonly match: MatchPolicy }> {
  readonly #held = new Map<K, Held<T>>();
  readonly #nothing: ReadonlySet<T> = new Set();

  of(holder: K): ReadonlySet<T> {
    return this.#held.get(holder)?.items ?? this.#nothing;
  }

  wildcardsOf(holder: K): number {
    return this.#held.get(holder)?.wildcards ?? 0;
  }

  add(holder: K, item: T): void {
    let held = this.#held.get(holder);
    if (!held) this.#held.set(holder, (held = { items: new Set(), wildcards: 0 }));
    if (held.items.has(item)) return;
    held.items.add(item);
    if (item.match === 'wildcard') held.wildcards++;
  }

  remove(holder: K, item: T): void {
    const held = this.#held.get(holder);
    if (!held?.items.delete(item)) return;
    if (item.match === 'wildcard') held.wildcards--;
    if (held.items.size === 0) this.#held.delete(holder);
  }
}
