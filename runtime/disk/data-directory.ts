/**
 * The data directory of a node: where everything is, who may read it, and whether it can be written to.
 *
 *     identity.json        name, incarnation, uuid
 *     node.lock            the process that uses the directory
 *     cluster.json         the cluster it belongs to
 *     roster.cbor          its nodes
 *     operator.token       what an operator's commands show the running node
 *     unknown-users.secret  what users that do not exist are asked is made from
 *     MANIFEST.json        engine, partitions and databases of the store
 *     engine-probe.json    what the probe of the rocksdb binary found
 *     migration-to-<engine>.json  how far a conversion is
 *     store/<engine>/<nn>  a database, of all partitions or of one
 */
import { chmodSync, existsSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSynced } from './atomic-file.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { lockDirectory } from './directory-lock.ts';
import type { StorageFailure } from './failure.ts';
import { failureOf, storageFailure } from './failure.ts';
import type { EngineName, Outcome } from './storage.ts';
import { failed, ok } from './storage.ts';

/** What the node shows in `/ready`. */
export type DiskHealth =
  | { readonly kind: 'ok'; readonly freeBytes: number }
  | { readonly kind: 'degraded'; readonly freeBytes: number; readonly failure: StorageFailure };

export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get identityFile(): string {
    return join(this.path, 'identity.json');
  }

  get manifestFile(): string {
    return join(this.path, 'MANIFEST.json');
  }

  get probeFile(): string {
    return join(this.path, 'engine-probe.json');
  }

  get lockFile(): string {
    return join(this.path, 'node.lock');
  }

  /** New at each start. */
  get operatorTokenFile(): string {
    return join(this.path, 'operator.token');
  }

  /** Made once. */
  get unknownUsersFile(): string {
    return join(this.path, 'unknown-users.secret');
  }

  engineDirectory(engine: EngineName): string {
    return join(this.path, 'store', engine);
  }

  /** How far a migration to this engine is; none: no unfinished one. */
  migrationFile(engine: EngineName): string {
    return join(this.path, `migration-to-${engine}.json`);
  }

  /** `store/leveldb/07`. */
  database(engine: EngineName, number: number): string {
    return join(this.engineDirectory(engine), String(number).padStart(2, '0'));
  }
}

export interface OpenedDirectory {
  readonly directory: DataDirectory;
  readonly lock: DirectoryLock;
  /** What the operator should know, one sentence each. */
  readonly warnings: readonly string[];
}

/** Makes it where there is none, tries to write, locks it. */
export function openDataDirectory(path: string): Outcome<OpenedDirectory> {
  const directory = new DataDirectory(path);
  try {
    makeDirectory(path);
    tryToWrite(path);
  } catch (error) {
    return failed(failureOf(error, path));
  }
  const lock = lockDirectory(directory.lockFile);
  if (lock.kind === 'failed') return lock;
  return ok({
    directory,
    lock: lock.value,
    warnings: [...closeToOthers(path), ...story(lock.value)],
  });
}

/** Blocks for as long as a write and an fsync of one block take. */
export function diskHealth(path: string, minFreeBytes: number): DiskHealth {
  let freeBytes = 0;
  try {
    freeBytes = freeBytesAt(path);
    tryToWrite(path);
  } catch (error) {
    return { kind: 'degraded', freeBytes, failure: failureOf(error, path) };
  }
  if (freeBytes >= minFreeBytes) return { kind: 'ok', freeBytes };
  const detail = `${freeBytes} bytes are free, fewer than ${minFreeBytes}`;
  return { kind: 'degraded', freeBytes, failure: storageFailure('full', path, detail) };
}

/** Moves a database that cannot be used out of the way, for a look later; returns where it is now. */
export function setAside(database: string): string {
  for (let n = 1; ; n++) {
    const aside = `${database}.corrupt-${n}`;
    if (existsSync(aside)) continue;
    renameSync(database, aside);
    return aside;
  }
}

/** What a user that is not root can still write. */
export function freeBytesAt(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function tryToWrite(path: string): void {
  const file = join(path, `.write-test.${process.pid}`);
  try {
    writeSynced(file, 'bondy');
  } finally {
    rmSync(file, { force: true });
  }
}

/** The directory holds password hashes and keys. A mounted volume may belong to another user: then only say so. */
function closeToOthers(path: string): readonly string[] {
  if ((statSync(path).mode & 0o077) === 0) return [];
  try {
    chmodSync(path, 0o700);
    return [`${path} could be read by other users; it is now closed to them (0700).`];
  } catch {
    return [`${path} can be read by other users and is not ours to close: chmod 0700 it.`];
  }
}

function story({ takenFrom }: DirectoryLock): readonly string[] {
  if (takenFrom === undefined) return [];
  return [`The process ${takenFrom.pid} used this data directory and ended without saying so.`];
}
