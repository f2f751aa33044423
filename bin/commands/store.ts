/** `bondy store`: how the replicated store of a running node is, and the conversion of a stopped node's to another engine. */
import { existsSync } from 'node:fs';
import { renderMistakes } from '../../runtime/config/mistake.ts';
import { openDataDirectory } from '../../runtime/disk/data-directory.ts';
import type { DataDirectory } from '../../runtime/disk/data-directory.ts';
import { probeRocksdb } from '../../runtime/disk/engine-probe.ts';
import { loadEngine } from '../../runtime/disk/engines.ts';
import { renderFailure } from '../../runtime/disk/failure.ts';
import { readManifest } from '../../runtime/disk/manifest.ts';
import { migrate } from '../../runtime/disk/migrate.ts';
import { StorageError } from '../../runtime/disk/promised.ts';
import { findNode, notANode, view } from '../ask-node.ts';
import type { NodeOptions } from '../ask-node.ts';
import { drawStore, readStore } from '../store-view.ts';
import { readConfiguration, refuse } from './configuration.ts';
import type { ConfigOptions } from './configuration.ts';

export interface MigrateOptions extends ConfigOptions {
  readonly to: 'rocksdb' | 'leveldb';
}

/** Exit status. */
export async function storeStatus(options: NodeOptions): Promise<number> {
  const node = await findNode(options);
  if (typeof node === 'string') return refuse(node);
  const answer = await view(node, '/store');
  if (answer.kind === 'failed') return refuse(answer.problem);
  const { text } = answer.got;
  const store = readStore(text);
  if (store === undefined) return refuse(notANode(node));
  const drawn = options.json ? JSON.stringify(JSON.parse(text), null, 2) : drawStore(store);
  process.stdout.write(`${drawn}\n`);
  return store.why.length === 0 ? 0 : 1;
}

/** Exit status. The node must not run: the data directory is locked meanwhile. */
export async function storeMigrate(options: MigrateOptions): Promise<number> {
  const { config, mistakes } = readConfiguration(options);
  if (mistakes.length > 0) return refuse(renderMistakes(mistakes));
  const { dataDirectory: path, disk } = config.store;
  if (!existsSync(path)) return refuse(`There is no data directory ${path}: set store.data_dir.`);
  const opened = openDataDirectory(path);
  if (opened.kind === 'failed') return refuse(renderFailure(opened.failure));
  const { directory, lock } = opened.value;
  try {
    return await convert(directory, options.to, disk.probeTimeoutMs);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return refuse(`${error.message}\nNothing has changed: the node still starts as before.`);
  } finally {
    lock.release();
  }
}

async function convert(
  directory: DataDirectory,
  to: 'rocksdb' | 'leveldb',
  timeoutMs: number,
): Promise<number> {
  const manifest = readManifest(directory);
  if (manifest.kind === 'failed') return refuse(renderFailure(manifest.failure));
  const from = manifest.value?.engine;
  if (from === undefined) {
    return refuse(`${directory.path} has no store yet: set store.engine = ${to} and start.`);
  }
  if (from === 'rocksdb' || to === 'rocksdb') {
    const probed = await probeRocksdb({ timeoutMs, cacheFile: directory.probeFile });
    if (probed.kind === 'fails') {
      return refuse(`rocksdb cannot be used by this Node: ${probed.reason}`);
    }
  }
  const report = await migrate({
    directory,
    to,
    load: loadEngine,
    child: { timeoutMs },
    onDatabase: (number, { entries }) =>
      process.stdout.write(`database ${number}: ${entries} entries copied and compared\n`),
  });
  if (report === undefined) {
    process.stdout.write(`${directory.path} has ${to} already.\n`);
    return 0;
  }
  const { databases, entries, bytes } = report;
  process.stdout.write(
    `From ${from} to ${to}: ${databases} databases, ${entries} entries, ${bytes} bytes. ` +
      `If store.engine names ${from}, set it to ${to} or auto.\n`,
  );
  return 0;
}
