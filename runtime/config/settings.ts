/**
 * From what was written to what it means: entries of file, environment and flags against a schema. Everything wrong is
 * collected, so that one run shows every mistake.
 */
import { Catalogue } from './catalogue.ts';
import { PRECEDENCE } from './entry.ts';
import type { Entry, Source } from './entry.ts';
import type { Mistake } from './mistake.ts';
import { Each, Key } from './schema.ts';
import type { Tree, Values } from './schema.ts';
import { FROM_FILE } from './secret.ts';
import { Refused } from './type.ts';
import type { Files } from './type.ts';

/** One line of `bondy config show`. */
export interface Effective {
  readonly key: string;
  /** Secrets blanked. */
  readonly shown: string;
  readonly where: string;
  readonly isReloadable: boolean;
}

export interface Settings<S extends Tree> {
  readonly values: Values<S>;
  readonly effective: readonly Effective[];
  /** Where a key was written, `bondy.conf:12`; else where one beside it was; else `default`. */
  whereIs(key: string): string;
  isGiven(key: string): boolean;
  readonly mistakes: readonly Mistake[];
}

/** Values of keys with a mistake are their defaults, so that checks of combinations can go on. */
export function resolveSettings<S extends Tree>(
  schema: S,
  entries: readonly Entry[],
  files: Files,
): Settings<S> {
  const resolution = new Resolution(new Catalogue(schema), files);
  for (const source of PRECEDENCE) resolution.take(source, entries);
  const values = resolution.read(schema, new Map()) as Values<S>;
  const { given, mentioned } = resolution;
  return {
    values,
    mistakes: resolution.mistakes,
    effective: resolution.effective,
    whereIs: (key) => given.get(key)?.where ?? placeBeside(key, mentioned),
    isGiven: (key) => given.has(key),
  };
}

interface Given {
  readonly key: Key<unknown>;
  readonly value: unknown;
  readonly where: string;
}

type Bindings = ReadonlyMap<string, string>;

class Resolution {
  readonly mistakes: Mistake[] = [];
  readonly effective: Effective[] = [];
  readonly given = new Map<string, Given>();
  /** Every known key that was written, also with a value that was refused. */
  readonly mentioned = new Map<string, Entry>();
  readonly #catalogue: Catalogue;
  readonly #files: Files;

  constructor(catalogue: Catalogue, files: Files) {
    this.#catalogue = catalogue;
    this.#files = files;
  }

  take(source: Source, entries: readonly Entry[]): void {
    const first = new Map<string, Entry>();
    for (const written of entries) {
      if (written.source !== source) continue;
      const entry = this.#secretInFile(written);
      const key = this.#catalogue.find(entry.key);
      const before = first.get(entry.key);
      if (key === undefined) this.mistakes.push(this.#catalogue.unknown(written));
      else if (before) this.mistakes.push(repeated(entry, before));
      else this.#accept(key, entry);
      first.set(entry.key, before ?? entry);
    }
  }

  /** `…ticket_file = PATH` is `…ticket = @file:PATH`, as Docker's images have it. */
  #secretInFile(entry: Entry): Entry {
    if (!entry.key.endsWith('_file') || this.#catalogue.find(entry.key)) return entry;
    const key = entry.key.slice(0, -'_file'.length);
    if (!this.#catalogue.find(key)?.type.isSecret) return entry;
    return { ...entry, key, text: `${FROM_FILE}${entry.text}` };
  }

  #accept(key: Key<unknown>, entry: Entry): void {
    this.mentioned.set(entry.key, entry);
    const context = { base: entry.base, files: this.#files };
    const value = key.type.parse(entry.text, context);
    if (value instanceof Refused) {
      this.mistakes.push({ where: entry.where, key: entry.key, ...value });
      return;
    }
    this.given.set(entry.key, { key, value, where: entry.where });
  }

  read(node: Tree[string], bindings: Bindings): unknown {
    if (node instanceof Key) return this.#value(node, bindings);
    if (node instanceof Each) return this.#list(node, bindings);
    return Object.fromEntries(
      Object.entries(node).map(([field, child]) => [field, this.read(child, bindings)]),
    );
  }

  #list({ prefix, variable, children }: Each<Tree>, bindings: Bindings): unknown[] {
    return this.#chosenNames(prefix.slice(0, -variable.length), bindings).map((name) => {
      const values = this.read(children, new Map(bindings).set(variable, name));
      return { ...(values as object), name };
    });
  }

  #chosenNames(template: string, bindings: Bindings): readonly string[] {
    const prefix = bind(template, bindings);
    const names = new Set<string>();
    for (const name of this.mentioned.keys()) {
      if (!this.#catalogue.find(name)?.name.startsWith(`${template}$`)) continue;
      if (name.startsWith(prefix)) names.add(name.slice(prefix.length).split('.', 1)[0]);
    }
    return [...names];
  }

  #value(key: Key<unknown>, bindings: Bindings): unknown {
    const name = bind(key.name, bindings);
    const given = this.given.get(name);
    const value = given ? given.value : key.default;
    const where = given?.where ?? 'default';
    const { isReloadable } = key;
    this.effective.push({ key: name, shown: key.type.show(value), where, isReloadable });
    return value;
  }
}

function bind(template: string, bindings: Bindings): string {
  return template
    .split('.')
    .map((segment) => bindings.get(segment) ?? segment)
    .join('.');
}

function placeBeside(key: string, mentioned: ReadonlyMap<string, Entry>): string {
  const parent = key.slice(0, key.lastIndexOf('.') + 1);
  for (const [name, { where }] of mentioned) if (name.startsWith(parent)) return where;
  return 'default';
}

function repeated(entry: Entry, first: Entry): Mistake {
  return {
    where: entry.where,
    key: entry.key,
    problem: `was given already in ${first.where}`,
    advice: 'Keep one of them.',
  };
}
