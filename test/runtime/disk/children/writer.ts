/**
 * Opens a database and writes through a group commit until it is killed: `node writer.js ENGINE PATH`. A line for each
 * key that was acknowledged.
 */
import { DEFAULT_GROUP_COMMIT, DEFAULT_OPEN_OPTIONS } from '../../../../runtime/disk/config.ts';
import { realTime } from '../../../../runtime/disk/defer.ts';
import { loadEngine } from '../../../../runtime/disk/engines.ts';
import { GroupCommit } from '../../../../runtime/disk/group-commit.ts';
import { asked } from '../../../../runtime/disk/promised.ts';
import type { EngineName, Storage } from '../../../../runtime/disk/storage.ts';

const [engine, path, prefix] = process.argv.slice(2) as [EngineName, string, string];
const loaded = await loadEngine(engine);
const storage = await asked<Storage>((answer) =>
  loaded.open(path, { ...DEFAULT_OPEN_OPTIONS, writeBufferBytes: 256 * 1024 }, answer),
);
const commit = new GroupCommit(storage, DEFAULT_GROUP_COMMIT, realTime);

for (let i = 0; i < 32; i++) putNext(`${prefix}-${i}`, 0);

function putNext(writer: string, n: number): void {
  const key = `${writer}-${n}`;
  const value = new TextEncoder().encode(key.repeat(20));
  commit.put([{ kind: 'put', key: new TextEncoder().encode(key), value }], (outcome) => {
    if (outcome.kind === 'failed') throw new Error(outcome.failure.detail);
    process.stdout.write(`${key}\n`); // to a pipe: before it returns
    putNext(writer, n + 1);
  });
}
