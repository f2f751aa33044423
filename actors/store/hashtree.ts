/** What a partition compares with its peers': a hash tree and coded symbols over the same items, changed together. */
import type { HashKey } from '../../runtime/structures/half-siphash.ts';
import type { Item } from '../../runtime/structures/item.ts';
import { MerkleTree } from '../../runtime/structures/merkle.ts';
import { CodedSymbols } from '../../runtime/structures/riblt.ts';

export class Hashtree {
  readonly #key: HashKey;
  readonly #capacity: number;
  tree: MerkleTree;
  symbols: CodedSymbols;

  constructor(key: HashKey, depth: number, capacity: number) {
    this.#key = key;
    this.#capacity = capacity;
    this.tree = new MerkleTree(depth);
    this.symbols = new CodedSymbols(key, capacity);
  }

  get count(): number {
    return this.symbols.count;
  }

  change(before: Item | undefined, after: Item | undefined): void {
    this.tree.change(before, after);
    this.symbols.change(before, after);
  }

  /** Another one for the same items, empty. */
  fresh(): Hashtree {
    return new Hashtree(this.#key, this.tree.depth, this.#capacity);
  }

  /** Takes over what another one has. */
  become({ tree, symbols }: Hashtree): void {
    this.tree = tree;
    this.symbols = symbols;
  }
}
