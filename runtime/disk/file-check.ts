/**
 * Looks at a database's files before the engine does, for damage that the engine would not report. Opened without
 * paranoid checks, as both bindings do, it takes a damaged record of a log for its end, or skips it; it follows a manifest
 * that was cut off to an older state, and deletes what that does not name; LevelDB without its CURRENT makes an empty
 * database. Each of them starts without rows that were acknowledged, and says nothing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageFailure } from './failure.ts';
import { failureOf, storageFailure } from './failure.ts';
import { findDamage, recordStarts } from './log-format.ts';
import type { EngineName } from './storage.ts';

const LOG = /^\d+\.log$/;

export function checkFiles(database: string, engine: EngineName): StorageFailure | undefined {
  if (!existsSync(database)) return undefined;
  try {
    const names = readdirSync(database);
    const said =
      checkLogs(database, names) ?? checkCurrent(names) ?? checkManifest(database, names, engine);
    return said === undefined ? undefined : storageFailure('corrupt', database, said);
  } catch (error) {
    return failureOf(error, database);
  }
}

function checkLogs(database: string, names: readonly string[]): string | undefined {
  for (const name of names.filter((file) => LOG.test(file)).sort()) {
    const damagedAt = findDamage(readFileSync(join(database, name)));
    if (damagedAt === undefined) continue;
    return `${name} is damaged at byte ${damagedAt}, before records that are sound`;
  }
  return undefined;
}

/** A crash at the very first start leaves no CURRENT either, but neither tables nor logs. */
function checkCurrent(names: readonly string[]): string | undefined {
  if (names.includes('CURRENT') || !names.some((name) => /^\d+\.(log|ldb|sst)$/.test(name))) {
    return undefined;
  }
  return 'CURRENT is missing';
}

/**
 * The oldest log in use, which the manifest tells, is there: it is made before it is named, and deleted after another is
 * named. A manifest that was cut off names one that is gone.
 */
function checkManifest(
  database: string,
  names: readonly string[],
  engine: EngineName,
): string | undefined {
  const current = names.includes('CURRENT')
    ? readFileSync(join(database, 'CURRENT'), 'utf8').trim()
    : '';
  if (!/^MANIFEST-\d+$/.test(current) || !names.includes(current)) return undefined; // the engine says so
  const logs = names.filter((name) => LOG.test(name)).map((name) => parseInt(name, 10));
  const named = oldestLogOf(readFileSync(join(database, current)));
  const expected = engine === 'leveldb' ? named : rocksLog(named, current, logs);
  if (expected === 0 || logs.includes(expected)) return undefined;
  return `${current} is cut off or a log is missing: it goes on with log ${expected}, there is ${logs.join(', ') || 'none'}`;
}

/**
 * A number up to the manifest's own is of the logs read at the last start, and may be of none. The one then made has the
 * number behind the manifest's; before it is made there is no later one.
 */
function rocksLog(named: number, manifest: string, logs: readonly number[]): number {
  const own = parseInt(manifest.slice('MANIFEST-'.length), 10);
  if (!logs.some((log) => log > own)) return 0;
  return named > own ? named : own + 1;
}

/** 0: none named yet. */
function oldestLogOf(manifest: Uint8Array): number {
  let named = 0;
  for (const edit of recordStarts(manifest)) named = logOf(edit) ?? named;
  return named;
}

const COMPARATOR = 1;
const LOG_NUMBER = 2;

/** Of a version edit: the log number is its first field, but for the comparator's name. */
function logOf(edit: Uint8Array): number | undefined {
  let at = 0;
  if (edit[at] === COMPARATOR) at += 2 + edit[at + 1]!; // a name of fewer than 128 bytes
  if (edit[at] !== LOG_NUMBER) return undefined;
  let value = 0;
  for (let scale = 1, i = at + 1; i < edit.length; scale *= 128, i++) {
    value += (edit[i]! & 127) * scale;
    if (edit[i]! < 128) return value;
  }
  return undefined;
}
