/**
 * The operator's token: a secret of this start of the node, in its data directory, where only its user can read it. Who can
 * read it could as well stop the process, so it grants what an operator on this machine has anyway.
 */
import { randomBytes } from 'node:crypto';
import { equalSecrets } from '../runtime/crypto/secrets.ts';
import { writeAtomically } from '../runtime/disk/atomic-file.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';

/** Writes a new one. Throws what the file system throws. */
export function makeOperatorToken({ operatorTokenFile }: DataDirectory): string {
  const token = randomBytes(32).toString('hex');
  writeAtomically(operatorTokenFile, `${token}\n`);
  return token;
}

/** RFC 6750 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Undefined: granted. */
export function tokenProblem(authorization: string | undefined, token: string): string | undefined {
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given !== undefined && equalSecrets(given, token)) return undefined;
  const advice =
    'Send "Authorization: Bearer TOKEN" with what the file operator.token in its data directory (store.data_dir) ' +
    'holds; it is new at each start.';
  return given === undefined
    ? `This needs the operator token of this node. ${advice}`
    : `This is not the operator token of this node. ${advice}`;
}
