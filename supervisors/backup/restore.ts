/**
 * A backup given back to a store that works.
 *
 * `merge`: rows come with their clocks, as from a member that was away since the backup: what is newer here stays, what was
 * deleted here since stays deleted, so restoring an old backup undoes nothing. For a node that lost its disk, or all of them.
 * `as_new`: each value is written now, over what is there; what the backup does not have stays. For taking a mistake back,
 * and for another cluster or another number of partitions.
 */
import type {
  MergeOutcome,
  PartitionMessage,
  PutOutcome,
  Prefixes,
} from '../../actors/store/api.ts';
import { partitionName } from '../../actors/store/api.ts';
import { keyOf, partitionOf, prefixOf } from '../../actors/store/keys.ts';
import { laneOf, resolverOf } from '../../actors/store/prefixes.ts';
import type { BackupRow } from '../../actors/store/backup.ts';
import { resolve } from '../../runtime/causality/resolver.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import type { ArchiveReader } from '../../runtime/disk/archive-reader.ts';
import { ArchiveFault } from '../../runtime/disk/archive-reader.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { ask } from '../cluster-operations.ts';
import type { Inspected } from './inspect.ts';
import { partsOf } from './inspect.ts';

export type RestoreMode = 'merge' | 'as_new';

export interface Restored {
  readonly rows: number;
  readonly changed: number;
  /** Known already, or older than what is here. */
  readonly unchanged: number;
  /** Not taken in: the log and the quarantine say why. */
  readonly refused: number;
}

const MERGE_MS = 120_000;
/** Puts that wait for the disk together: it answers them in one commit. */
const PUTS_AT_ONCE = 256;

/** `Inspected` says that the file is whole. Rejects when it is another by now, or the store does not answer. */
export async function restoreBackup(
  kernel: Kernel,
  store: { readonly prefixes: Prefixes; readonly partitions: number },
  reader: ArchiveReader,
  { header, sha256 }: Inspected,
  secret: Uint8Array | undefined,
  mode: RestoreMode,
  onProgress: (rows: number) => void,
): Promise<Restored> {
  const sum = { rows: 0, changed: 0, unchanged: 0, refused: 0 };
  const clocks = new Map<number, Dots>();
  const refusedIn = new Set<number>();
  const parts = partsOf(reader, header, secret);
  for (let part = await parts.next(); ; part = await parts.next()) {
    if (part.done === true) {
      if (part.value !== sha256) throw new ArchiveFault('it was changed while it was read');
      break;
    }
    const { value } = part;
    if (value.kind === 'clock') {
      clocks.set(value.partition, value.dots);
      continue;
    }
    const { partition, rows } = value;
    const outcome =
      mode === 'merge'
        ? await merge(kernel, partition, rows, clocks.get(partition)!)
        : await putAll(kernel, store, rows);
    if (outcome.refused > 0) refusedIn.add(partition);
    sum.rows += rows.length;
    sum.changed += outcome.changed;
    sum.unchanged += outcome.unchanged;
    sum.refused += outcome.refused;
    onProgress(sum.rows);
  }
  if (mode === 'merge') await learn(kernel, clocks, refusedIn);
  return sum;
}

type Counts = Pick<MergeOutcome, 'changed' | 'unchanged' | 'refused'>;

async function merge(
  kernel: Kernel,
  partition: number,
  rows: readonly BackupRow[],
  clock: Dots,
): Promise<Counts> {
  const outcome = await ask<PartitionMessage, MergeOutcome>(
    kernel,
    partitionName(partition),
    (reply) => ({
      kind: 'merge',
      rows: rows.map(({ key, row }) => ({ key, row })),
      // What we have seen and have not any more was deleted since.
      knowledge: { clock, isPeerBehind: true, isBehind: false },
      reply,
    }),
    MERGE_MS,
  );
  if (outcome === undefined) throw new Error(`partition ${partition} does not answer`);
  return outcome;
}

/** What the backup's node had seen is here: also what it had seen deleted. */
async function learn(
  kernel: Kernel,
  clocks: ReadonlyMap<number, Dots>,
  refusedIn: ReadonlySet<number>,
): Promise<void> {
  for (const [partition, clock] of clocks) {
    if (refusedIn.has(partition)) continue;
    await ask<PartitionMessage, void>(
      kernel,
      partitionName(partition),
      (reply) => ({ kind: 'learn', clock, reply }),
      MERGE_MS,
    );
  }
}

async function putAll(
  kernel: Kernel,
  { prefixes, partitions }: { readonly prefixes: Prefixes; readonly partitions: number },
  rows: readonly BackupRow[],
): Promise<Counts> {
  const counts = { changed: 0, unchanged: 0, refused: 0 };
  for (let at = 0; at < rows.length; at += PUTS_AT_ONCE) {
    const slice = rows.slice(at, at + PUTS_AT_ONCE);
    await Promise.all(
      slice.map(async ({ rowKey, decoded }) => {
        const spec = prefixes.get(prefixOf(rowKey));
        const value = resolve(decoded, resolverOf(spec));
        if (value === undefined || laneOf(spec) !== 'durable') return void counts.unchanged++;
        const outcome = await ask<PartitionMessage, PutOutcome>(
          kernel,
          partitionName(partitionOf(rowKey, partitions)),
          (reply) => ({
            ...{ kind: 'put', prefix: spec.name, key: keyOf(rowKey), options: {} },
            value,
            reply,
          }),
          MERGE_MS,
        );
        if (outcome?.kind === 'stored') counts.changed++;
        else counts.refused++;
      }),
    );
  }
  return counts;
}

/**
 * Why these rows cannot be merged here, before anything changed. A dot must never be given twice: so no put of this life of
 * this node may be in the backup that the node does not know of.
 */
export function whyNotMerged(
  { header, lastOf }: Inspected,
  here: {
    readonly cluster: string;
    readonly partitions: number;
    readonly name: string;
    readonly incarnation: number;
    lastOfOwn(partition: number): number;
  },
): { readonly sentence: string; readonly incarnation?: number } | undefined {
  if (header.cluster !== here.cluster) {
    return {
      sentence: `It is of the cluster ${JSON.stringify(header.cluster)}, this node of ${JSON.stringify(here.cluster)}. Restore it as new.`,
    };
  }
  if (header.partitions !== here.partitions) {
    return {
      sentence: `It has ${header.partitions} partitions, this node ${here.partitions} (store.partitions). Restore it as new.`,
    };
  }
  const own = `${here.name}#`;
  for (const [origin, partitions] of lastOf) {
    if (!origin.startsWith(own)) continue;
    const incarnation = Number(origin.slice(own.length));
    if (!Number.isSafeInteger(incarnation) || incarnation < here.incarnation) continue;
    const isAhead = [...partitions].some(([index, last]) => last > here.lastOfOwn(index));
    if (incarnation === here.incarnation && !isAhead) continue;
    return {
      incarnation,
      sentence:
        `It has writes of a later life of this node (${origin}, this is ${own}${here.incarnation}): stop the node, start ` +
        'it again, so that it begins a life behind that one, and restore then.',
    };
  }
  return undefined;
}
