/**
 * The store: puts with group commit on LevelDB (one database, and one per partition), reads, and what an exchange costs for
 * 100,000 rows with 0 … 10,000 differences. Bytes both ways, rows not counted; the exchange runs on a virtual clock.
 *
 *     node --import tsx bench/store.ts [rows]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DEFAULT_GROUP_COMMIT, DEFAULT_OPEN_OPTIONS } from '../runtime/disk/config.ts';
import { realTime } from '../runtime/disk/defer.ts';
import { GroupCommit } from '../runtime/disk/group-commit.ts';
import { leveldb } from '../runtime/disk/leveldb.ts';
import { asked } from '../runtime/disk/promised.ts';
import type { Storage } from '../runtime/disk/storage.ts';
import { Partition } from '../actors/store/partition.ts';
import type { PartitionPort } from '../actors/store/port.ts';
import { Prefixes } from '../actors/store/prefixes.ts';
import { RowStore } from '../actors/store/row-store.ts';
import { STORE_DEFAULTS } from '../actors/store/config.ts';
import { partitionOf, rowKeyOf } from '../actors/store/keys.ts';
import { Store } from '../actors/store/store.ts';
import { StoreState } from '../actors/store/state.ts';
import type { Replica } from '../test/actors/store/replicas.ts';
import { HASH_KEY, PREFIXES, Replicas } from '../test/actors/store/replicas.ts';
import { hashing } from '../test/sim/store-tree.ts';

/**
 * A hash tree of PlumDB's shape (1024 wide, 1024² segments, three levels) over 100,000 rows: bytes both ways without rows,
 * and calls one after the other. Counted by a model of its exchange: each differing bucket and each row is a call.
 */
const PLUMDB: Readonly<Record<number, readonly [bytes: number, calls: number]>> = {
  0: [56, 1],
  1: [30_996, 4],
  10: [57_084, 22],
  100: [285_356, 197],
  1_000: [1_740_152, 1_618],
  10_000: [3_524_628, 10_978],
};

const rows = Number(process.argv[2] ?? 100_000);
const value = new Uint8Array(100).fill(7);

await putsOn('one database per partition', 16);
await putsOn('one database for all', 1);
exchangesOf(rows);

async function putsOn(what: string, databases: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-store-'));
  const storages: Storage[] = [];
  for (let i = 0; i < databases; i++) {
    const path = join(directory, String(i));
    storages.push(await asked((answer) => leveldb.open(path, DEFAULT_OPEN_OPTIONS, answer)));
  }
  const commits = storages.map((one) => new GroupCommit(one, DEFAULT_GROUP_COMMIT, realTime));
  const state = new StoreState(HASH_KEY, STORE_DEFAULTS);
  const prefixes = new Prefixes(PREFIXES);
  const owner = { self: { path: 'bench' }, own: () => () => {} } as never;
  const partitions = state.partitions.map((one) => {
    one.status = { kind: 'ready' };
    const port: PartitionPort = {
      wallMs: () => Date.now(),
      isBusy: () => false,
      commit: (_lane, writes, sync, done) =>
        commits[one.index % databases]!.put(writes, done, { sync }),
      readMany: (_lane, keys, done) => storages[one.index % databases]!.getMany(keys, done),
      page: () => {},
      replicate: () => {},
      changed: () => {},
      advanced: () => {},
      reopen: () => {},
      count: () => {},
      report: () => {},
    };
    const store = new RowStore(one, one.rows.claim(owner), prefixes, port, hashing);
    return new Partition('bench#1', store, state, STORE_DEFAULTS, port);
  });
  const putAll = (count: number, atOnce: number): Promise<number> =>
    new Promise((resolve) => {
      const started = performance.now();
      let [next, done] = [0, 0];
      const one = (): void => {
        const key = `user ${next++}`;
        const at = partitionOf(rowKeyOf('users', key), state.partitions.length);
        partitions[at]!.put('users', key, value, {}, () => {
          if (++done === count) resolve(performance.now() - started);
          else if (next < count) one();
        });
      };
      for (let i = 0; i < Math.min(atOnce, count); i++) one();
    });
  for (const [atOnce, count] of [
    [1, 300],
    [64, 6_000],
    [1_000, 30_000],
  ] as const) {
    const ms = await putAll(count, atOnce);
    console.log(`${what}, ${atOnce} writers: ${Math.round((count / ms) * 1000)} puts/s on disk`);
  }
  const store = new Store(state, prefixes);
  const started = performance.now();
  for (let i = 0; i < 300_000; i++) store.get('users', `user ${i % 6_000}`);
  const ms = performance.now() - started;
  console.log(`reads from memory: ${Math.round(300_000 / ms)} k/s\n`);
  for (const one of storages) await asked((answer) => one.close(answer));
  rmSync(directory, { recursive: true });
}

function exchangesOf(count: number): void {
  const config = { partitions: 16, symbols: 4096, isAaeEnabled: false, exchangeTimeoutMs: 60_000 };
  const cluster = new Replicas({ nodes: 2, config, latencyMs: [10, 10] });
  cluster.broadcasts = false;
  cluster.isWeighed = true;
  const [a, b] = cluster.nodes as [Replica, Replica];
  for (let i = 0; i < count; i++) {
    a.put('users', `user ${i}`, value);
    if (i % 5_000 === 0) cluster.advance(20);
  }
  cluster.advance(500);
  const started = performance.now();
  const first = a.exchangeWith(b);
  console.log(`all ${count} rows to an empty node: ${JSON.stringify(first)}`);
  console.log(`in ${Math.round(performance.now() - started)} ms of CPU\n`);
  console.log(
    '| differences | bytes without rows | round trips | ms at 20 ms RTT, virtual | CPU ms of both | PlumDB: bytes | PlumDB: calls |\n' +
      '|---|---|---|---|---|---|---|',
  );
  for (const differences of [0, 1, 10, 100, 1_000, 10_000]) {
    const step = Math.floor(count / Math.max(1, differences));
    for (let i = 0; i < differences; i++) b.put('users', `user ${i * step}`, `new ${differences}`);
    cluster.advance(300);
    cluster.rowBytes = 0;
    const [bytes, at, cpu] = [cluster.bytes, cluster.now, performance.now()];
    const outcome = a.exchangeWith(b);
    const spent = cluster.bytes - bytes - cluster.rowBytes;
    const trips = outcome.kind === 'done' ? outcome.roundTrips : 1;
    const ms = Math.round(performance.now() - cpu);
    const cells = [differences, spent, trips, cluster.now - at, ms, ...PLUMDB[differences]!];
    console.log(`| ${cells.map((cell) => cell.toLocaleString('en')).join(' | ')} |`);
    if (a.exchangeWith(b).kind !== 'equal') throw new Error('not equal afterwards');
  }
}
