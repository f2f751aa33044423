/** Finds the key that a written name means, or the one it most nearly resembles. */
import type { Entry } from './entry.ts';
import type { Mistake } from './mistake.ts';
import { nearest } from './nearest.ts';
import { CHOSEN_NAME, keysOf } from './schema.ts';
import type { Key, Tree } from './schema.ts';

export class Catalogue {
  readonly keys: readonly Key<unknown>[];
  readonly #plain = new Map<string, Key<unknown>>();
  readonly #patterns: { readonly key: Key<unknown>; readonly segments: readonly string[] }[] = [];

  constructor(schema: Tree) {
    this.keys = keysOf(schema);
    for (const key of this.keys) {
      if (key.name.includes('$')) this.#patterns.push({ key, segments: key.name.split('.') });
      else if (this.#plain.has(key.name)) throw new Error(`two keys are named "${key.name}"`);
      else this.#plain.set(key.name, key);
    }
  }

  find(written: string): Key<unknown> | undefined {
    const plain = this.#plain.get(written);
    if (plain) return plain;
    const segments = written.split('.');
    return this.#patterns.find((pattern) => matches(pattern.segments, segments))?.key;
  }

  unknown({ key: written, where }: Entry): Mistake {
    const meant = this.#nearest(written);
    const advice = meant
      ? `Did you mean ${meant}?`
      : 'Every key is listed in docs/configuration.md; "bondy config show" shows those in effect.';
    return { where, key: written, problem: 'no such key', advice };
  }

  #nearest(written: string): string | undefined {
    const segments = written.split('.');
    const filled = this.#patterns
      .filter((pattern) => pattern.segments.length === segments.length)
      .map((pattern) =>
        pattern.segments
          .map((segment, at) => (segment.startsWith('$') ? segments[at] : segment))
          .join('.'),
      );
    return nearest(written, [...this.#plain.keys(), ...filled]);
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, at) =>
      part.startsWith('$') ? CHOSEN_NAME.test(segments[at]) : part === segments[at],
    )
  );
}
