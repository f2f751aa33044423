/** Reads a backup from its first to its last byte before anything is done with it: what is in it, and is all of it whole? */
import type { BackupClock, BackupHeader, BackupRows } from '../../actors/store/backup.ts';
import { CLOCK, decodeClock, decodeRows, readHeader, ROWS } from '../../actors/store/backup.ts';
import { prefixOf } from '../../actors/store/keys.ts';
import { isDeleted } from '../../runtime/causality/row.ts';
import { ArchiveFault, ArchiveReader } from '../../runtime/disk/archive-reader.ts';
import { Malformed } from '../../runtime/structures/malformed.ts';

export interface Inspected {
  readonly header: BackupHeader;
  readonly bytes: number;
  readonly isEncrypted: boolean;
  readonly sha256: string;
  readonly rows: number;
  /** Of them, what is left of deletions. */
  readonly tombstones: number;
  /** Rows of each prefix. */
  readonly prefixes: Readonly<Record<string, number>>;
  /** The last put of each writer that a clock of any partition has seen, with its partition. */
  readonly lastOf: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

export type Part =
  ({ readonly kind: 'clock' } & BackupClock) | ({ readonly kind: 'rows' } & BackupRows);

export async function openBackup(
  path: string,
  maxBytes: number,
): Promise<{ readonly reader: ArchiveReader; readonly header: BackupHeader }> {
  const reader = await ArchiveReader.open(path, maxBytes);
  const header = readHeader(reader.header);
  if (!(header instanceof Malformed)) return { reader, header };
  await reader.close();
  throw new ArchiveFault(header.reason);
}

/** Rejects with a sentence. */
export async function inspect(
  reader: ArchiveReader,
  header: BackupHeader,
  secret: Uint8Array | undefined,
): Promise<Inspected> {
  let rows = 0;
  let tombstones = 0;
  const prefixes = new Map<string, number>();
  const lastOf = new Map<string, Map<number, number>>();
  const clocks = new Set<number>();
  const parts = partsOf(reader, header, secret);
  for (let part = await parts.next(); ; part = await parts.next()) {
    if (part.done === true) {
      if (clocks.size !== header.partitions) throw new ArchiveFault('it lacks a partition');
      const { size: bytes, isEncrypted } = reader;
      const counts = { rows, tombstones, prefixes: Object.fromEntries(prefixes) };
      return { header, bytes, isEncrypted, sha256: part.value, ...counts, lastOf };
    }
    const { value } = part;
    if (value.kind === 'clock') {
      if (clocks.has(value.partition)) throw new ArchiveFault('it has a partition twice');
      clocks.add(value.partition);
      for (const { origin, ranges } of value.dots) {
        const last = lastOf.get(origin) ?? new Map<number, number>();
        lastOf.set(origin, last.set(value.partition, ranges.at(-1)!));
      }
      continue;
    }
    if (!clocks.has(value.partition)) throw new ArchiveFault('it has rows before their clock');
    for (const { rowKey, decoded } of value.rows) {
      rows++;
      if (isDeleted(decoded)) tombstones++;
      prefixes.set(prefixOf(rowKey), (prefixes.get(prefixOf(rowKey)) ?? 0) + 1);
    }
  }
}

/** Ends with the digest, behind an end that fits. */
export async function* partsOf(
  reader: ArchiveReader,
  { partitions }: BackupHeader,
  secret: Uint8Array | undefined,
): AsyncGenerator<Part, string> {
  const frames = reader.frames(secret);
  for (let frame = await frames.next(); ; frame = await frames.next()) {
    if (frame.done === true) return frame.value;
    yield partOf(frame.value.kind, frame.value.payload, partitions);
  }
}

function partOf(kind: number, payload: Uint8Array, partitions: number): Part {
  const part =
    kind === CLOCK
      ? decodeClock(payload)
      : kind === ROWS
        ? decodeRows(payload, partitions)
        : undefined;
  if (part === undefined) throw new ArchiveFault(`it has a frame of an unknown kind (${kind})`);
  if (part instanceof Malformed) throw new ArchiveFault(`it is damaged: ${part.reason}`);
  if (part.partition >= partitions) throw new ArchiveFault('it names a partition that is none');
  return 'dots' in part ? { kind: 'clock', ...part } : { kind: 'rows', ...part };
}
