/**
 * The grants of one role, by permission, so that a decision does not look at each: exact URIs in a set, prefixes in a set
 * with the lengths there are, wildcards in a tree of components. `covers` in resources.ts says the same without an index.
 */
import type { Match } from '../policy-port.ts';
import type { Resource } from './resources.ts';
import { isOneUri, literalHead } from './resources.ts';

export class GrantIndex {
  readonly #byPermission = new Map<string, Resources>();

  /** Each once. */
  add(permission: string, resource: Resource): void {
    let resources = this.#byPermission.get(permission);
    if (!resources) this.#byPermission.set(permission, (resources = new Resources()));
    resources.add(resource);
  }

  /** What was added before. */
  remove(permission: string, resource: Resource): void {
    const resources = this.#byPermission.get(permission);
    resources?.remove(resource);
    if (resources?.size === 0) this.#byPermission.delete(permission);
  }

  covers(permission: string, uri: string, match: Match): boolean {
    return this.#byPermission.get(permission)?.covers(uri, match) ?? false;
  }
}

class Resources {
  size = 0;
  #isAny = false;
  readonly #exact = new Set<string>();
  readonly #prefixes = new Prefixes();
  readonly #wildcards = new Wildcards();

  add({ uri, match }: Resource): void {
    this.size++;
    switch (match) {
      case 'any':
        this.#isAny = true;
        return;
      case 'exact':
        this.#exact.add(uri);
        return;
      case 'prefix':
        return this.#prefixes.add(uri);
      case 'wildcard':
        return this.#wildcards.add(uri.split('.'));
    }
  }

  remove({ uri, match }: Resource): void {
    this.size--;
    switch (match) {
      case 'any':
        this.#isAny = false;
        return;
      case 'exact':
        this.#exact.delete(uri);
        return;
      case 'prefix':
        return this.#prefixes.remove(uri);
      case 'wildcard':
        return this.#wildcards.remove(uri.split('.'));
    }
  }

  covers(uri: string, match: Match): boolean {
    if (this.#isAny) return true;
    if (this.#exact.has(uri) && isOneUri(uri, match)) return true;
    if (this.#prefixes.hasPrefixOf(literalHead(uri, match))) return true;
    return match !== 'prefix' && this.#wildcards.cover(uri);
  }
}

class Prefixes {
  readonly #prefixes = new Set<string>();
  /** How many have this length. */
  readonly #lengths = new Map<number, number>();
  #ascending: readonly number[] = [];

  add(prefix: string): void {
    this.#prefixes.add(prefix);
    this.#count(prefix.length, 1);
  }

  remove(prefix: string): void {
    this.#prefixes.delete(prefix);
    this.#count(prefix.length, -1);
  }

  hasPrefixOf(text: string): boolean {
    for (const length of this.#ascending) {
      if (length > text.length) return false;
      if (this.#prefixes.has(text.slice(0, length))) return true;
    }
    return false;
  }

  #count(length: number, by: number): void {
    const before = this.#lengths.get(length) ?? 0;
    if (before + by > 0) this.#lengths.set(length, before + by);
    else this.#lengths.delete(length);
    if (before === 0 || before + by === 0) {
      this.#ascending = [...this.#lengths.keys()].sort((a, b) => a - b);
    }
  }
}

/** A pattern ends here, or goes on: by a literal component, or by an empty one. */
interface Node {
  isEnd: boolean;
  literals: Map<string, Node> | undefined;
  hole: Node | undefined;
}

class Wildcards {
  readonly #root = newNode();
  #size = 0;

  add(components: readonly string[]): void {
    let node = this.#root;
    for (const component of components) node = childOf(node, component);
    node.isEnd = true;
    this.#size++;
  }

  remove(components: readonly string[]): void {
    const path = [this.#root];
    for (const component of components) {
      const last = path[path.length - 1]!;
      const next = component === '' ? last.hole : last.literals?.get(component);
      if (!next) return;
      path.push(next);
    }
    path[path.length - 1]!.isEnd = false;
    this.#size--;
    for (let i = components.length; i > 0 && isNeedless(path[i]!); i--) {
      const parent = path[i - 1]!;
      if (components[i - 1] === '') parent.hole = undefined;
      else parent.literals!.delete(components[i - 1]!);
    }
  }

  /** Level by level: a URI of very many components costs memory, not the stack. */
  cover(uri: string): boolean {
    if (this.#size === 0) return false;
    let level: Node[] = [this.#root];
    for (const component of uri.split('.')) {
      const next: Node[] = [];
      for (const { literals, hole } of level) {
        const literal = component === '' ? undefined : literals?.get(component);
        if (literal) next.push(literal);
        if (hole) next.push(hole);
      }
      if (next.length === 0) return false;
      level = next;
    }
    return level.some(({ isEnd }) => isEnd);
  }
}

function newNode(): Node {
  return { isEnd: false, literals: undefined, hole: undefined };
}

function childOf(node: Node, component: string): Node {
  if (component === '') return (node.hole ??= newNode());
  node.literals ??= new Map();
  let child = node.literals.get(component);
  if (!child) node.literals.set(component, (child = newNode()));
  return child;
}

function isNeedless({ isEnd, literals, hole }: Node): boolean {
  return !isEnd && hole === undefined && (literals === undefined || literals.size === 0);
}
