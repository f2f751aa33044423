/** What both sides of an exchange ask of their node. Answers come later, in the same actor's turns. */
import type { Context } from '../../runtime/causality/dvvset.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import { ByteWriter } from '../../runtime/structures/bytes.ts';
import { encodeDots } from '../../runtime/causality/dots-codec.ts';
import { CodedSymbols } from '../../runtime/structures/riblt.ts';
import type { TreeRequest } from '../../runtime/structures/tree-messages.ts';
import type { Knowledge, MergeOutcome } from './api.ts';
import type { AboutMe, Clocks } from './messages.ts';
import type { StoreCounter } from './port.ts';
import type { SharedRow } from './shared-row.ts';
import type { PartitionState, StoreState } from './state.ts';

export interface ReplicaPort {
  rowsOf(
    partition: number,
    keyParts: readonly Uint8Array[],
    done: (rows: readonly SharedRow[] | StorageFailure) => void,
  ): void;
  itemsOf(
    partition: number,
    request: TreeRequest,
    done: (items: Uint8Array | 'too_many' | StorageFailure) => void,
  ): void;
  merge(
    partition: number,
    rows: readonly SharedRow[],
    knowledge: Knowledge,
    done: (outcome: MergeOutcome) => void,
  ): void;
  discard(
    partition: number,
    keyParts: readonly Uint8Array[],
    clock: Dots,
    done: (rest: readonly SharedRow[] | StorageFailure) => void,
  ): void;
  /** A peer's clock when all it had is here; `root`: only if the rows are still those. */
  learn(partition: number, clock: Dots, stable: Context, root?: Uint8Array): void;
  /** Single puts to these partitions wait from now on; false: one does not answer. */
  catchUp(partitions: readonly number[], done: (isDone: boolean) => void): void;
  /** The first half of the items of the row with this key. */
  keyPartOf(partition: number, key: Uint8Array): Uint8Array;
  count(what: StoreCounter, by?: number): void;
}

/** Of all trees or clocks: nobody outside can choose rows whose items collide, so 96 bits are plenty. */
const DIGEST_BYTES = 12;

/** What every member has seen, as far as this node knows. */
export function stableOf({ watermarks, clock }: PartitionState): Context {
  return clock.frontier
    .map(([origin]) => [origin, watermarks.stableUpTo(origin)] as const)
    .filter(([, sequence]) => sequence > 0);
}

export function aboutNode(state: StoreState): AboutMe {
  return {
    clocks: state.clocks(),
    stable: state.partitions.map(stableOf),
    isCatchingUp: state.isCatchingUp,
  };
}

/** Copies: of each partition, what its rows are now. */
export function rootsOf({ partitions }: StoreState): readonly Uint8Array[] {
  return partitions.map(({ hashtree }) => hashtree.tree.root.hash.slice());
}

/** Equal on nodes with the same rows. Not the depth: trees of any depth have one root. */
export function digestOfTrees(state: StoreState, sha256: Sha256): Uint8Array {
  const writer = new ByteWriter();
  for (const { hashtree } of state.partitions) {
    const { hash, count } = hashtree.tree.root;
    writer.raw(hash).integer(count);
  }
  return sha256(writer.finish()).slice(0, DIGEST_BYTES);
}

export function digestOfClocks(clocks: Clocks, sha256: Sha256): Uint8Array {
  const writer = new ByteWriter();
  for (const clock of clocks) writer.bytes(encodeDots(clock));
  return sha256(writer.finish()).slice(0, DIGEST_BYTES);
}

/** Symbols of all partitions: one stream for the node. */
export function symbolsOf(state: StoreState): CodedSymbols {
  const [first, ...others] = state.partitions;
  const sum = first!.hashtree.symbols.snapshot();
  for (const { hashtree } of others) sum.addAll(hashtree.symbols);
  return sum;
}

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** All of an asynchronous step for each of a list, then once. */
export function forAll<T, R>(
  all: readonly T[],
  step: (one: T, done: (result: R) => void) => void,
  done: (results: readonly R[]) => void,
): void {
  const results: R[] = [];
  let waiting = all.length;
  if (waiting === 0) return done(results);
  all.forEach((one, i) =>
    step(one, (result) => {
      results[i] = result;
      if (--waiting === 0) done(results);
    }),
  );
}
