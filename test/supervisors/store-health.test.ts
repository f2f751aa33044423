/** What `/ready`, `/metrics` and `GET /store` say of a store that is not well. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STORE_DEFAULTS } from '../../actors/store/config.ts';
import { StoreState } from '../../actors/store/state.ts';
import type { DiskHealth } from '../../runtime/disk/data-directory.ts';
import { storageFailure } from '../../runtime/disk/failure.ts';
import { Metrics } from '../../runtime/metrics/metrics.ts';
import { storeGauges, storeProblems, storeReport } from '../../supervisors/store-health.ts';
import type { StoreParts } from '../../supervisors/store-parts.ts';

const CLOCK = { now: () => 5_000, wall: () => 1_000_000 };

function storeWith(health: DiskHealth = { kind: 'ok', freeBytes: 1 }): StoreParts {
  const state = new StoreState({ low: 1, high: 2 }, { ...STORE_DEFAULTS, partitions: 2 });
  const disk = { engine: 'leveldb', databases: 2 };
  return { state, disk, health: () => health } as unknown as StoreParts;
}

function loaded(parts: StoreParts): StoreParts {
  for (const partition of parts.state.partitions) partition.status = { kind: 'ready' };
  return parts;
}

describe('a store', () => {
  it('is not ready while it is read, and says how much is missing', () => {
    const parts = storeWith();
    parts.state.partitions[0]!.status = { kind: 'ready' };
    assert.deepEqual(storeProblems(parts, 0), ['the store is being read: 1 of 2 partitions']);
    assert.deepEqual(storeProblems(loaded(parts), 0), []);
  });

  it('names the partition that takes no writes, and why', () => {
    const parts = loaded(storeWith());
    const failure = storageFailure('full', '/data/store/leveldb/01', 'no space left');
    parts.state.partitions[1]!.status = { kind: 'degraded', failure };
    const [problem, ...rest] = storeProblems(parts, 0);
    assert.deepEqual(rest, []);
    assert.match(problem!, /^store partition 1 takes no writes: \/data.*full: no space left/);
    assert.equal(storeReport(parts, CLOCK).health.ok, false);
  });

  it('says that the clock is off, and that the disk is', () => {
    const failure = storageFailure('locked', '/data/node.lock', 'the lock was removed');
    const parts = loaded(storeWith({ kind: 'degraded', freeBytes: 0, failure }));
    parts.state.clockOffMs = 90_000.4;
    const [disk, clock] = storeProblems(parts, 0);
    assert.match(disk!, /^the data directory: \/data\/node.lock: locked/);
    assert.match(clock!, /off by \+90000 ms: the store takes no writes/);
  });

  it('says that its rows are ahead of its clock, also when the clock is right again', () => {
    const parts = loaded(storeWith());
    parts.state.partitions[1]!.stampsAheadMs = () => 3_600_000;
    assert.deepEqual(storeProblems(parts, 0), [
      'rows of the store are 3600000 ms ahead of its clock: no writes there until the clock has caught up, or is set',
    ]);
  });

  it('tells of each node when it was last compared with it, whatever failed since', async () => {
    const parts = loaded(storeWith());
    const failed = { kind: 'failed', peer: 'b', reason: 'no link' } as const;
    const equal = { kind: 'equal', peer: 'c', isPeerCatchingUp: false } as const;
    const { lastExchanges } = parts.state;
    lastExchanges.set('b', { outcome: failed, atMs: 990_000, comparedAtMs: 900_000 });
    lastExchanges.set('c', { outcome: equal, atMs: 999_000, comparedAtMs: 999_000 });
    lastExchanges.set('d', { outcome: failed, atMs: 990_000, comparedAtMs: undefined });
    const report = storeReport(parts, CLOCK);
    assert.deepEqual(report.exchanges[0], {
      ...{ peer: 'b', outcome: 'failed', secondsAgo: 10, sent: 0, received: 0 },
      reason: 'no link',
    });
    const metrics = new Metrics({ processMetrics: false });
    storeGauges(metrics, parts);
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('bondy_'));
    assert.deepEqual(lines, [
      'bondy_store_rows{partition="0"} 0',
      'bondy_store_rows{partition="1"} 0',
      'bondy_store_partition_ready{partition="0"} 1',
      'bondy_store_partition_ready{partition="1"} 1',
      'bondy_store_last_exchange_timestamp_seconds{peer="b"} 900',
      'bondy_store_last_exchange_timestamp_seconds{peer="c"} 999',
      'bondy_store_clock_off_seconds 0',
      'bondy_store_clock_origins 0',
    ]);
  });
});
