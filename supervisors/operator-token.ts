/**
 * The operator's token: a secret of this start of the node, in its data directory, where only its user can read it. Who can
 * read it could as well stop the process, so it grants what an operator on this machine has anyway.
 */
import { randomBytes } from 'node:crypto';
import { writeAtomically } from '../runtime/disk/atomic-file.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';

/** Writes a new one. Throws what the file system throws. */
export function makeOperatorToken({ operatorTokenFile }: DataDirectory): string {
  const token = randomBytes(32).toString('hex');
  writeAtomically(operatorTokenFile, `${token}\n`);
  return token;
}
