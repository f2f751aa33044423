/**
 * Small files that are either as they were or as they shall be, also after a power loss: a temporary file is written
 * and synced, renamed over the old one, and the directory is synced, without which the new name may not survive.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Outcome } from './storage.ts';
import { failed, ok } from './storage.ts';
import { failureOf, storageFailure } from './failure.ts';

/** Throws what the file system throws; the old file is then as it was. */
export function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeSynced(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** A file with these bytes on disk; not atomic. */
export function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** With its parents, closed to others, and on disk with their names. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = resolve(path); ; made = dirname(made)) {
    syncDirectory(dirname(made));
    if (made === resolve(first)) return;
  }
}

export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The text, or undefined when there is no such file. A file beyond `maxBytes` is none of ours: `corrupt`. */
export function readSmallFile(path: string, maxBytes = 64 * 1024): Outcome<string | undefined> {
  try {
    const { size } = statSync(path);
    if (size > maxBytes) {
      return failed(storageFailure('corrupt', path, `${size} bytes are too many for this file`));
    }
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(undefined);
    return failed(failureOf(error, path));
  }
}
