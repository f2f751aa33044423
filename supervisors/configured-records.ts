/**
 * What the configuration says of who may do what, as records that stand above those of the store: realms of the file, and
 * the master realm, which every node has, whose security nothing can disable, and which has nobody in it by default.
 */
import type { RealmConfig } from '../actors/realms/config.ts';
import { PERMISSIONS } from '../actors/security/policy/permissions.ts';
import type {
  RealmLimits,
  RealmRecord,
  SecurityRecord,
  UserRecord,
} from '../actors/security/records.ts';
import type { NodeConfig } from './config.ts';

export type AdminPassword = Pick<UserRecord, 'password' | 'passwordAt'>;

const FACT = { held: true, at: 0 };

/** How administrators prove who they are; never nobody in particular. */
export const MASTER_METHODS = ['cryptosign', 'wamp-scram', 'password', 'wampcra', 'ticket'];
/** It has no keys; tickets it issues itself. */
const ADMIN_METHODS = MASTER_METHODS.filter((method) => method !== 'cryptosign');
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

export function configuredRecords(
  { realms, masterRealm }: NodeConfig,
  password: AdminPassword | undefined,
): readonly SecurityRecord[] {
  const { uri, adminUsername } = masterRealm;
  const records: SecurityRecord[] = realms.map(configured);
  records.push(master(uri));
  if (password !== undefined) records.push(...administrator(uri, adminUsername, password));
  return records;
}

/** Whoever its methods let in may do everything: it has no rules. */
function configured({ uri, authmethods, ...realm }: RealmConfig): RealmRecord {
  return {
    ...realmRecord(uri),
    description: 'of the configuration',
    authmethods,
    securityEnabled: false,
    limits: {
      ...NO_LIMITS,
      uriStrictness: realm.uriRule,
      allowDisclosure: realm.allowDisclosure,
      maxSessions: realm.maxSessions,
    },
  };
}

function master(uri: string): RealmRecord {
  return {
    ...realmRecord(uri),
    description: 'of those who administer this node and its cluster',
    authmethods: MASTER_METHODS,
    securityEnabled: true,
  };
}

function administrator(
  realm: string,
  username: string,
  password: AdminPassword,
): readonly SecurityRecord[] {
  const sources = EVERYWHERE.flatMap((cidr) =>
    ADMIN_METHODS.map((authmethod) => ({
      ...FACT,
      realm,
      username,
      authmethod,
      cidr,
      meta: {},
    })),
  );
  const user = { realm, username, enabled: true, ssoRealmUri: null, meta: {}, since: 0 };
  return [
    { kind: 'user', ...FACT, ...user, ...password },
    ...sources.map((source) => ({ kind: 'source', ...source }) as const),
    ...PERMISSIONS.map((permission) => {
      const role = `user/${username}`;
      return { kind: 'grant', ...FACT, realm, role, permission, uri: '', match: 'any' } as const;
    }),
  ];
}

const NO_LIMITS: RealmLimits = {
  uriStrictness: null,
  allowDisclosure: null,
  maxSessions: null,
  maxSubscriptionsPerSession: null,
  maxMessageBytes: null,
  maxRate: null,
};

function realmRecord(uri: string): RealmRecord {
  return {
    kind: 'realm',
    ...FACT,
    since: 0,
    uri,
    description: '',
    isPrototype: false,
    prototypeUri: null,
    isSsoRealm: false,
    ssoRealmUri: null,
    allowedRealms: null,
    allowConnections: true,
    authmethods: null,
    securityEnabled: null,
    password: null,
    limits: NO_LIMITS,
    info: {},
  };
}
