/** What the store's part of the data directory was made with. Chosen once; only a migration changes it. */
import type { DataDirectory } from './data-directory.ts';
import type { RecordKind } from './record-file.ts';
import { readRecord, writeRecord } from './record-file.ts';
import type { EngineName, Outcome } from './storage.ts';

export interface Manifest {
  readonly engine: EngineName;
  /** A key's partition depends on their number. */
  readonly partitions: number;
  /** 1: all partitions share a database, each under a prefix of its keys; else one for each. */
  readonly databases: number;
}

/** As many as 2 digits name. */
export const MAX_PARTITIONS = 100;

export function readManifest(directory: DataDirectory): Outcome<Manifest | undefined> {
  return readRecord(directory.manifestFile, MANIFEST);
}

export function writeManifest(directory: DataDirectory, manifest: Manifest): Outcome<void> {
  return writeRecord(directory.manifestFile, MANIFEST, manifest);
}

const MANIFEST: RecordKind<Manifest> = {
  format: 1,
  parse: ({ engine, partitions, databases }) =>
    isEngineName(engine) &&
    isCount(partitions) &&
    isCount(databases) &&
    (databases === 1 || databases === partitions)
      ? { engine, partitions, databases }
      : undefined,
};

function isCount(value: unknown): value is number {
  return (
    Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= MAX_PARTITIONS
  );
}

export function isEngineName(value: unknown): value is EngineName {
  return value === 'rocksdb' || value === 'leveldb' || value === 'memory';
}
