/** The store of one life of a simulated node: the shipped actors as supervisors/store.ts wires them, on disks in memory. */
import { createHash, createHmac } from 'node:crypto';
import type { Prefixes } from '../../actors/store/api.ts';
import { clock } from '../../actors/store/clock.actor.ts';
import type { StoreConfig } from '../../actors/store/config.ts';
import { exchange } from '../../actors/store/exchange.actor.ts';
import { exchanges } from '../../actors/store/exchanges.actor.ts';
import { hashtree } from '../../actors/store/hashtree.actor.ts';
import type { PartitionDependencies } from '../../actors/store/partition.actor.ts';
import { partition } from '../../actors/store/partition.actor.ts';
import type { Lane } from '../../actors/store/prefixes.ts';
import { replicator } from '../../actors/store/replicator.actor.ts';
import type { ExchangeArgument, ReplicationDependencies } from '../../actors/store/services.ts';
import { EXCHANGE_CHILDREN, REPLICATOR } from '../../actors/store/services.ts';
import type { StoreState } from '../../actors/store/state.ts';
import type { NodeId } from '../../runtime/causality/identity.ts';
import { nodeKey } from '../../runtime/causality/identity.ts';
import { DEFAULT_OPEN_OPTIONS } from '../../runtime/disk/config.ts';
import type { Defer } from '../../runtime/disk/defer.ts';
import type { MemoryDisk } from '../../runtime/disk/memory.ts';
import type { Entry, ScanOptions, Storage } from '../../runtime/disk/storage.ts';
import { ok } from '../../runtime/disk/storage.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';
import type { ChildSpec } from '../../runtime/kernel/supervision.ts';
import { subtree, worker } from '../../runtime/kernel/worker.ts';
import type { PeerNetwork } from '../../runtime/net/peer/port.ts';

/** What is killed on purpose is started again. */
export const OFTEN = { restarts: 1_000, periodMs: 1_000 };

export const hashing = {
  sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest(),
  keyed: (bytes: Uint8Array) => createHmac('sha256', 'a key of the cluster').update(bytes).digest(),
};

/** By `lane/partition`. */
export type Storages = Map<string, Storage>;

export interface StoreTreeParts {
  readonly id: NodeId;
  readonly network: PeerNetwork;
  readonly state: StoreState;
  readonly config: StoreConfig;
  readonly prefixes: Prefixes;
  readonly disk: MemoryDisk;
  readonly ram: MemoryDisk;
  readonly defer: Defer;
  /** Filled when databases are opened. */
  readonly storages: Storages;
  kernel(): Kernel;
  members(): readonly NodeId[];
  count(what: string, by?: number): void;
  report(event: string, fields: Record<string, unknown>): void;
  onSetAside?(): void;
}

export function storeTree(parts: StoreTreeParts): readonly ChildSpec[] {
  const { network, state, config, prefixes, defer, count, report } = parts;
  const common: ReplicationDependencies = { network, state, config, hashing, count, report };
  const rows: PartitionDependencies = {
    ...common,
    nodeKey: nodeKey(parts.id),
    prefixes,
    defer,
    open: opener(parts),
    setAside: (_index, answer) => {
      parts.onSetAside?.();
      defer(0, () => answer(ok(undefined)));
    },
    replicator: () => parts.kernel().whereis(REPLICATOR),
  };
  const group = (index: number): ChildSpec =>
    subtree(`${index}`, {
      ...{ kind: 'supervisor', strategy: 'rest_for_one', intensity: OFTEN },
      children: () => [
        worker('partition', partition(index, rows)),
        worker('hashtree', hashtree(index, config)),
      ],
    });
  return [
    subtree('partitions', {
      ...{ kind: 'supervisor', strategy: 'one_for_one', intensity: OFTEN },
      children: () => state.partitions.map(({ index }) => group(index)),
    }),
    worker('replicator', replicator(common)),
    worker(
      'clock',
      clock({ ...common, self: common.network.self, members: () => parts.members() }),
    ),
    // Who begins exchanges first: without it, those that run have nobody to report to.
    subtree('aae', {
      ...{ kind: 'supervisor', strategy: 'rest_for_one', intensity: OFTEN },
      children: () => [
        worker('exchanges', exchanges(common)),
        subtree('exchanging', {
          ...{ kind: 'supervisor', strategy: 'simple_one_for_one' },
          name: EXCHANGE_CHILDREN.name,
          child: (argument: ExchangeArgument) =>
            worker(argument.id, exchange(common, argument), { restart: 'temporary' }),
        }),
      ],
    }),
  ];
}

/** Databases in memory live as long as the process: whoever opens one again gets the same. */
function opener({ storages, disk, ram }: StoreTreeParts): PartitionDependencies['open'] {
  return (lane: Lane, index, answer) => {
    const path = `${lane}/${index}`;
    const known = lane === 'ram' ? storages.get(path) : undefined;
    if (known !== undefined) return answer(ok(known));
    (lane === 'ram' ? ram : disk).open(path, DEFAULT_OPEN_OPTIONS, (outcome) => {
      if (outcome.kind === 'ok') storages.set(path, outcome.value);
      answer(outcome);
    });
  };
}

/** Rows and leaves as bytes, in order, in both lanes of all partitions: equal texts, equal replicas. */
export function dump(
  storages: Storages,
  partitions: number,
  wait: (isOver: () => boolean) => void,
): string {
  const lines: string[] = [];
  for (let index = 0; index < partitions; index++) {
    for (const lane of ['durable', 'ram']) {
      lines.push(...entriesOf(storages.get(`${lane}/${index}`)!, wait));
    }
  }
  return lines.join('\n');
}

/** Bytes of everything in all databases. */
export function bytesIn(storages: Storages, wait: (isOver: () => boolean) => void): number {
  let bytes = 0;
  for (const storage of storages.values()) {
    visit(storage, {}, wait, ({ key, value }) => (bytes += key.length + value.length));
  }
  return bytes;
}

/** Keys that begin with l (leaves) and r (rows). */
const DUMPED = { gte: new Uint8Array([0x6c]), lt: new Uint8Array([0x73]) };

function entriesOf(storage: Storage, wait: (isOver: () => boolean) => void): readonly string[] {
  const entries: string[] = [];
  visit(storage, DUMPED, wait, ({ key, value }) => {
    if (key[0] === 0x6d) return; // m
    entries.push(`${Buffer.from(key).toString('hex')}=${Buffer.from(value).toString('hex')}`);
  });
  return entries;
}

function visit(
  storage: Storage,
  options: ScanOptions,
  wait: (isOver: () => boolean) => void,
  see: (entry: Entry) => void,
): void {
  const scan = storage.scan(options);
  let isOver = false;
  const next = (): void =>
    scan.next(10_000, (page) => {
      if (page.kind === 'failed') throw new Error(page.failure.detail);
      page.value.forEach(see);
      if (page.value.length === 0) isOver = true;
      else next();
    });
  next();
  wait(() => isOver);
}
