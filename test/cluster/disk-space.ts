/** What the rows of a stopped node take on disk, when LevelDB has put its tables in order. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { leveldb } from '../../runtime/disk/leveldb.ts';
import { databases } from './damage.ts';

/** Bytes of tables; the log is empty then. */
export async function compactedBytes(dataDirectory: string): Promise<number> {
  let bytes = 0;
  for (const path of databases(leveldb, dataDirectory)) {
    const level = new ClassicLevel<Buffer, Buffer>(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    await level.open();
    await level.compactRange(Buffer.of(0), Buffer.alloc(64, 0xff));
    await level.close();
    bytes += tableBytes(path);
  }
  return bytes;
}

function tableBytes(path: string): number {
  return readdirSync(path)
    .filter((file) => /\.(ldb|sst)$/.test(file))
    .reduce((sum, file) => sum + statSync(join(path, file)).size, 0);
}
