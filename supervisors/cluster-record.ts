/**
 * Which cluster a data directory belongs to. Hashes of stored rows are keyed with its name, and its roster are the nodes
 * of that cluster: under another name every row would count as damaged.
 */
import { join } from 'node:path';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';
import { renderFailure } from '../runtime/disk/failure.ts';
import type { RecordKind } from '../runtime/disk/record-file.ts';
import { readRecord, writeRecord } from '../runtime/disk/record-file.ts';
import type { Outcome } from '../runtime/disk/storage.ts';

interface ClusterRecord {
  readonly name: string;
}

const CLUSTER: RecordKind<ClusterRecord> = {
  format: 1,
  parse: ({ name }) => (typeof name === 'string' ? { name } : undefined),
};

/** The cluster a data directory belongs to; undefined: none yet. */
export function recordedCluster(directory: DataDirectory): Outcome<ClusterRecord | undefined> {
  return readRecord(fileOf(directory), CLUSTER);
}

function fileOf({ path }: DataDirectory): string {
  return join(path, 'cluster.json');
}

/** Undefined: it does, from now on. Else why not, for the operator. */
export function otherCluster(directory: DataDirectory, name: string): string | undefined {
  const path = fileOf(directory);
  const recorded = recordedCluster(directory);
  if (recorded.kind === 'failed') return renderFailure(recorded.failure);
  if (recorded.value === undefined) {
    const written = writeRecord(path, CLUSTER, { name });
    return written.kind === 'failed' ? renderFailure(written.failure) : undefined;
  }
  if (recorded.value.name === name) return undefined;
  return (
    `cluster.name is ${name}, but ${directory.path} belongs to the cluster ${recorded.value.name}. ` +
    `Set cluster.name to ${recorded.value.name}, or use an empty data directory.`
  );
}
