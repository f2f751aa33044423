/**
 * A backup of the whole store while it works: of each partition what is on disk at one instant. Partitions are read one
 * after the other, so the whole is no instant of the node, but every row is whole, and causality can tell what is newer.
 */
import { BACKUP_FORMAT, CLOCK, encodeClock, encodeRows, ROWS } from '../../actors/store/backup.ts';
import type { BackupHeader } from '../../actors/store/backup.ts';
import type { PartitionMessage, PartitionSnapshot } from '../../actors/store/api.ts';
import { partitionName } from '../../actors/store/api.ts';
import { decodeRanges } from '../../actors/store/keys.ts';
import type { SharedRow } from '../../actors/store/shared-row.ts';
import { weightOf } from '../../actors/store/shared-row.ts';
import type { OriginDots } from '../../runtime/causality/store-clock.ts';
import { ArchiveWriter } from '../../runtime/disk/archive-writer.ts';
import type { ArchiveOptions } from '../../runtime/disk/archive-writer.ts';
import type { StorageFailure } from '../../runtime/disk/failure.ts';
import { renderFailure } from '../../runtime/disk/failure.ts';
import { asked } from '../../runtime/disk/promised.ts';
import type { Entry, Scan } from '../../runtime/disk/storage.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import { ask } from '../cluster-operations.ts';

export interface Created {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

const PAGE = 1_000;
const FRAME_BYTES = 1024 * 1024;
const ANSWER_MS = 30_000;
const decoder = new TextDecoder();

/** Rejects with a sentence; then there is no file. */
export async function createBackup(
  kernel: Kernel,
  path: string,
  header: Omit<BackupHeader, 'format' | 'version'>,
  options: ArchiveOptions,
): Promise<Created> {
  const writer = await ArchiveWriter.create(
    path,
    { format: BACKUP_FORMAT, version: 1, ...header },
    options,
  );
  try {
    let rows = 0;
    for (let partition = 0; partition < header.partitions; partition++) {
      rows += await writePartition(kernel, partition, writer);
    }
    const sha256 = await writer.finish();
    return { rows, bytes: writer.bytes, sha256 };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

async function writePartition(
  kernel: Kernel,
  partition: number,
  writer: ArchiveWriter,
): Promise<number> {
  const snapshot = await ask<PartitionMessage, PartitionSnapshot | StorageFailure>(
    kernel,
    partitionName(partition),
    (reply) => ({ kind: 'snapshot', reply }),
    ANSWER_MS,
  );
  if (snapshot === undefined) throw new Error(`partition ${partition} does not answer`);
  if ('kind' in snapshot) throw new Error(renderFailure(snapshot));
  try {
    await writer.append(CLOCK, encodeClock(partition, await clockOf(snapshot.clock)));
    return await writeRows(partition, snapshot.rows, writer);
  } finally {
    snapshot.clock.close();
    snapshot.rows.close();
  }
}

async function clockOf(scan: Scan): Promise<readonly OriginDots[]> {
  const dots: OriginDots[] = [];
  for await (const { key, value } of entriesOf(scan)) {
    const ranges = decodeRanges(value);
    // What cannot be read is not vouched for.
    if (ranges !== undefined && ranges.length > 0) {
      dots.push({ origin: decoder.decode(key.subarray(1)), ranges });
    }
  }
  return dots.sort((a, b) => (a.origin < b.origin ? -1 : 1));
}

async function writeRows(partition: number, scan: Scan, writer: ArchiveWriter): Promise<number> {
  let rows: SharedRow[] = [];
  let bytes = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    if (rows.length === 0) return;
    await writer.append(ROWS, encodeRows(partition, rows));
    written += rows.length;
    rows = [];
    bytes = 0;
  };
  for await (const { key, value } of entriesOf(scan)) {
    const row = { key: key.subarray(1), row: value };
    if (bytes > 0 && bytes + weightOf(row) > FRAME_BYTES) await flush();
    rows.push(row);
    bytes += weightOf(row);
  }
  await flush();
  return written;
}

async function* entriesOf(scan: Scan): AsyncGenerator<Entry> {
  for (;;) {
    const page = await asked<readonly Entry[]>((answer) => scan.next(PAGE, answer));
    if (page.length === 0) return;
    yield* page;
  }
}
