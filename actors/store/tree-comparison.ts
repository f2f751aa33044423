/** The hash trees of all partitions against a peer's at once: one question and one answer per level. */
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import type { Difference, Item } from '../../runtime/structures/item.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { DiffStep } from '../../runtime/structures/merkle-diff.ts';
import { MerkleDiff } from '../../runtime/structures/merkle-diff.ts';
import type { MerkleTree } from '../../runtime/structures/merkle.ts';
import type { TreeRequest } from '../../runtime/structures/tree-messages.ts';
import {
  decodeItems,
  decodeRoot,
  encodeTreeRequest,
} from '../../runtime/structures/tree-messages.ts';
import type { ReplicaPort } from './exchange-port.ts';
import { forAll } from './exchange-port.ts';

interface Question {
  readonly partition: number;
  readonly request: TreeRequest;
}

export interface TreeComparisonPort {
  ask(requests: readonly (readonly [number, Uint8Array])[]): void;
  done(difference: Difference): void;
  failed(reason: string): void;
}

/** A megabyte of items each, at the most. */
const QUESTIONS_AT_ONCE = 16;

export class TreeComparison {
  readonly #trees: readonly MerkleTree[];
  readonly #replica: Pick<ReplicaPort, 'itemsOf'>;
  readonly #port: TreeComparisonPort;
  #diffs: MerkleDiff[] = [];
  #waiting: Question[] = [];
  #asked: readonly Question[] = [];
  readonly #mine: Item[] = [];
  readonly #theirs: Item[] = [];

  constructor(
    trees: readonly MerkleTree[],
    replica: Pick<ReplicaPort, 'itemsOf'>,
    port: TreeComparisonPort,
  ) {
    this.#trees = trees;
    this.#replica = replica;
    this.#port = port;
  }

  roots(roots: readonly Uint8Array[]): void {
    if (this.#diffs.length > 0) return this.#port.failed('roots told twice');
    if (roots.length !== this.#trees.length) return this.#port.failed('another number of roots');
    for (const [partition, bytes] of roots.entries()) {
      const root = decodeRoot(bytes);
      if (root instanceof Malformed) return this.#port.failed(root.reason);
      const diff = new MerkleDiff(this.#trees[partition]!, root.depth);
      this.#diffs.push(diff);
      if (!this.#take(partition, diff.start(root))) return;
    }
    this.#ask();
  }

  answers(answers: readonly Uint8Array[]): void {
    const asked = this.#asked;
    this.#asked = [];
    if (answers.length !== asked.length) return this.#port.failed('another number of answers');
    forAll<Question, Uint8Array | 'too_many' | StorageFailure>(
      asked,
      ({ partition, request }, next) =>
        request.kind === 'items'
          ? this.#replica.itemsOf(partition, request, next)
          : next(new Uint8Array()),
      (own) => {
        for (const [i, { partition, request }] of asked.entries()) {
          const step = this.#step(this.#diffs[partition]!, request, answers[i]!, own[i]!);
          if (step === undefined) return this.#port.failed('our items could not be read');
          if (!this.#take(partition, step)) return;
        }
        this.#ask();
      },
    );
  }

  #step(
    diff: MerkleDiff,
    request: TreeRequest,
    answer: Uint8Array,
    own: Uint8Array | 'too_many' | StorageFailure,
  ): DiffStep | undefined {
    if (request.kind === 'children') return diff.children(request, answer);
    const mine = own instanceof Uint8Array ? decodeItems(own) : undefined;
    if (mine === undefined || mine instanceof Malformed) return undefined;
    return diff.items(request, answer, mine);
  }

  /** False: it is over. */
  #take(partition: number, step: DiffStep): boolean {
    switch (step.kind) {
      case 'ask':
        for (const request of step.requests) this.#waiting.push({ partition, request });
        return true;
      case 'wait':
        return true;
      case 'done':
        for (const item of step.difference.mine) this.#mine.push(item);
        for (const item of step.difference.theirs) this.#theirs.push(item);
        return true;
      case 'refused':
        this.#port.failed(step.reason);
        return false;
    }
  }

  #ask(): void {
    this.#asked = this.#waiting.splice(0, QUESTIONS_AT_ONCE);
    if (this.#asked.length === 0) {
      return this.#port.done({ mine: this.#mine, theirs: this.#theirs });
    }
    this.#port.ask(
      this.#asked.map(({ partition, request }) => [partition, encodeTreeRequest(request)]),
    );
  }
}
