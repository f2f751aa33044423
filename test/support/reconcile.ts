/** Two replicas in one process, reconciled to the end, with what crossed between them. */
import { MerkleDiff } from '../../runtime/structures/merkle-diff.ts';
import type { Difference, Item } from '../../runtime/structures/item.ts';
import { branchIndexOf, MerkleTree, ROOT_HASH_BYTES } from '../../runtime/structures/merkle.ts';
import { CodedSymbols } from '../../runtime/structures/riblt.ts';
import { RibltDecoder } from '../../runtime/structures/riblt-decoder.ts';
import type { TreeRequest } from '../../runtime/structures/tree-messages.ts';
import {
  answerChildren,
  decodeTreeRequest,
  encodeItems,
  encodeTreeRequest,
} from '../../runtime/structures/tree-messages.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';

export const KEY = { low: 0x01234567, high: 0x89abcdef | 0 };

export interface Outcome {
  /** undefined: gave up. */
  readonly difference: Difference | undefined;
  readonly bytes: number;
  readonly roundTrips: number;
}

/** A tree and, in the place of leaves on disk, its items by first two bytes. */
export class Replica {
  readonly tree: MerkleTree;
  readonly items: readonly Item[];
  readonly #buckets = new Map<number, Item[]>();

  constructor(items: readonly Item[], depth?: number) {
    this.items = items;
    this.tree = new MerkleTree(depth);
    for (const item of items) {
      this.tree.change(undefined, item);
      const bucket = branchIndexOf(item, 4);
      const bucketed = this.#buckets.get(bucket) ?? [];
      bucketed.push(item);
      this.#buckets.set(bucket, bucketed);
    }
  }

  list({ level, indexes }: TreeRequest): readonly Item[] {
    return indexes.flatMap((index) => {
      const span = 16 ** (4 - level);
      if (level > 4) {
        const bucket = this.#buckets.get(Math.floor(index * span)) ?? [];
        return bucket.filter((item) => branchIndexOf(item, level) === index);
      }
      return Array.from(
        { length: span },
        (_, i) => this.#buckets.get(index * span + i) ?? [],
      ).flat();
    });
  }
}

/** `mine` asks `theirs`. */
export function compareTrees(mine: Replica, theirs: Replica): Outcome {
  const root = theirs.tree.root;
  const diff = new MerkleDiff(mine.tree, root.depth);
  let step = diff.start(root);
  let bytes = ROOT_HASH_BYTES + 8;
  let roundTrips = 1;
  while (step.kind === 'ask') {
    roundTrips++;
    for (const request of step.requests) {
      const asked = encodeTreeRequest(request);
      const heard = decodeTreeRequest(asked, theirs.tree.depth);
      if (heard instanceof Malformed) throw new Error(heard.reason);
      const answer =
        heard.kind === 'children'
          ? answerChildren(theirs.tree, heard)
          : encodeItems(theirs.list(heard));
      bytes += asked.length + answer.length;
      step =
        request.kind === 'children'
          ? diff.children(request, answer)
          : diff.items(request, answer, mine.list(request));
    }
  }
  if (step.kind !== 'done') throw new Error(JSON.stringify(step));
  return { difference: step.difference, bytes, roundTrips };
}

export function symbolsOf(items: readonly Item[], capacity?: number): CodedSymbols {
  const symbols = new CodedSymbols(KEY, capacity);
  for (const item of items) symbols.change(undefined, item);
  return symbols;
}

/** `mine` decodes the stream of `theirs`. Requests count four bytes. */
export function decodeStream(mine: CodedSymbols, theirs: CodedSymbols): Outcome {
  const decoder = new RibltDecoder(mine.snapshot());
  const source = theirs.snapshot();
  let step = decoder.start();
  let bytes = 0;
  let roundTrips = 0;
  while (step.kind === 'ask') {
    const chunk = source.encode(step.from, step.to);
    bytes += chunk.length + 4;
    roundTrips++;
    step = decoder.received(chunk);
  }
  if (step.kind === 'refused') throw new Error(step.reason);
  return { difference: step.kind === 'done' ? step.difference : undefined, bytes, roundTrips };
}
