/**
 * Who a node is: a name chosen by the operator and an incarnation that is durable and bumped before its first use, so
 * that no two lives of one name are ever taken for each other. Also the actor of a version vector.
 */
export interface NodeId {
  readonly name: string;
  /**
   * The first one is the wall clock's seconds when the data directory is made, so that a node that lost its disk is not
   * taken for its former self; one more with each start on that directory.
   */
  readonly incarnation: number;
}

/** `name#incarnation`: a key for maps, the same on every node. */
export function nodeKey({ name, incarnation }: NodeId): string {
  return `${name}#${incarnation}`;
}

export function isSameNode(a: NodeId, b: NodeId): boolean {
  return a.incarnation === b.incarnation && a.name === b.name;
}
