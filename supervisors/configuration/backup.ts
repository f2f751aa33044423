/** Keys of backups: where they are written, whether they are encrypted, how large one may be. */
import { byteSize } from '../../runtime/config/scalar-types.ts';
import { existingFile, path } from '../../runtime/config/place-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { optional } from '../../runtime/config/type.ts';
import { join } from 'node:path';

export interface BackupConfig {
  readonly directory: string;
  readonly keyFile: string | undefined;
  readonly maxBytes: number;
}

const GB = 1024 ** 3;

export const backupKeys = {
  directory: key({
    name: 'backup.dir',
    type: optional(path),
    default: undefined,
    doc:
      'Folder that `bondy backup create` writes to and `restore` reads from. Without it `backups` in store.data_dir; ' +
      'better is another disk.',
  }),
  keyFile: key({
    name: 'backup.key_file',
    type: optional(existingFile),
    default: undefined,
    doc:
      'File with a secret of at least 32 bytes (`openssl rand -out backup.key 32`): backups are encrypted with it, and ' +
      'cannot be read without it. Without it they hold password hashes and keys for whoever can read the file.',
  }),
  maxBytes: key({
    name: 'backup.max_size',
    type: byteSize({ min: 1024 * 1024, max: 1024 * GB }),
    default: 16 * GB,
    doc: 'A backup that would become larger is given up, and a larger file is not read.',
  }),
};

export function backupConfig(
  { directory, keyFile, maxBytes }: Values<typeof backupKeys>,
  dataDirectory: string,
): BackupConfig {
  return { directory: directory ?? join(dataDirectory, 'backups'), keyFile, maxBytes };
}
