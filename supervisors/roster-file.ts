/** The roster on disk: replaced as a whole, atomically, in the data directory. */
import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RosterStore } from '../actors/membership/membership.actor.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';

export function rosterFile(directory: DataDirectory): RosterStore {
  const path = join(directory.path, 'roster.cbor');
  return {
    load() {
      try {
        return readFileSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    save(bytes, done) {
      replace(path, bytes).then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
  };
}

/** On disk under its name, or not there at all, whatever happens in between. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
