/**
 * Who this node is and the store it keeps, alone or in a cluster; made before its tree starts. In a data directory, unless
 * a node that is alone keeps nothing (`store.engine = memory`).
 */
import { randomUUID } from 'node:crypto';
import type { PrefixSpec } from '../actors/store/api.ts';
import { HISTORIES } from '../actors/routing/recorded/stored.ts';
import { RETAINED } from '../actors/routing/retained/stored.ts';
import { SECURITY_PREFIX } from '../actors/security/policy/merge.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';
import { setAside } from '../runtime/disk/data-directory.ts';
import { failureOf, storageFailure } from '../runtime/disk/failure.ts';
import type { NodeIdentity } from '../runtime/disk/identity-file.ts';
import { MemoryDisk } from '../runtime/disk/memory.ts';
import type { Disk } from '../runtime/disk/open-disk.ts';
import { openDisk } from '../runtime/disk/open-disk.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { failed, ok } from '../runtime/disk/storage.ts';
import { otherCluster } from './cluster-record.ts';
import type { NodeConfig } from './config.ts';
import { makeOperatorToken } from './operator-token.ts';
import type { StoreDisk, StoreParts } from './store-parts.ts';
import { storeParts } from './store-parts.ts';

export interface NodeStore {
  readonly identity: NodeIdentity;
  /** Undefined: nothing of this node is on disk. */
  readonly directory: DataDirectory | undefined;
  readonly store: StoreParts;
  /** Shown by an operator's commands. Undefined: there is no data directory to read it from. */
  readonly operatorToken: string | undefined;
  /** Why nothing may be written to the data directory any more: another process may have it. */
  lost(): Error | undefined;
  /** Gives the data directory back. */
  release(): void;
}

/** Rejects with a sentence for the operator when this node cannot be durable, or not under this name. */
export async function nodeStore(
  config: NodeConfig,
  log: Logger,
  more: readonly PrefixSpec[],
): Promise<NodeStore> {
  const isAlone = !config.cluster.links.enabled;
  if (isAlone && config.store.disk.engine === 'memory') return memoryStore(config, more);
  const disk = await ownDisk(config, log);
  return {
    identity: disk.identity,
    directory: disk.directory,
    operatorToken: tokenOrRelease(disk),
    store: partsOn(isAlone ? irreplaceable(disk) : replaceable(disk), config, more),
    lost: () => disk.lost(),
    release: () => disk.release(),
  };
}

/** Of a node that keeps nothing. */
export function memoryStore(config: NodeConfig, more: readonly PrefixSpec[] = []): NodeStore {
  return {
    identity: { name: config.node.name, incarnation: seconds(), uuid: randomUUID() },
    directory: undefined,
    operatorToken: undefined,
    store: partsOn(nothingKept(config), config, more),
    lost: () => undefined,
    release: () => undefined,
  };
}

function tokenOrRelease(disk: Disk): string {
  try {
    return makeOperatorToken(disk.directory);
  } catch (error) {
    disk.release();
    throw error;
  }
}

function partsOn(disk: StoreDisk, config: NodeConfig, more: readonly PrefixSpec[]): StoreParts {
  const prefixes = [SECURITY_PREFIX, RETAINED, ...HISTORIES, ...more];
  return storeParts(disk, config.store.store, config.cluster.links.cluster, prefixes);
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

async function ownDisk({ node, store, cluster }: NodeConfig, log: Logger): Promise<Disk> {
  const path = store.dataDirectory;
  const opened = await openDisk({
    path,
    name: node.name,
    config: store.disk,
    partitions: store.store.partitions,
    sources: { uuid: randomUUID, firstIncarnation: seconds },
  });
  if (opened.kind === 'refused') {
    throw new Error(`store.data_dir ${path}: ${opened.reason}. ${opened.advice}`);
  }
  const other = otherCluster(opened.disk.directory, cluster.links.cluster);
  if (other !== undefined) {
    opened.disk.release();
    throw new Error(`store.data_dir ${path}: ${other}`);
  }
  for (const note of opened.disk.notes) log.warn('data_directory', { path, note });
  return opened.disk;
}

/** Other nodes have what it has, so a database that cannot be used is put out of the way. */
function replaceable(disk: Disk): StoreDisk {
  return {
    ...disk,
    pathOf: (partition) => disk.directory.database(disk.engine, partition),
    setAside: (partition, answer) => {
      const path = disk.directory.database(disk.engine, partition);
      try {
        setAside(path);
        answer(ok(undefined));
      } catch (error) {
        answer(failed(failureOf(error, path)));
      }
    },
  };
}

/** Nobody else has what it has: that is for the operator to decide. */
function irreplaceable(disk: Disk): StoreDisk {
  const pathOf = (partition: number): string => disk.directory.database(disk.engine, partition);
  return {
    ...disk,
    pathOf,
    setAside: (partition, answer) => {
      const path = pathOf(partition);
      const detail =
        `${path} is damaged, and no other node has what is in it. Restore a backup, or move it away and start ` +
        'without it';
      answer(failed(storageFailure('corrupt', path, detail)));
    },
  };
}

function nothingKept({ store }: NodeConfig): StoreDisk {
  const memory = new MemoryDisk();
  const pathOf = (partition: number): string => `memory/${partition}`;
  return {
    engine: 'memory',
    databases: store.store.partitions,
    pathOf,
    open: (partition) =>
      new Promise((resolve) => memory.open(pathOf(partition), store.store.open, resolve)),
    setAside: (partition, answer) => {
      answer(failed(storageFailure('corrupt', pathOf(partition), 'it is in memory')));
    },
    health: () => ({ kind: 'ok', freeBytes: 0 }),
  };
}
