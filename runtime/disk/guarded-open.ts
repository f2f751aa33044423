/**
 * Opens a database so that damaged files are a failure and not the end of the process: the files are looked at first; and when
 * the last opening did not come back (a native abort leaves its mark behind), a child process tries it first.
 */
import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory, writeSynced } from './atomic-file.ts';
import type { ChildOptions } from './child-check.ts';
import { tryOpening } from './child-check.ts';
import type { StorageFailure } from './failure.ts';
import { failureOf, storageFailure } from './failure.ts';
import { checkFiles } from './file-check.ts';
import { outcomeOf } from './promised.ts';
import type { OpenOptions, Outcome, Storage, StorageEngine } from './storage.ts';
import { failed } from './storage.ts';

export async function openGuarded(
  engine: StorageEngine,
  path: string,
  options: OpenOptions,
  child: ChildOptions,
): Promise<Outcome<Storage>> {
  if (engine.name === 'memory') return outcomeOf((answer) => engine.open(path, options, answer));
  const mark = `${path}.opening`;
  try {
    const damage =
      checkFiles(path, engine.name) ?? (await lastOpening(engine.name, path, mark, child));
    if (damage !== undefined) return failed(damage);
    makeDirectory(dirname(path));
    writeSynced(mark, String(process.pid));
    const opened = await outcomeOf<Storage>((answer) => engine.open(path, options, answer));
    rmSync(mark, { force: true });
    return opened;
  } catch (error) {
    return failed(failureOf(error, path));
  }
}

async function lastOpening(
  engine: 'rocksdb' | 'leveldb',
  path: string,
  mark: string,
  child: ChildOptions,
): Promise<StorageFailure | undefined> {
  if (!existsSync(mark) || !existsSync(path)) return undefined;
  const check = await tryOpening(engine, path, child);
  switch (check.kind) {
    case 'works':
      return undefined;
    case 'refused':
      // A directory without a database is no damage: the opening ended before it was made.
      if (/does not exist/i.test(check.detail)) return undefined;
      return failureOf(new Error(check.detail), path);
    case 'died':
      return storageFailure('corrupt', path, `${engine} cannot open it: ${check.detail}`);
  }
}
