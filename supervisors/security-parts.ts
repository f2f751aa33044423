/** What the security of a node is made of, once per life of the process and before its tree. */
import { readFileSync } from 'node:fs';
import type { CommitRequest } from '../actors/security/commits.ts';
import { Commits } from '../actors/security/commits.ts';
import { Passwords } from '../actors/security/passwords.ts';
import { Policy } from '../actors/security/policy/policy.ts';
import { protocolsFor } from '../actors/security/policy/view.ts';
import { RealmKeys } from '../actors/security/realm-keys.ts';
import type { SecurityMessage } from '../actors/security/services.ts';
import { SecurityTable } from '../actors/security/table.ts';
import type { WriterMessage } from '../actors/security/writer.actor.ts';
import { ThreadPoolDeriver } from '../runtime/crypto/derivation.ts';
import { primitives } from '../runtime/crypto/primitives.ts';
import { utf8 } from '../runtime/crypto/encoding.ts';
import type { Sealer } from '../runtime/crypto/seal.ts';
import { sealerOf } from '../runtime/crypto/seal.ts';
import { makeSigningKey } from '../runtime/crypto/signing-key.ts';
import { Mailbox } from '../runtime/kernel/mailbox.ts';
import type { NodeConfig } from './config.ts';
import type { AdminPassword } from './configured-records.ts';
import { configuredRecords, MASTER_METHODS } from './configured-records.ts';

export interface SecurityParts {
  readonly table: SecurityTable;
  /** How whoever administers it changes it. */
  readonly commits: Commits;
  readonly keys: RealmKeys;
  /** They outlive their readers: what waits is done by the next. */
  readonly mailbox: Mailbox<SecurityMessage>;
  readonly writerMailbox: Mailbox<WriterMessage>;
}

/** A change that is lost is noticed with the next one only, so there is room for as many as a store has rows. */
const CHANGES = { limit: 2_000_000, onFull: 'refuse' } as const;
/** Changes that wait for one before them. */
const COMMITS = { limit: 1_000, onFull: 'refuse' } as const;

/** Rejects with a sentence for the operator. `secret`: the same on all nodes and in all their lives. */
export async function securityParts(
  config: NodeConfig,
  secret: Uint8Array,
): Promise<SecurityParts> {
  return configuredSecurity(config, await adminPassword(config, secret));
}

/** As the configuration says, without what the store has. */
export function configuredSecurity(config: NodeConfig, password?: AdminPassword): SecurityParts {
  const sealer = readSealer(config.masterRealm.keyFile);
  const policy = new Policy(config.authentication.defaults);
  for (const record of configuredRecords(config, password)) policy.configure(record);
  const writerMailbox = new Mailbox<WriterMessage>(COMMITS);
  return {
    table: new SecurityTable(policy),
    commits: new Commits({ cast: (request: CommitRequest) => writerMailbox.cast(request) }),
    keys: new RealmKeys({ make: makeSigningKey, sealer }),
    mailbox: new Mailbox<SecurityMessage>(CHANGES),
    writerMailbox,
  };
}

function readSealer(path: string | undefined): Sealer | undefined {
  if (path === undefined) return undefined;
  const sealer = sealerOf(readFileSync(path));
  if (typeof sealer === 'string') throw new Error(`security.key_file ${path}: ${sealer}`);
  return sealer;
}

/** No default: without a password in the configuration nobody has one. */
async function adminPassword(
  config: NodeConfig,
  secret: Uint8Array,
): Promise<AdminPassword | undefined> {
  const { adminPassword: written } = config.masterRealm;
  if (written === undefined) return undefined;
  const { password, derivation, defaults } = config.authentication;
  const protocols = protocolsFor(MASTER_METHODS, defaults);
  const passwords = new Passwords({
    crypto: primitives,
    deriver: new ThreadPoolDeriver(() => derivation),
    limits: () => password,
  });
  const made = await new Promise<Parameters<Parameters<Passwords['make']>[2]>[0]>((resolve) =>
    passwords.make(written.reveal(), { ...defaults.password, protocols }, resolve),
  );
  switch (made.kind) {
    case 'made':
      return { password: made.stored, passwordAt: passwordAtOf(written.reveal(), secret) };
    case 'unsuitable':
      throw new Error(`security.admin.password: the password ${made.why}`);
    case 'busy':
      throw new Error('security.admin.password: hashing it took too long');
    case 'failed':
      throw new Error(`security.admin.password: ${made.why}`);
  }
}

/**
 * Nobody counts the passwords of a file. This number is another for another password, so that the tickets of the one before
 * end; tickets tell it, and without the secret no password can be tried on it.
 */
function passwordAtOf(password: string, secret: Uint8Array): number {
  const digest = primitives.hmac(secret, utf8(`bondy admin password 1 ${password}`));
  return digest.slice(0, 6).reduce((number, byte) => number * 256 + byte, 0) + 1;
}
