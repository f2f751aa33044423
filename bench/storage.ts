/**
 * One database with a key prefix per partition against one database per partition: acknowledged puts per second in group
 * commits with fsync, latency, memory, time to open, file descriptors. Each case runs in a process of its own.
 *
 *     node --import tsx bench/storage.ts [directory] [seconds per case]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { DEFAULT_GROUP_COMMIT, DEFAULT_OPEN_OPTIONS } from '../runtime/disk/config.ts';
import { realTime } from '../runtime/disk/defer.ts';
import { probeRocksdb } from '../runtime/disk/engine-probe.ts';
import { loadEngine } from '../runtime/disk/engines.ts';
import { GroupCommit } from '../runtime/disk/group-commit.ts';
import { asked } from '../runtime/disk/promised.ts';
import type { EngineName, Storage } from '../runtime/disk/storage.ts';

const PARTITIONS = 16;
const VALUE_BYTES = 100;
const WRITERS = [1, 16, 256, 4096];

interface Case {
  readonly engine: EngineName;
  readonly databases: number;
}

async function measure({ engine, databases }: Case, directory: string, seconds: number) {
  const bare = memory();
  const loaded = await loadEngine(engine);
  const open = () =>
    Promise.all(
      Array.from({ length: databases }, (_, i) =>
        asked<Storage>((answer) =>
          loaded.open(
            join(directory, String(i)),
            {
              ...DEFAULT_OPEN_OPTIONS,
              cacheBytes: (64 * 1024 * 1024) / databases,
              maxOpenFiles: 4096 / databases,
            },
            answer,
          ),
        ),
      ),
    );
  const close = (all: readonly Storage[]) =>
    Promise.all(all.map((storage) => asked<void>((answer) => storage.close(answer))));
  await close(await open());
  const empty = performance.now();
  const storages = await open();
  const openEmptyMs = performance.now() - empty;
  const openMemory = memory() - bare;
  const descriptors = descriptorsOpen();
  const rates: string[] = [];
  for (const writers of WRITERS) rates.push(await rate(storages, writers, seconds));
  const fullMemory = memory() - bare;
  const fullDescriptors = descriptorsOpen() - descriptors;
  await close(storages);
  const full = performance.now();
  await close(await open());
  const reopenMs = performance.now() - full;
  console.log(
    [
      `${engine} × ${databases}`,
      ...rates,
      `${openEmptyMs.toFixed(0)} / ${reopenMs.toFixed(0)}`,
      `${openMemory} / ${fullMemory}`,
      `+${fullDescriptors}`,
    ]
      .map((cell, i) => cell.padStart(i === 0 ? 14 : i <= WRITERS.length ? 22 : 12))
      .join(''),
  );
}

/** Puts per second, with the median and 99th percentile of the time to the acknowledgement. */
async function rate(storages: readonly Storage[], writers: number, seconds: number) {
  const commits = storages.map(
    (storage) => new GroupCommit(storage, DEFAULT_GROUP_COMMIT, realTime),
  );
  const until = performance.now() + seconds * 1000;
  const latencies: number[] = [];
  let done = 0;
  const write = (partition: number): Promise<void> => {
    const key = Buffer.allocUnsafe(17);
    key[0] = partition;
    key.writeDoubleBE(Math.random(), 1);
    key.writeDoubleBE(done, 9);
    const value = Buffer.alloc(VALUE_BYTES, key);
    const commit = commits[partition % commits.length]!;
    return asked((answer) => commit.put([{ kind: 'put', key, value }], answer));
  };
  const from = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let at = performance.now(); at < until; done++) {
        await write((writer + done) % PARTITIONS);
        const now = performance.now();
        if (done % 7 === 0) latencies.push(now - at);
        at = now;
      }
    }),
  );
  const perSecond = (done / (performance.now() - from)) * 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)]?.toFixed(1);
  return `${Math.round(perSecond).toLocaleString('en')} (${at(0.5)}, ${at(0.99)})`;
}

function memory(): number {
  return Math.round(process.memoryUsage().rss / 1024 / 1024);
}

function descriptorsOpen(): number {
  return readdirSync('/proc/self/fd').length;
}

async function main(): Promise<void> {
  const [directory = tmpdir(), seconds = '2', engine, databases] = process.argv.slice(2);
  if (engine !== undefined) {
    return measure(
      { engine: engine as EngineName, databases: Number(databases) },
      directory,
      Number(seconds),
    );
  }
  console.log(
    [
      'databases',
      ...WRITERS.map((writers) => `${writers} writers: puts/s`),
      'open, ms',
      'rss, MiB',
      'files',
    ]
      .map((cell, i) => cell.padStart(i === 0 ? 14 : i <= WRITERS.length ? 22 : 12))
      .join(''),
  );
  const probed = await probeRocksdb({ timeoutMs: 30_000 });
  if (probed.kind === 'fails') console.log(`rocksdb is left out: ${probed.reason}`);
  for (const name of ['leveldb', ...(probed.kind === 'works' ? ['rocksdb'] : [])]) {
    for (const count of [1, PARTITIONS]) {
      const scratch = mkdtempSync(join(directory, 'bondy-bench-'));
      const script = fileURLToPath(import.meta.url);
      const flags = script.endsWith('.ts') ? ['--import', 'tsx'] : [];
      spawnSync(process.execPath, [...flags, script, scratch, seconds, name, String(count)], {
        stdio: 'inherit',
      });
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  console.log(
    'puts/s with (p50, p99) ms to the acknowledgement; open: empty / full; rss: open / full, above the bare process',
  );
}

await main();
