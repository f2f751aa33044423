/**
 * A tree of URI components in which an empty component matches any one component.
 *
 * A walk tries the literal branch before the wildcard branch. The first match it meets therefore has, before
 * each successive wildcard, the longest run of literal components: WAMP's precedence for registrations
 * (advanced pattern_based_registration). The stack is explicit, so a deep pattern costs memory, not the process.
 */

interface Node<T> {
  value: T | undefined;
  literals: Map<string, Node<T>> | undefined;
  wildcard: Node<T> | undefined;
}

export class WildcardTree<T extends object> {
  readonly #root = emptyNode<T>();
  #size = 0;

  get(pattern: string): T | undefined {
    const path = this.#pathTo(pattern);
    return path?.[path.length - 1].value;
  }

  set(pattern: string, value: T): void {
    let node = this.#root;
    for (const component of pattern.split('.')) node = childOf(node, component);
    if (node.value === undefined) this.#size++;
    node.value = value;
  }

  delete(pattern: string): T | undefined {
    const path = this.#pathTo(pattern);
    const node = path?.[path.length - 1];
    if (!path || !node || node.value === undefined) return undefined;
    const { value } = node;
    node.value = undefined;
    this.#size--;
    const components = pattern.split('.');
    for (let i = components.length; i > 0 && isNeedless(path[i]); i--) {
      removeChild(path[i - 1], components[i - 1]);
    }
    return value;
  }

  /** The value of the pattern that takes precedence among those matching `uri`. */
  best(uri: string): T | undefined {
    return this.#size === 0 ? undefined : walk(this.#root, uri, undefined);
  }

  /** Visits the value of every pattern matching `uri`, in order of precedence. */
  forEach(uri: string, visit: (value: T) => void): void {
    if (this.#size > 0) walk(this.#root, uri, visit);
  }

  #pathTo(pattern: string): Node<T>[] | undefined {
    const path = [this.#root];
    let node: Node<T> | undefined = this.#root;
    for (const component of pattern.split('.')) {
      node = component === '' ? node.wildcard : node.literals?.get(component);
      if (!node) return undefined;
      path.push(node);
    }
    return path;
  }
}

/** Without a visitor: returns the first match. */
function walk<T>(
  root: Node<T>,
  uri: string,
  visit: ((value: T) => void) | undefined,
): T | undefined {
  const waiting: Node<T>[] = []; // wildcard branches not yet walked ...
  const positions: number[] = []; // ... and where in the uri each goes on
  let node: Node<T> | undefined = root;
  let at = 0;
  for (;;) {
    if (at > uri.length) {
      if (node.value !== undefined) {
        if (!visit) return node.value;
        visit(node.value);
      }
      node = undefined;
    } else {
      const dot = uri.indexOf('.', at);
      const end = dot < 0 ? uri.length : dot;
      const { wildcard }: Node<T> = node;
      const literal: Node<T> | undefined = node.literals?.get(uri.slice(at, end));
      at = end + 1;
      if (literal && wildcard) {
        waiting.push(wildcard);
        positions.push(at);
      }
      node = literal ?? wildcard;
    }
    if (node) continue;
    node = waiting.pop();
    if (!node) return undefined;
    at = positions.pop() ?? 0;
  }
}

function emptyNode<T>(): Node<T> {
  return { value: undefined, literals: undefined, wildcard: undefined };
}

function childOf<T>(node: Node<T>, component: string): Node<T> {
  if (component === '') return (node.wildcard ??= emptyNode());
  node.literals ??= new Map();
  let child = node.literals.get(component);
  if (!child) node.literals.set(component, (child = emptyNode()));
  return child;
}

function isNeedless<T>(node: Node<T>): boolean {
  return node.value === undefined && node.literals === undefined && node.wildcard === undefined;
}

function removeChild<T>(parent: Node<T>, component: string): void {
  if (component === '') {
    parent.wildcard = undefined;
  } else {
    parent.literals?.delete(component);
    if (parent.literals?.size === 0) parent.literals = undefined;
  }
}
