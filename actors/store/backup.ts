/**
 * What a backup of the store says, frame by frame: of each partition its clock, then its rows with theirs, as they are
 * between nodes. Rows of `ram` prefixes end with the process by contract, and are left out.
 *
 *     header = format, version, node, cluster, time, partitions
 *     clock  = partition, dots
 *     rows   = partition, count, (key, row)*
 */
import { decodeDots, encodeDots } from '../../runtime/causality/dots-codec.ts';
import { decodeRow, ROW_LIMITS } from '../../runtime/causality/row-codec.ts';
import type { Row } from '../../runtime/causality/row.ts';
import type { Dots } from '../../runtime/causality/store-clock.ts';
import { ByteReader, ByteWriter } from '../../runtime/structures/bytes.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';
import { decodeRowKey, MAX_KEY_LENGTH, partitionOf } from './keys.ts';
import type { RowKey } from './keys.ts';
import type { SharedRow } from './shared-row.ts';

export const BACKUP_FORMAT = 'bondy_store';
export const CLOCK = 1;
export const ROWS = 2;

export interface BackupHeader {
  readonly format: typeof BACKUP_FORMAT;
  /** Of what follows. A file of a higher one was written by a newer version. */
  readonly version: 1;
  /** Of the program. */
  readonly release: string;
  readonly node: string;
  readonly incarnation: number;
  readonly cluster: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Dots are counted in each: with another number of them rows cannot be merged. */
  readonly partitions: number;
}

export function readHeader(fields: Readonly<Record<string, unknown>>): BackupHeader | Malformed {
  const { format, version, release, node, incarnation, cluster, time, partitions } = fields;
  if (format !== BACKUP_FORMAT) return new Malformed('it is no backup of a store');
  if (version !== 1) return new Malformed(`it has version ${String(version)}, this one knows 1`);
  const isWhole =
    [release, node, cluster, time].every((text) => typeof text === 'string' && text.length < 512) &&
    [incarnation, partitions].every((number) => Number.isSafeInteger(number) && Number(number) > 0);
  if (!isWhole || Number(partitions) > 256) return new Malformed('its header lacks something');
  return { format, version, release, node, incarnation, cluster, time, partitions } as BackupHeader;
}

export function encodeClock(partition: number, dots: Dots): Uint8Array {
  return new ByteWriter().integer(partition).bytes(encodeDots(dots)).finish();
}

export interface BackupClock {
  readonly partition: number;
  readonly dots: Dots;
}

export function decodeClock(payload: Uint8Array): BackupClock | Malformed {
  const reader = new ByteReader(payload);
  const partition = reader.integer();
  const bytes = reader.bytes(payload.length);
  if (reader.fault !== undefined) return reader.fault;
  const dots = decodeDots(bytes);
  return dots instanceof Malformed ? dots : { partition, dots };
}

export function encodeRows(partition: number, rows: readonly SharedRow[]): Uint8Array {
  const writer = new ByteWriter().integer(partition).integer(rows.length);
  for (const { key, row } of rows) writer.bytes(key).bytes(row);
  return writer.finish();
}

export interface BackupRow extends SharedRow {
  readonly rowKey: RowKey;
  readonly decoded: Row;
}

export interface BackupRows {
  readonly partition: number;
  readonly rows: readonly BackupRow[];
}

/** Every row is one that a node would have written, in the partition where it belongs. */
export function decodeRows(payload: Uint8Array, partitions: number): BackupRows | Malformed {
  const reader = new ByteReader(payload);
  const partition = reader.integer();
  const rows: BackupRow[] = [];
  for (let left = reader.count(payload.length, 3); left > 0 && !reader.hasFailed; left--) {
    const key = reader.bytes(4 * MAX_KEY_LENGTH);
    const row = reader.bytes(ROW_LIMITS.maxRowBytes);
    const rowKey = decodeRowKey(key);
    const decoded = decodeRow(row);
    if (rowKey === undefined) reader.fail('a key that is none');
    else if (decoded instanceof Malformed) reader.fail('a row that is none');
    else if (partitionOf(rowKey, partitions) !== partition) reader.fail('a row in another place');
    else rows.push({ key, row, rowKey, decoded });
  }
  return reader.fault ?? { partition, rows };
}
