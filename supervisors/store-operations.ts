/** Check and repair of the whole store at an operator's word, partition by partition, while the node works. */
import type { OperationOutcome } from '../actors/admin/operations.ts';
import { refused } from '../actors/admin/operations.ts';
import type {
  AuditOutcome,
  ExchangeOutcome,
  ExchangesMessage,
  PartitionMessage,
  RebuildOutcome,
} from '../actors/store/api.ts';
import { EXCHANGES, partitionName } from '../actors/store/api.ts';
import type { Kernel } from '../runtime/kernel/kernel.ts';
import { ask, isAlone } from './cluster-operations.ts';
import type { ClusterParts } from './cluster-parts.ts';
import type { StoreParts } from './store-parts.ts';

/** Of one partition: millions of rows. */
const PARTITION_MS = 600_000;
/** On top of what an exchange may stand still: another one may run, and this one may have much to bring. */
const EXCHANGE_MS = 120_000;

interface Checked {
  readonly partition: number;
  /** Undefined: the partition was not there, or ended meanwhile. */
  readonly outcome: AuditOutcome | undefined;
}

export interface StoreCheckReport {
  readonly rows: number;
  readonly mismatches: number;
  readonly rewritten: number;
  readonly unreadable: number;
  readonly quarantined: number;
  /** Those with something to tell. */
  readonly partitions: readonly (AuditOutcome & { readonly partition: number })[];
  /** Partitions that could not be checked. */
  readonly unchecked: readonly number[];
}

export interface StoreCareParts {
  readonly kernel: () => Kernel;
  readonly own: { readonly store: StoreParts };
  readonly cluster: ClusterParts | undefined;
}

/** One check or repair at a time, whoever asks for it: each reads every row. */
export class StoreCare {
  readonly #parts: StoreCareParts;
  #isBusy = false;

  constructor(parts: StoreCareParts) {
    this.#parts = parts;
  }

  check(): Promise<OperationOutcome> {
    const { kernel, own } = this.#parts;
    return this.#alone(() => checkStore(kernel(), own.store));
  }

  async repair(): Promise<OperationOutcome> {
    const { kernel, cluster } = this.#parts;
    return cluster ? this.#alone(() => repairStore(kernel(), cluster)) : isAlone();
  }

  async #alone(run: () => Promise<OperationOutcome>): Promise<OperationOutcome> {
    if (this.#isBusy) {
      return refused(
        409,
        'busy',
        'A check or repair of the store is running: try again when it is done.',
      );
    }
    this.#isBusy = true;
    try {
      return await run();
    } finally {
      this.#isBusy = false;
    }
  }
}

async function checkStore(kernel: Kernel, store: StoreParts): Promise<OperationOutcome> {
  if (!store.state.isReady) return loading();
  return { kind: 'done', report: reportOf(await audit(kernel, store)) };
}

/**
 * Finds what is damaged, compares with every node that is linked, adds the trees of damaged partitions up again, and says
 * what is left.
 */
async function repairStore(kernel: Kernel, own: ClusterParts): Promise<OperationOutcome> {
  const { store, network } = own;
  if (!store.state.isReady) return loading();
  const check = reportOf(await audit(kernel, store));
  const exchanges: ExchangeOutcome[] = [];
  for (const { name: peer } of network.connected()) {
    exchanges.push(await exchangeWith(kernel, store, peer));
  }
  const suspects = new Set([
    ...check.partitions.map(({ partition }) => partition),
    ...check.unchecked,
  ]);
  const trees: { readonly partition: number; readonly tree: RebuildOutcome }[] = [];
  for (const partition of suspects) {
    const tree = await ask<PartitionMessage, RebuildOutcome>(
      kernel,
      partitionName(partition),
      (reply) => ({ kind: 'rebuild', reply }),
      PARTITION_MS,
    );
    trees.push({ partition, tree: tree ?? 'failed' });
  }
  const damaged = store.state.partitions.reduce((sum, each) => sum + each.damaged, 0);
  return { kind: 'done', report: { check, exchanges, trees, damaged } };
}

async function audit(kernel: Kernel, { state }: StoreParts): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  // One after the other: the disk is the node's, too.
  for (const { index } of state.partitions) {
    const outcome = await ask<PartitionMessage, AuditOutcome>(
      kernel,
      partitionName(index),
      (reply) => ({ kind: 'audit', reply }),
      PARTITION_MS,
    );
    checked.push({ partition: index, outcome });
  }
  return checked;
}

async function exchangeWith(
  kernel: Kernel,
  { config }: StoreParts,
  peer: string,
): Promise<ExchangeOutcome> {
  const outcome = await ask<ExchangesMessage, ExchangeOutcome>(
    kernel,
    EXCHANGES,
    (reply) => ({ kind: 'exchange', peer, reply }),
    config.exchangeTimeoutMs + EXCHANGE_MS,
  );
  return outcome ?? { kind: 'failed', peer, reason: 'it did not end in time' };
}

export function reportOf(checked: readonly Checked[]): StoreCheckReport {
  const known = checked.flatMap(({ partition, outcome }) =>
    outcome === undefined ? [] : [{ partition, ...outcome }],
  );
  const sum = (field: keyof AuditOutcome): number =>
    known.reduce((total, each) => total + each[field], 0);
  return {
    rows: sum('rows'),
    mismatches: sum('mismatches'),
    rewritten: sum('rewritten'),
    unreadable: sum('unreadable'),
    quarantined: sum('quarantined'),
    partitions: known.filter(
      ({ mismatches, unreadable, quarantined }) => mismatches + unreadable + quarantined > 0,
    ),
    unchecked: checked
      .filter(({ outcome }) => outcome === undefined)
      .map(({ partition }) => partition),
  };
}

function loading(): OperationOutcome {
  return refused(
    503,
    'loading',
    'The store is being read: try again in a moment (bondy store status).',
  );
}
