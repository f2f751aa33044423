/**
 * Converts a data directory to another engine, offline. The copy is made beside the original, database by database,
 * read back and compared; the manifest is the one switch; only then the original goes. Interrupted at any point, the node
 * still starts on the old engine, and the next run goes on behind the last database that was compared.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildOptions } from './child-check.ts';
import { DEFAULT_OPEN_OPTIONS } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { freeBytesAt } from './data-directory.ts';
import type { DatabaseDigest } from './digest.ts';
import { digestOf, eachPage } from './digest.ts';
import { storageFailure } from './failure.ts';
import { openGuarded } from './guarded-open.ts';
import { isEngineName, readManifest, writeManifest } from './manifest.ts';
import { asked, StorageError } from './promised.ts';
import type { RecordKind } from './record-file.ts';
import { readRecord, writeRecord } from './record-file.ts';
import type { EngineName, Outcome, Storage, StorageEngine } from './storage.ts';

export interface MigrationReport {
  readonly from: EngineName;
  readonly to: EngineName;
  readonly databases: number;
  /** Of them, copied by an earlier run. */
  readonly resumed: number;
  readonly entries: number;
  readonly bytes: number;
}

export interface MigrationOptions {
  readonly directory: DataDirectory;
  readonly to: Exclude<EngineName, 'memory'>;
  readonly load: (name: EngineName) => Promise<StorageEngine>;
  readonly child: ChildOptions;
  /** After each database, for people. */
  readonly onDatabase?: (number: number, digest: DatabaseDigest) => void;
}

/**
 * With the lock of the directory held and the probe passed for the engines in question. Rejects with a `StorageError`;
 * undefined: there is nothing to do, the directory has this engine or none yet.
 */
export async function migrate(options: MigrationOptions): Promise<MigrationReport | undefined> {
  const { directory, to } = options;
  const manifest = valueOf(readManifest(directory));
  if (manifest === undefined) return undefined;
  const from = manifest.engine;
  if (from === to) {
    // Of a migration that was ended behind the switch.
    removeEngine(directory, to === 'leveldb' ? 'rocksdb' : 'leveldb');
    return undefined;
  }
  assertSpace(directory, from);
  const engines = { from: await options.load(from), to: await options.load(to) };
  const done: Done[] = [...resumable(directory, from, to)];
  const resumed = done.length;
  if (resumed === 0) removeEngine(directory, to);
  for (let number = resumed; number < manifest.databases; number++) {
    const digest = await copyDatabase(options, engines, number);
    done.push(digest);
    valueOf(writeRecord(directory.migrationFile(to), PROGRESS, { from, done }));
    options.onDatabase?.(number, digest);
  }
  valueOf(writeManifest(directory, { ...manifest, engine: to }));
  rmSync(directory.migrationFile(to), { force: true });
  removeEngine(directory, from);
  return {
    from,
    to,
    databases: manifest.databases,
    resumed,
    entries: done.reduce((sum, { entries }) => sum + entries, 0),
    bytes: done.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

interface Engines {
  readonly from: StorageEngine;
  readonly to: StorageEngine;
}

async function copyDatabase(
  { directory, child }: MigrationOptions,
  engines: Engines,
  number: number,
): Promise<DatabaseDigest> {
  const target = directory.database(engines.to.name, number);
  rmSync(target, { recursive: true, force: true });
  const open = async (engine: StorageEngine): Promise<Storage> =>
    valueOf(
      await openGuarded(
        engine,
        directory.database(engine.name, number),
        DEFAULT_OPEN_OPTIONS,
        child,
      ),
    );
  const source = await open(engines.from);
  try {
    const copy = await open(engines.to);
    try {
      await copyAll(source, copy);
    } finally {
      await closed(copy);
    }
    const [was, is] = [await digestOf(source), await digestAt(() => open(engines.to))];
    if (was.digest === is.digest && was.entries === is.entries) return was;
    const detail = `the copy has ${is.entries} entries (${is.digest}), not ${was.entries} (${was.digest})`;
    throw new StorageError(storageFailure('corrupt', target, detail));
  } finally {
    await closed(source);
  }
}

async function copyAll(source: Storage, copy: Storage): Promise<void> {
  await eachPage(source, (page) =>
    asked((answer) =>
      copy.batch(
        page.map(({ key, value }) => ({ kind: 'put', key, value })),
        { sync: true },
        answer,
      ),
    ),
  );
}

/** Of what a start would find, not of what is still in memory. */
async function digestAt(open: () => Promise<Storage>): Promise<DatabaseDigest> {
  const storage = await open();
  try {
    return await digestOf(storage);
  } finally {
    await closed(storage);
  }
}

function closed(storage: Storage): Promise<void> {
  return asked((answer) => storage.close(answer));
}

function removeEngine(directory: DataDirectory, engine: EngineName): void {
  rmSync(directory.engineDirectory(engine), { recursive: true, force: true });
}

/** The copy is about as large as the original. */
function assertSpace(directory: DataDirectory, from: EngineName): void {
  const needed = sizeOfDirectory(directory.engineDirectory(from));
  const free = freeBytesAt(directory.path);
  if (free > needed) return;
  const detail = `the copy needs about ${needed} bytes, ${free} are free`;
  throw new StorageError(storageFailure('full', directory.path, detail));
}

function sizeOfDirectory(path: string): number {
  if (!existsSync(path)) return 0;
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(path, name)))
    .reduce((sum, { size }) => sum + size, 0);
}

type Done = DatabaseDigest;

interface Progress {
  readonly from: EngineName;
  readonly done: readonly Done[];
}

const PROGRESS: RecordKind<Progress> = {
  format: 1,
  parse: ({ from, done }) =>
    isEngineName(from) && Array.isArray(done) && done.every(isDigest) ? { from, done } : undefined,
};

function isDigest(value: unknown): value is Done {
  const { entries, bytes, digest } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(entries) && Number.isSafeInteger(bytes) && typeof digest === 'string';
}

/** What an earlier run has finished; a damaged record counts for nothing. */
function resumable(directory: DataDirectory, from: EngineName, to: EngineName): readonly Done[] {
  const read = readRecord(directory.migrationFile(to), PROGRESS);
  return read.kind === 'ok' && read.value?.from === from ? read.value.done : [];
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'failed') throw new StorageError(outcome.failure);
  return outcome.value;
}
