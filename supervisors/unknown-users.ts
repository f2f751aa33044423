/**
 * The secret that the challenges of users who do not exist are made from, and what the administrator's tickets are tied to
 * its password by. It is the same on all nodes and in all their
 * lives: who is asked with another salt after a restart, or on another node, does not exist.
 */
import { existsSync, readFileSync } from 'node:fs';
import { toHex, utf8 } from '../runtime/crypto/encoding.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { writeAtomically } from '../runtime/disk/atomic-file.ts';
import type { DataDirectory } from '../runtime/disk/data-directory.ts';
import type { NodeConfig } from './config.ts';

const BYTES = 32;
const HEX = /^[0-9a-f]{64}$/;

/**
 * From the secret of the cluster, or the key file that all nodes have; of a node with neither from its data directory. A
 * node that keeps nothing has no users who outlive it. Throws what the file system throws.
 */
export function unknownUsersSecret(
  { cluster, masterRealm }: NodeConfig,
  directory: DataDirectory | undefined,
): Uint8Array {
  const { enabled, secret } = cluster.links;
  if (enabled && secret !== undefined) return derived(utf8(secret));
  if (masterRealm.keyFile !== undefined) return derived(readFileSync(masterRealm.keyFile));
  return directory === undefined ? primitives.random(BYTES) : kept(directory);
}

function derived(shared: Uint8Array): Uint8Array {
  return primitives.hmac(shared, utf8('bondy unknown users 1'));
}

/** One that is damaged is as good as none: with another one the administrator's tickets end, and nothing else is lost. */
function kept({ unknownUsersFile: path }: DataDirectory): Uint8Array {
  const known = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  if (HEX.test(known)) return Buffer.from(known, 'hex');
  const made = primitives.random(BYTES);
  writeAtomically(path, `${toHex(made)}\n`);
  return made;
}
