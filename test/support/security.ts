/** Records of security data for tests, and how they are put into a running node. */
import type { Committed, CommitOptions } from '../../actors/security/commits.ts';
import { Passwords } from '../../actors/security/passwords.ts';
import type {
  RealmRecord,
  SecurityRecord,
  SourceRecord,
  StoredPassword,
  UserRecord,
} from '../../actors/security/records.ts';
import { SECURITY_WRITER } from '../../actors/security/writer.actor.ts';
import { ThreadPoolDeriver } from '../../runtime/crypto/derivation.ts';
import { primitives } from '../../runtime/crypto/primitives.ts';
import type { Kernel } from '../../runtime/kernel/kernel.ts';

const FACT = { held: true, at: 0 };
export const ANYWHERE = '0.0.0.0/0';

export function realmRecord(uri: string, more: Partial<RealmRecord> = {}): RealmRecord {
  return {
    kind: 'realm',
    ...{ ...FACT, since: 0, uri, description: '' },
    ...{ isPrototype: false, prototypeUri: null, isSsoRealm: false, ssoRealmUri: null },
    ...{ allowedRealms: null, allowConnections: null, authmethods: null, securityEnabled: null },
    ...{ password: null, limits: NO_LIMITS, info: {}, ...more },
  };
}

export const NO_LIMITS: RealmRecord['limits'] = {
  uriStrictness: null,
  allowDisclosure: null,
  maxSessions: null,
  maxSubscriptionsPerSession: null,
  maxMessageBytes: null,
  maxRate: null,
};

export function userRecord(
  realm: string,
  username: string,
  more: Partial<UserRecord> = {},
): UserRecord {
  const rest = { enabled: true, ssoRealmUri: null, meta: {}, password: null, passwordAt: 0 };
  return { kind: 'user', ...FACT, since: 0, realm, username, ...rest, ...more };
}

export function sourceRecord(realm: string, username: string, authmethod: string): SourceRecord {
  return { kind: 'source', ...FACT, realm, username, authmethod, cidr: ANYWHERE, meta: {} };
}

export function grantRecord(
  realm: string,
  role: string,
  permission: string,
  uri: string,
  match: 'exact' | 'prefix' | 'wildcard' | 'any' = 'exact',
): SecurityRecord {
  return { kind: 'grant', ...FACT, realm, role, permission, uri, match };
}

/** A realm that everybody may enter and do everything in. */
export function openRealm(uri: string, more: Partial<RealmRecord> = {}): readonly SecurityRecord[] {
  return [
    realmRecord(uri, { authmethods: ['anonymous'], securityEnabled: false, ...more }),
    sourceRecord(uri, 'anonymous', 'anonymous'),
  ];
}

const passwords = new Passwords({
  crypto: primitives,
  deriver: new ThreadPoolDeriver(() => ({ concurrency: 2, maxWaiting: 100 })),
  limits: () => ({ minLength: 1, maxLength: 100 }),
});

/** As cheap as it can be. */
export async function passwordOf(text: string): Promise<StoredPassword> {
  const options = {
    ...{ protocols: ['hash'] as const, scramKdf: 'pbkdf2' as const },
    ...{ iterations: 4096, memory: 8, passes: 1 },
  };
  const made = await new Promise<Parameters<Parameters<Passwords['make']>[2]>[0]>((resolve) =>
    passwords.make(text, options, resolve),
  );
  if (made.kind !== 'made') throw new Error(JSON.stringify(made));
  return made.stored;
}

export function commit(
  kernel: Kernel,
  records: readonly SecurityRecord[],
  options: CommitOptions = {},
): Promise<Committed> {
  return new Promise((done) => {
    kernel.whereis(SECURITY_WRITER)!.cast({ kind: 'commit', records, done, ...options });
  });
}
