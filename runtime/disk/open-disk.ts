/**
 * The disk of a node at its start, in the one order that is safe: the directory is locked, then the incarnation raised,
 * then the engine chosen. Whatever does not fit is refused in words, with the lock released.
 */
import type { DiskConfig } from './config.ts';
import type { DataDirectory, DiskHealth } from './data-directory.ts';
import { diskHealth, openDataDirectory } from './data-directory.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { chooseEngine } from './engine-choice.ts';
import { probeRocksdb } from './engine-probe.ts';
import { openGuarded } from './guarded-open.ts';
import type { IdentitySources, NodeIdentity } from './identity-file.ts';
import { nextIdentity } from './identity-file.ts';
import { LockedStorage } from './locked-storage.ts';
import type { EngineName, Outcome, Storage } from './storage.ts';
import { failed, ok } from './storage.ts';

export interface DiskQuestion {
  readonly path: string;
  /** The node's. */
  readonly name: string;
  readonly config: DiskConfig;
  readonly partitions: number;
  readonly sources: IdentitySources;
}

export type DiskOutcome =
  | { readonly kind: 'ok'; readonly disk: Disk }
  | { readonly kind: 'refused'; readonly reason: string; readonly advice: string };

export interface Disk {
  readonly directory: DataDirectory;
  readonly identity: NodeIdentity;
  readonly engine: EngineName;
  readonly partitions: number;
  /** How many there are to open: 1, or as many as partitions. */
  readonly databases: number;
  /** For the log, a sentence each. */
  readonly notes: readonly string[];
  /** Numbers from 0. */
  open(database: number): Promise<Outcome<Storage>>;
  /** For `/ready`. Writes and syncs a block: not for every request. */
  health(): DiskHealth;
  /** Why nothing may be written to the directory any more, and undefined while it is this process' own. A few µs. */
  lost(): Error | undefined;
  /** When every database is closed. */
  release(): void;
}

export async function openDisk(question: DiskQuestion): Promise<DiskOutcome> {
  const opened = openDataDirectory(question.path);
  if (opened.kind === 'failed') {
    const { path, detail, advice } = opened.failure;
    return { kind: 'refused', reason: `${path}: ${detail}`, advice };
  }
  const { directory, lock, warnings } = opened.value;
  const outcome = await prepare(question, directory, lock, warnings);
  if (outcome.kind === 'refused') lock.release();
  return outcome;
}

async function prepare(
  { name, config, partitions, sources }: DiskQuestion,
  directory: DataDirectory,
  lock: DirectoryLock,
  warnings: readonly string[],
): Promise<DiskOutcome> {
  const identified = nextIdentity(directory, name, sources);
  if (identified.kind === 'refused') return identified;
  const child = { timeoutMs: config.probeTimeoutMs };
  const chosen = await chooseEngine({
    directory,
    choice: config.engine,
    partitions,
    databases: config.databasePerPartition ? partitions : 1,
    probe: () => probeRocksdb({ ...child, cacheFile: directory.probeFile }),
  });
  if (chosen.kind === 'refused') return chosen;
  const { engine, databases, note } = chosen;
  const disk: Disk = {
    directory,
    identity: identified.identity,
    engine: engine.name,
    partitions,
    databases,
    notes: note === undefined ? warnings : [...warnings, note],
    open: async (number) => {
      const lost = lock.lost();
      if (lost !== undefined) return failed(lost);
      const path = directory.database(engine.name, number);
      const opened = await openGuarded(engine, path, config.open, child);
      return opened.kind === 'ok' ? ok(new LockedStorage(opened.value, lock)) : opened;
    },
    health: () => healthOf(directory, lock, config),
    lost: () => {
      const failure = lock.lost();
      return failure && new Error(failure.detail);
    },
    release: () => lock.release(),
  };
  return { kind: 'ok', disk };
}

function healthOf(
  { path }: DataDirectory,
  lock: DirectoryLock,
  { minFreeBytes }: DiskConfig,
): DiskHealth {
  const health = diskHealth(path, minFreeBytes);
  const failure = health.kind === 'ok' ? lock.lost() : undefined;
  return failure === undefined
    ? health
    : { kind: 'degraded', freeBytes: health.freeBytes, failure };
}
