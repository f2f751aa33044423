/**
 * The roster on disk: replaced as a whole, atomically, in the data directory. One write at a time, also when a restarted
 * membership saves while a write of the former one is under way; of those that wait only the latest is written.
 */
import { readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RosterStore } from '../actors/membership/membership.actor.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';

type Lost = () => Error | undefined;
type Done = (failure?: Error) => void;

interface Save {
  readonly bytes: Uint8Array;
  /** Who waits for these bytes or for what they have replaced. */
  readonly waiting: readonly Done[];
}

/** One per data directory and process: it must outlive whoever saves. `lost`: the directory may be another process' now. */
export function rosterFile(directory: DataDirectory, lost: Lost = () => undefined): RosterFile {
  return new RosterWriter(join(directory.path, 'roster.cbor'), lost);
}

export interface RosterFile extends RosterStore {
  /** Resolves when nothing is being written and nothing waits to be. */
  idle(): Promise<void>;
}

class RosterWriter implements RosterFile {
  readonly #path: string;
  readonly #lost: Lost;
  #isWriting = false;
  #next: Save | undefined;
  #onIdle: (() => void)[] = [];

  constructor(path: string, lost: Lost) {
    this.#path = path;
    this.#lost = lost;
  }

  load(): Uint8Array | undefined {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  save(bytes: Uint8Array, done: Done): void {
    this.#next = { bytes, waiting: [...(this.#next?.waiting ?? []), done] };
    if (!this.#isWriting) this.#write(this.#next);
  }

  idle(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #write({ bytes, waiting }: Save): void {
    this.#next = undefined;
    this.#isWriting = true;
    const ended = (failure?: Error): void => {
      this.#isWriting = false;
      if (this.#next !== undefined) this.#write(this.#next);
      for (const done of waiting) done(failure);
      if (this.#isWriting) return;
      for (const resolve of this.#onIdle.splice(0)) resolve();
    };
    const lost = this.#lost();
    if (lost !== undefined) return ended(lost);
    replace(this.#path, bytes).then(
      () => ended(),
      (error: unknown) => ended(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/** On disk under its name, or not there at all, whatever happens in between. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  try {
    await writeSynced(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
