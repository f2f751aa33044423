/**
 * A schema is a tree of keys whose shape is the shape of the object it produces; each key carries its dotted name, so
 * the file's names and the code's names may differ. `Each` stands for a name the reader of the file chooses
 * (`realms.$realm.uri`): it becomes a list, in the order the names were first written.
 */
import type { Type } from './type.ts';

export interface KeyOptions<T> {
  /** Dotted, at least two segments; a segment that starts with `$` is bound by an `Each` around it. */
  readonly name: string;
  readonly type: Type<T>;
  readonly default: NoInfer<T>;
  /** Meaning, unit, and what too low and too high do. */
  readonly doc: string;
  /** A SIGHUP brings a new value into effect; other keys need a restart. */
  readonly isReloadable?: boolean;
}

export class Key<T> {
  readonly name: string;
  readonly type: Type<T>;
  readonly default: T;
  readonly doc: string;
  readonly isReloadable: boolean;
  constructor({ name, type, default: fallback, doc, isReloadable = false }: KeyOptions<T>) {
    if (!/^[a-z][a-z0-9_]*(\.\$?[a-z][a-z0-9_]*)+$/.test(name) || name.includes('__')) {
      throw new Error(`"${name}" cannot be a configuration key`);
    }
    this.name = name;
    this.type = type;
    this.default = fallback;
    this.doc = doc;
    this.isReloadable = isReloadable;
  }
}

/** What a user may choose as a name in a key. Fits an environment variable unless it has a capital or a hyphen. */
export const CHOSEN_NAME = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?$/;

export class Each<C extends Tree> {
  /** The prefix that ends in the chosen segment: `realms.$realm`. */
  readonly prefix: string;
  readonly children: C;
  constructor(prefix: string, children: (prefix: string) => C) {
    this.prefix = prefix;
    this.children = children(prefix);
  }
  /** `$realm`. */
  get variable(): string {
    return this.prefix.slice(this.prefix.lastIndexOf('.') + 1);
  }
}

export interface Tree {
  readonly [field: string]: Key<unknown> | Each<Tree> | Tree;
}

/** What a schema's keys make. The chosen name of an `Each` is in `name`. */
export type Values<S> =
  S extends Key<infer T>
    ? T
    : S extends Each<infer C>
      ? readonly (Values<C> & { readonly name: string })[]
      : { readonly [Field in keyof S]: Values<S[Field]> };

export function key<T>(options: KeyOptions<T>): Key<T> {
  return new Key(options);
}

export function each<C extends Tree>(prefix: string, children: (prefix: string) => C): Each<C> {
  return new Each(prefix, children);
}

/** Every key of the tree, in its order. */
export function keysOf(node: Tree[string]): readonly Key<unknown>[] {
  if (node instanceof Key) return [node];
  return Object.values(node instanceof Each ? node.children : node).flatMap(keysOf);
}
