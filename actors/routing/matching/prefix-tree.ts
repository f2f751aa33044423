/**
 * A radix tree of string prefixes: finding every stored prefix of a URI reads the URI once, however many
 * are stored. WAMP prefixes are of characters, not components: `com.app.to` matches `com.app.topic`.
 */

interface Node<T> {
  /** The characters between the parent and here; empty only at the root. */
  edge: string;
  value: T | undefined;
  children: Map<number, Node<T>> | undefined;
}

export class PrefixTree<T extends object> {
  readonly #root: Node<T> = { edge: '', value: undefined, children: undefined };

  get(prefix: string): T | undefined {
    const path = this.#pathTo(prefix);
    return path?.[path.length - 1].value;
  }

  set(prefix: string, value: T): void {
    let node = this.#root;
    let at = 0;
    while (at < prefix.length) {
      const child = node.children?.get(prefix.charCodeAt(at));
      if (!child) {
        node = addChild(node, { edge: prefix.slice(at), value: undefined, children: undefined });
        break;
      }
      const shared = sharedLength(child.edge, prefix, at);
      node = shared === child.edge.length ? child : split(node, child, shared);
      at += shared;
    }
    node.value = value;
  }

  delete(prefix: string): T | undefined {
    const path = this.#pathTo(prefix);
    const node = path?.[path.length - 1];
    if (!path || !node || node.value === undefined) return undefined;
    const { value } = node;
    node.value = undefined;
    for (let i = path.length - 1; i > 0; i--) {
      if (!shrink(path[i - 1], path[i])) break;
    }
    return value;
  }

  /** The value of the longest stored prefix of `uri`; `whole`: only of those that end with a component. */
  longest(uri: string, whole: boolean): T | undefined {
    let found = this.#root.value;
    let node = this.#root;
    let at = 0;
    for (;;) {
      const child: Node<T> | undefined = node.children?.get(uri.charCodeAt(at));
      if (!child || !continues(child.edge, uri, at)) return found;
      at += child.edge.length;
      if (child.value !== undefined && (!whole || endsComponent(uri, at))) found = child.value;
      node = child;
    }
  }

  /** Visits the value of every stored prefix of `uri`, shortest first. */
  forEach(uri: string, visit: (value: T) => void): void {
    let node = this.#root;
    let at = 0;
    for (;;) {
      if (node.value !== undefined) visit(node.value);
      const child: Node<T> | undefined = node.children?.get(uri.charCodeAt(at));
      if (!child || !continues(child.edge, uri, at)) return;
      at += child.edge.length;
      node = child;
    }
  }

  #pathTo(prefix: string): Node<T>[] | undefined {
    const path = [this.#root];
    let node = this.#root;
    let at = 0;
    while (at < prefix.length) {
      const child = node.children?.get(prefix.charCodeAt(at));
      if (!child || !prefix.startsWith(child.edge, at)) return undefined;
      at += child.edge.length;
      path.push(child);
      node = child;
    }
    return path;
  }
}

const DOT = 0x2e;

function endsComponent(uri: string, at: number): boolean {
  return at === uri.length || uri.charCodeAt(at) === DOT || uri.charCodeAt(at - 1) === DOT;
}

function addChild<T>(parent: Node<T>, child: Node<T>): Node<T> {
  parent.children ??= new Map();
  parent.children.set(child.edge.charCodeAt(0), child);
  return child;
}

function sharedLength(edge: string, text: string, from: number): number {
  let length = 1; // the first character chose the edge
  while (length < edge.length && edge.charCodeAt(length) === text.charCodeAt(from + length)) {
    length++;
  }
  return length;
}

/** Does `uri` go on with the edge at `at`? A loop, because most edges have one or two characters. */
function continues(edge: string, uri: string, at: number): boolean {
  return edge.length === 1 || sharedLength(edge, uri, at) === edge.length;
}

/** Puts a node into the middle of `child`'s edge and returns it. */
function split<T>(parent: Node<T>, child: Node<T>, length: number): Node<T> {
  const edge = child.edge.slice(0, length);
  const middle = addChild<T>(parent, { edge, value: undefined, children: undefined });
  child.edge = child.edge.slice(length);
  addChild(middle, child);
  return middle;
}

/** Removes or merges a node that has become needless. True: `parent` may have become so as well. */
function shrink<T>(parent: Node<T>, node: Node<T>): boolean {
  if (node.value !== undefined) return false;
  const count = node.children?.size ?? 0;
  if (count > 1) return false;
  parent.children?.delete(node.edge.charCodeAt(0));
  if (count === 1 && node.children) {
    const [only] = node.children.values();
    only.edge = node.edge + only.edge;
    addChild(parent, only);
    return false;
  }
  if (parent.children?.size === 0) parent.children = undefined;
  return true;
}
