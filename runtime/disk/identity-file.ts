/**
 * Who this node is, durably: a name, and an incarnation that is raised and on disk before anybody hears of it. The
 * incarnation is the actor of the version vectors: used twice, it would give two values one dot, and one of them would
 * be lost on every node without a trace.
 */
import { existsSync } from 'node:fs';
import type { NodeId } from '../causality/identity.ts';
import type { DataDirectory } from './data-directory.ts';
import type { StorageFailure } from './failure.ts';
import type { RecordKind } from './record-file.ts';
import { readRecord, writeRecord } from './record-file.ts';
import type { Outcome } from './storage.ts';
import { ok } from './storage.ts';

export interface NodeIdentity extends NodeId {
  /** Made with the data directory: tells a node that lost its disk from the one that had it. */
  readonly uuid: string;
}

export type IdentityOutcome =
  | { readonly kind: 'ok'; readonly identity: NodeIdentity }
  | { readonly kind: 'refused'; readonly reason: string; readonly advice: string };

export interface IdentitySources {
  readonly uuid: () => string;
  /**
   * The incarnation of a new data directory. Seconds of the wall clock, so that a node that lost its disk does not
   * take the incarnations of its former life once more.
   */
  readonly firstIncarnation: () => number;
}

/** To be called once per life, with the lock of the directory held. */
export function nextIdentity(
  directory: DataDirectory,
  name: string,
  { uuid, firstIncarnation }: IdentitySources,
): IdentityOutcome {
  const path = directory.identityFile;
  const read = readRecord(path, IDENTITY);
  if (read.kind === 'failed') return refusedBy(read.failure);
  const last = read.value;
  if (last === undefined && existsSync(directory.manifestFile)) return withoutIdentity(path);
  if (last !== undefined && last.name !== name) return otherName(path, last.name, name);
  const identity: NodeIdentity =
    last === undefined
      ? { name, incarnation: firstIncarnation(), uuid: uuid() }
      : { ...last, incarnation: last.incarnation + 1 };
  const written = writeRecord(path, IDENTITY, identity);
  return written.kind === 'failed' ? refusedBy(written.failure) : { kind: 'ok', identity };
}

/** Without starting a life: for the command line. */
export function lastIdentity(directory: DataDirectory): NodeIdentity | undefined {
  const read = readRecord(directory.identityFile, IDENTITY);
  return read.kind === 'ok' ? read.value : undefined;
}

/** The next start takes a higher incarnation than this one. For a node that runs: its own life goes on as it is. */
export function raiseIncarnation(directory: DataDirectory, incarnation: number): Outcome<void> {
  const read = readRecord(directory.identityFile, IDENTITY);
  if (read.kind === 'failed') return read;
  const last = read.value;
  if (last === undefined || last.incarnation >= incarnation) return ok(undefined);
  return writeRecord(directory.identityFile, IDENTITY, { ...last, incarnation });
}

const IDENTITY: RecordKind<NodeIdentity> = {
  format: 1,
  parse: ({ name, incarnation, uuid }) =>
    typeof name === 'string' &&
    name !== '' &&
    typeof uuid === 'string' &&
    Number.isSafeInteger(incarnation) &&
    (incarnation as number) > 0
      ? { name, incarnation: incarnation as number, uuid }
      : undefined,
};

function refusedBy({ kind, path, detail, advice }: StorageFailure): IdentityOutcome {
  return {
    kind: 'refused',
    reason: `${path}: ${kind}: ${detail}`,
    advice: kind === 'corrupt' ? DAMAGED : advice,
  };
}

const DAMAGED =
  'Restore this file from a backup. Or, in a cluster, remove this node (`bondy cluster remove`), move the data ' +
  'directory away and start with an empty one: the other nodes bring the data back.';

function withoutIdentity(path: string): IdentityOutcome {
  return {
    kind: 'refused',
    reason: `${path} is missing, but the directory has data of a node`,
    advice: DAMAGED,
  };
}

function otherName(path: string, was: string, is: string): IdentityOutcome {
  return {
    kind: 'refused',
    reason: `${path} belongs to the node ${JSON.stringify(was)}, this one is ${JSON.stringify(is)}`,
    advice: `Start it as ${JSON.stringify(was)}, or give ${JSON.stringify(is)} a data directory of its own.`,
  };
}
