/** Reads all of a database: how many entries it has, how large they are, and a digest that says whether two are equal. */
import { createHash } from 'node:crypto';
import { asked } from './promised.ts';
import type { Entry, Storage } from './storage.ts';

export interface DatabaseDigest {
  readonly entries: number;
  readonly bytes: number;
  /** SHA-256 over the entries in order, with their lengths; hex. */
  readonly digest: string;
}

const PAGE = 1000;

/** Rejects with a `StorageError`, `corrupt` at the first entry that is not what was written. */
export async function digestOf(storage: Storage): Promise<DatabaseDigest> {
  const hash = createHash('sha256');
  const lengths = Buffer.alloc(8);
  let entries = 0;
  let bytes = 0;
  await eachPage(storage, (page) => {
    for (const { key, value } of page) {
      lengths.writeUInt32LE(key.length);
      lengths.writeUInt32LE(value.length, 4);
      hash.update(lengths).update(key).update(value);
      bytes += key.length + value.length;
    }
    entries += page.length;
  });
  return { entries, bytes, digest: hash.digest('hex') };
}

/** All entries as they are now. */
export async function eachPage(
  storage: Storage,
  visit: (page: readonly Entry[]) => void | Promise<void>,
): Promise<void> {
  const scan = storage.scan({});
  try {
    for (;;) {
      const page = await asked<readonly Entry[]>((answer) => scan.next(PAGE, answer));
      if (page.length === 0) return;
      await visit(page);
    }
  } finally {
    scan.close();
  }
}
