/** Where backups of this node are, what they may be called, and the secret they are encrypted with. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupConfig } from '../configuration/backup.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const SUFFIX = '.bak';
const MIN_SECRET_BYTES = 32;
const MAX_SECRET_BYTES = 64 * 1024;

/** `bondy_backup.20260102T030405Z.bak` */
export function defaultName(wallMs: number): string {
  const time = new Date(wallMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `bondy_backup.${time}${SUFFIX}`;
}

/** A name, never a path: who may ask for a backup must not choose where on the disk it is. Undefined: not one. */
export function fileOf({ directory }: BackupConfig, name: string): string | undefined {
  if (!NAME.test(name)) return undefined;
  return join(directory, name.endsWith(SUFFIX) ? name : `${name}${SUFFIX}`);
}

/** Undefined: backups are not encrypted. Throws a sentence. */
export function secretOf({ keyFile }: BackupConfig): Uint8Array | undefined {
  if (keyFile === undefined) return undefined;
  const { size } = statSync(keyFile);
  if (size < MIN_SECRET_BYTES || size > MAX_SECRET_BYTES) {
    throw new Error(
      `backup.key_file: ${keyFile} has ${size} bytes; a key has at least ${MIN_SECRET_BYTES}, for example ` +
        'from openssl rand -out backup.key 32',
    );
  }
  return readFileSync(keyFile);
}
