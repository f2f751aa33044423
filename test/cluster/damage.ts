/** What happens to a disk while its node is down: rows gone, cut short, changed; bits flipped below the checksums. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { diskKey, spaceRange } from '../../actors/store/keys.ts';
import { DEFAULT_OPEN_OPTIONS } from '../../runtime/disk/config.ts';
import { DataDirectory } from '../../runtime/disk/data-directory.ts';
import { asked } from '../../runtime/disk/promised.ts';
import type { Entry, Storage, StorageEngine, Write } from '../../runtime/disk/storage.ts';
import { close, readAll, write } from '../support/storage.ts';

/** Undefined: not this one. */
export type Harm = (row: Entry, leaf: Entry | undefined) => readonly Write[] | undefined;

/** Of every `every`th row. Returns how many rows were harmed. */
export async function harmRows(
  engine: StorageEngine,
  dataDirectory: string,
  every: number,
  harms: readonly Harm[],
): Promise<number> {
  let harmed = 0;
  for (const path of databases(engine, dataDirectory)) {
    const storage = await openAt(engine, path);
    const { rows, leaves } = await rowsOf(storage);
    const writes = rows
      .filter((_, i) => i % every === 0)
      .flatMap((row) => {
        const done = harms[harmed++ % harms.length]!(row, leaves.get(nameOf(row.key.subarray(1))));
        return done ?? [];
      });
    await write(storage, ...writes);
    await close(storage);
  }
  return harmed;
}

/** The row only: its leaf says that there is one. */
export const loseRow: Harm = ({ key }) => [{ kind: 'delete', key }];

export const loseRowAndLeaf: Harm = ({ key }, leaf) => [
  { kind: 'delete', key },
  ...(leaf === undefined ? [] : [{ kind: 'delete', key: leaf.key } as const]),
];

export const cutShort: Harm = ({ key, value }) => [
  { kind: 'put', key, value: value.subarray(0, value.length >> 1) },
];

/** The last byte is of the value: its context stays what it was. */
export const flipByte: Harm = ({ key, value }) => {
  const flipped = Uint8Array.from(value);
  flipped[flipped.length - 1]! ^= 0x20;
  return [{ kind: 'put', key, value: flipped }];
};

/** In the order of their numbers. */
export function databases({ name }: StorageEngine, dataDirectory: string): readonly string[] {
  const directory = new DataDirectory(dataDirectory).engineDirectory(name as 'leveldb');
  return readdirSync(directory)
    .filter((file) => /^\d\d$/.test(file))
    .sort()
    .map((file) => join(directory, file));
}

function openAt(engine: StorageEngine, path: string): Promise<Storage> {
  return asked((answer) => engine.open(path, DEFAULT_OPEN_OPTIONS, answer));
}

async function rowsOf(storage: Storage) {
  const all = await readAll(storage);
  if (all.kind === 'failed') throw new Error(all.failure.detail);
  const is = (space: 'r' | 'l') => (entry: Entry) => entry.key[0] === spaceRange(space).gte[0];
  // The name of a row is what follows the eight bytes of its place in the tree.
  const leaves = new Map(
    all.value.filter(is('l')).map((leaf) => [nameOf(leaf.key.subarray(9)), leaf]),
  );
  return { rows: all.value.filter(is('r')), leaves };
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(diskKey('r', key)).toString('hex');
}
