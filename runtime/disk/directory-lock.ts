/**
 * One process per data directory: a file that says who holds it. It survives SIGKILL, so a holder that is dead is
 * replaced; Node has no lock that the system takes back.
 */
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { readSmallFile, writeSynced } from './atomic-file.ts';
import type { StorageFailure } from './failure.ts';
import { failureOf, storageFailure } from './failure.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { livenessOf, ownIdentity } from './process-identity.ts';
import type { Outcome } from './storage.ts';
import { failed, ok } from './storage.ts';

export interface DirectoryLock {
  readonly path: string;
  /** Set when a dead holder's lock was taken over: for the log. */
  readonly takenFrom: ProcessIdentity | undefined;
  /** Undefined while it is held. Else somebody removed or took the file, and the node must not write. A few µs. */
  lost(): StorageFailure | undefined;
  release(): void;
}

interface Holder extends ProcessIdentity {
  readonly token: string;
}

/** `locked` when a living process holds it. */
export function lockDirectory(path: string): Outcome<DirectoryLock> {
  const holder: Holder = { ...ownIdentity(), token: randomUUID() };
  const offer = `${path}.${holder.token}`;
  try {
    writeSynced(offer, JSON.stringify(holder));
    return take(path, offer, holder);
  } catch (error) {
    return failed(failureOf(error, path));
  } finally {
    rmSync(offer, { force: true });
  }
}

function take(path: string, offer: string, holder: Holder): Outcome<DirectoryLock> {
  if (linked(offer, path)) return ok(held(path, holder, undefined));
  const found = readHolder(path);
  if (found !== undefined && livenessOf(found) === 'alive') return refused(path, found);
  if (!removeStale(path, found, holder)) return refused(path, readHolder(path));
  if (linked(offer, path)) return ok(held(path, holder, found));
  return refused(path, readHolder(path));
}

/**
 * Moves the file away and looks what it was: when another process was quicker and has put its own lock there, that one
 * is put back.
 */
function removeStale(path: string, stale: Holder | undefined, { token }: Holder): boolean {
  const aside = `${path}.stale.${token}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  const isStale = readHolder(aside)?.token === stale?.token;
  if (!isStale) linked(aside, path);
  rmSync(aside, { force: true });
  return isStale;
}

function held(path: string, { token }: Holder, takenFrom: Holder | undefined): DirectoryLock {
  const ours = statSync(path);
  return {
    path,
    takenFrom,
    lost: () => {
      try {
        // Not read: that would need a descriptor, of which a node under attack may have none left.
        if (isSameFile(ours, statSync(path, { throwIfNoEntry: false }))) return undefined;
      } catch (error) {
        return failureOf(error, path);
      }
      return storageFailure('locked', path, LOST);
    },
    release: () => {
      if (readHolder(path)?.token === token) rmSync(path, { force: true });
    },
  };
}

const LOST =
  'the lock was removed or taken over, so this node writes nothing more until it is started again';

/** A file that is written anew may get the number of one that was removed, but not its time. */
function isSameFile(ours: Stats, found: Stats | undefined): boolean {
  return (
    found !== undefined &&
    found.ino === ours.ino &&
    found.dev === ours.dev &&
    found.mtimeMs === ours.mtimeMs
  );
}

/** Atomic, with the content: false when there is a file already. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function refused(path: string, holder: Holder | undefined): Outcome<never> {
  const who = holder === undefined ? 'another process' : `the process ${holder.pid}`;
  return failed(storageFailure('locked', path, `${who} uses this data directory`));
}

/** Undefined when there is none, or a file that no holder wrote (an empty one after a power loss). */
function readHolder(path: string): Holder | undefined {
  const text = readSmallFile(path);
  if (text.kind === 'failed' || text.value === undefined) return undefined;
  try {
    const value = JSON.parse(text.value) as Partial<Holder> | null;
    return typeof value?.token === 'string' && Number.isSafeInteger(value.pid) && value.pid! > 0
      ? (value as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}
