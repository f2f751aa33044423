/**
 * What the store of a node is made of, once per life of the process and before its tree: a sequence that began again
 * within one incarnation would give two puts one dot, and rows in memory outlive the actors that write them.
 */
import { createHash, createHmac } from 'node:crypto';
import type { PrefixSpec } from '../actors/store/api.ts';
import { Prefixes, Store } from '../actors/store/api.ts';
import type { StoreConfig } from '../actors/store/config.ts';
import type { PartitionDependencies } from '../actors/store/partition.actor.ts';
import type { Hashing } from '../actors/store/row-store.ts';
import { StoreState } from '../actors/store/state.ts';
import type { DiskHealth } from '../runtime/disk/data-directory.ts';
import { failureOf } from '../runtime/disk/failure.ts';
import { MemoryDisk } from '../runtime/disk/memory.ts';
import type { Disk } from '../runtime/disk/open-disk.ts';
import type { Answer, OpenOptions, Storage } from '../runtime/disk/storage.ts';
import { failed, ok } from '../runtime/disk/storage.ts';
import type { HashKey } from '../runtime/structures/half-siphash.ts';

/** Where the databases are, and what to do about one that is corrupt. */
export interface StoreDisk
  extends
    Pick<Disk, 'engine' | 'databases' | 'open' | 'health'>,
    Pick<PartitionDependencies, 'setAside'> {
  /** For a sentence to the operator. */
  pathOf(partition: number): string;
}

export interface StoreParts extends Pick<PartitionDependencies, 'open' | 'setAside'> {
  readonly config: StoreConfig;
  readonly disk: StoreDisk;
  readonly prefixes: Prefixes;
  readonly state: StoreState;
  readonly store: Store;
  readonly hashing: Hashing;
  /** Of the disk, as of a few seconds ago at most. */
  health(now: number): DiskHealth;
}

/**
 * Hashes of rows are compared between nodes and kept on disk, so their key may never change: it comes from the version
 * of the format and the name of the cluster, which are the same on all nodes for ever (cluster-record.ts sees to it).
 */
const FORMAT = 'bondy store 1';
const HEALTH_MS = 10_000;

export function storeParts(
  disk: StoreDisk,
  config: StoreConfig,
  cluster: string,
  specs: readonly PrefixSpec[],
): StoreParts {
  const { hashKey, hashing } = storeHashing(cluster);
  const state = new StoreState(hashKey, config);
  const prefixes = new Prefixes(specs);
  const ram = memoryLane(config.open);
  return {
    config,
    disk,
    prefixes,
    state,
    store: new Store(state, prefixes),
    hashing,
    open: (lane, partition, answer) => {
      if (lane === 'ram') return ram(partition, answer);
      disk
        .open(partition)
        .then(answer, (error: unknown) => answer(failed(failureOf(error, disk.pathOf(partition)))));
    },
    setAside: (partition, answer) => disk.setAside(partition, answer),
    health: cached(() => disk.health()),
  };
}

/** As the nodes of this cluster hash. */
export function storeHashing(cluster: string): {
  readonly hashKey: HashKey;
  readonly hashing: Hashing;
} {
  const key = createHmac('sha256', FORMAT).update(cluster).digest();
  return {
    hashKey: { low: key.readUInt32LE(0), high: key.readUInt32LE(4) },
    hashing: {
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
      keyed: (bytes) => createHmac('sha256', key).update(bytes).digest(),
    },
  };
}

/** Databases that live as long as the process: whoever opens one again gets the same. */
function memoryLane(options: OpenOptions) {
  const memory = new MemoryDisk();
  const opened = new Map<number, Storage>();
  return (partition: number, answer: Answer<Storage>): void => {
    const known = opened.get(partition);
    if (known !== undefined) return answer(ok(known));
    memory.open(`ram/${partition}`, options, (outcome) => {
      if (outcome.kind === 'ok') opened.set(partition, outcome.value);
      answer(outcome);
    });
  };
}

/** Looking at the disk writes a block. */
function cached(look: () => DiskHealth): (now: number) => DiskHealth {
  let last: { readonly at: number; readonly health: DiskHealth } | undefined;
  return (now) => {
    if (last === undefined || now - last.at >= HEALTH_MS) last = { at: now, health: look() };
    return last.health;
  };
}
