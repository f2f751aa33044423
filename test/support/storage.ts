/** Shorthand for tests on storage: promises, text keys, and the engines that this machine can run. */
import { rocksdbHere } from './rocksdb-here.ts';
import { DEFAULT_OPEN_OPTIONS } from '../../runtime/disk/config.ts';
import { leveldb } from '../../runtime/disk/leveldb.ts';
import { asked, outcomeOf } from '../../runtime/disk/promised.ts';
import { loadRocksdb } from '../../runtime/disk/rocksdb.ts';
import type { Entry, Outcome, Storage, StorageEngine, Write } from '../../runtime/disk/storage.ts';

/** Those that survive their process. Without rocksdb, loudly, where its binary cannot be used. */
export const DURABLE_ENGINES: readonly StorageEngine[] = [
  leveldb,
  ...((await rocksdbHere()) ? [loadRocksdb()] : []),
];

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

export function put(key: string, value: string): Write {
  return { kind: 'put', key: bytes(key), value: bytes(value) };
}

export function tryOpen(engine: StorageEngine, path: string): Promise<Outcome<Storage>> {
  return outcomeOf((answer) => engine.open(path, DEFAULT_OPEN_OPTIONS, answer));
}

export function open(engine: StorageEngine, path: string): Promise<Storage> {
  return asked((answer) => engine.open(path, DEFAULT_OPEN_OPTIONS, answer));
}

export function close(storage: Storage): Promise<void> {
  return asked((answer) => storage.close(answer));
}

export function write(storage: Storage, ...writes: readonly Write[]): Promise<void> {
  return asked((answer) => storage.batch(writes, { sync: true }, answer));
}

export async function get(storage: Storage, key: string): Promise<string | undefined> {
  const value = await asked<Uint8Array | undefined>((answer) => storage.get(bytes(key), answer));
  return value && text(value);
}

/** All of it, or the failure that ended the reading. */
export async function readAll(storage: Storage): Promise<Outcome<readonly Entry[]>> {
  const scan = storage.scan({});
  const value: Entry[] = [];
  for (;;) {
    const page = await outcomeOf<readonly Entry[]>((answer) => scan.next(500, answer));
    if (page.kind === 'failed') return page;
    if (page.value.length === 0) return { kind: 'ok', value };
    value.push(...page.value);
  }
}
