/** What the store says about itself: why the node is not ready, what /metrics and `GET /store` show. */
import type { ExchangeOutcome } from '../actors/store/api.ts';
import type { PartitionState, StoreState } from '../actors/store/state.ts';
import { renderFailure } from '../runtime/disk/failure.ts';
import type { Clock } from '../runtime/kernel/actor.ts';
import type { Metrics, Sample } from '../runtime/metrics/metrics.ts';
import type { StoreParts } from './store-parts.ts';

/** A sentence for each thing that is wrong. */
export function storeProblems({ state, health }: StoreParts, now: number): readonly string[] {
  return [...diskProblems(health(now)), ...partitionProblems(state), ...clockProblems(state)];
}

export interface StoreReport {
  readonly engine: string;
  readonly databases: number;
  readonly health: { readonly ok: boolean; readonly why: readonly string[] };
  readonly partitions: readonly {
    readonly partition: number;
    readonly status: string;
    readonly rows: number;
    /** Rows that are not what they were, until others have healed them. */
    readonly damaged: number;
  }[];
  readonly exchanges: readonly {
    readonly peer: string;
    readonly outcome: ExchangeOutcome['kind'];
    readonly secondsAgo: number;
    readonly sent: number;
    readonly received: number;
    readonly reason?: string;
  }[];
}

export function storeReport(parts: StoreParts, clock: Clock): StoreReport {
  const { disk, state } = parts;
  const why = storeProblems(parts, clock.now());
  const wall = clock.wall();
  return {
    engine: disk.engine,
    databases: disk.databases,
    health: { ok: why.length === 0, why },
    partitions: state.partitions.map(({ index, status, hashtree, damaged }) => ({
      partition: index,
      status: status.kind,
      rows: hashtree.count,
      damaged,
    })),
    exchanges: [...state.lastExchanges].map(([peer, { outcome, atMs }]) => ({
      peer,
      outcome: outcome.kind,
      secondsAgo: secondsSince(atMs, wall),
      sent: outcome.kind === 'done' ? outcome.sent : 0,
      received: outcome.kind === 'done' ? outcome.received : 0,
      ...(outcome.kind === 'failed' && { reason: outcome.reason }),
    })),
  };
}

export function storeGauges(metrics: Metrics, { state }: Pick<StoreParts, 'state'>): void {
  const byPartition = (value: (partition: PartitionState) => number) => (): readonly Sample[] =>
    state.partitions.map((partition) => ({
      labels: { partition: `${partition.index}` },
      value: value(partition),
    }));
  metrics.gauge(
    'store_rows',
    'Rows of the store by partition, deleted ones that are not forgotten yet among them.',
    byPartition(({ hashtree }) => hashtree.count),
    ['partition'],
  );
  metrics.gauge(
    'store_partition_ready',
    '1 when a partition takes writes, 0 while it is read or its disk fails.',
    byPartition(({ status }) => Number(status.kind === 'ready')),
    ['partition'],
  );
  metrics.gauge(
    'store_last_exchange_timestamp_seconds',
    'When the store was last compared with each node, in seconds since 1970; failed attempts do not count.',
    () =>
      [...state.lastExchanges].flatMap(([peer, { comparedAtMs }]) =>
        comparedAtMs === undefined ? [] : [{ labels: { peer }, value: comparedAtMs / 1000 }],
      ),
    ['peer'],
  );
  metrics.gauge(
    'store_clock_off_seconds',
    'By how much this node’s clock is off, as its peers see it; 0: it is not, and writes are taken.',
    () => (state.clockOffMs ?? 0) / 1000,
  );
  metrics.gauge(
    'store_clock_origins',
    'Starts of nodes whose writes a partition remembers, of the one with the most; 16384 fit.',
    () => Math.max(0, ...state.partitions.map(({ clock }) => [...clock.origins].length)),
  );
}

function diskProblems(health: ReturnType<StoreParts['health']>): readonly string[] {
  return health.kind === 'ok' ? [] : [`the data directory: ${renderFailure(health.failure)}`];
}

function partitionProblems({ partitions }: StoreState): readonly string[] {
  const loading = partitions.filter(({ status }) => status.kind === 'loading').length;
  const degraded = partitions.flatMap(({ index, status }) =>
    status.kind === 'degraded'
      ? [`store partition ${index} takes no writes: ${renderFailure(status.failure)}`]
      : [],
  );
  if (loading === 0) return degraded;
  return [`the store is being read: ${loading} of ${partitions.length} partitions`, ...degraded];
}

function clockProblems({ clockOffMs, partitions }: StoreState): readonly string[] {
  if (clockOffMs === undefined) {
    const aheadMs = Math.max(0, ...partitions.map((one) => one.stampsAheadMs() ?? 0));
    if (aheadMs === 0) return [];
    const what = `rows of the store are ${Math.round(aheadMs)} ms ahead of its clock`;
    return [`${what}: no writes there until the clock has caught up, or is set`];
  }
  const by = `${clockOffMs > 0 ? '+' : ''}${Math.round(clockOffMs)} ms`;
  return [`the clock of this node is off by ${by}: the store takes no writes until it is set`];
}

function secondsSince(atMs: number, wall: number): number {
  return Math.max(0, Math.round((wall - atMs) / 1000));
}
