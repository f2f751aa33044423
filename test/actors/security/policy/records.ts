/** Records with everything filled in, and what tests say about them. */
import type { PolicyPort, Subject } from '../../../../actors/security/policy-port.ts';
import type {
  AliasRecord,
  AuthorizedKeyRecord,
  GrantRecord,
  GroupRecord,
  MembershipRecord,
  RealmRecord,
  SecurityRecord,
  SourceRecord,
  StoredPassword,
  TicketRecord,
  UserRecord,
} from '../../../../actors/security/records.ts';

export const R = 'com.example';
const AT = 1_000;

type Some<T> = Partial<Omit<T, 'kind'>>;

export function realm(uri = R, more: Some<RealmRecord> = {}): RealmRecord {
  return {
    kind: 'realm',
    held: true,
    at: AT,
    since: 0,
    uri,
    description: '',
    isPrototype: false,
    prototypeUri: null,
    isSsoRealm: false,
    ssoRealmUri: null,
    allowedRealms: null,
    allowConnections: null,
    authmethods: null,
    securityEnabled: null,
    password: null,
    limits: {
      uriStrictness: null,
      allowDisclosure: null,
      maxSessions: null,
      maxSubscriptionsPerSession: null,
      maxMessageBytes: null,
      maxRate: null,
    },
    info: {},
    ...more,
  };
}

export function user(username: string, more: Some<UserRecord> = {}): UserRecord {
  return {
    kind: 'user',
    held: true,
    at: AT,
    since: 0,
    realm: R,
    username,
    enabled: true,
    ssoRealmUri: null,
    meta: {},
    password: null,
    passwordAt: 0,
    ...more,
  };
}

export function group(name: string, more: Some<GroupRecord> = {}): GroupRecord {
  return { kind: 'group', held: true, at: AT, since: 0, realm: R, name, meta: {}, ...more };
}

/** `user/ann` is in the group. */
export function membership(
  member: string,
  name: string,
  more: Some<MembershipRecord> = {},
): MembershipRecord {
  const [of, who] = member.split('/') as ['user' | 'group', string];
  return {
    kind: 'membership',
    held: true,
    at: AT,
    realm: R,
    of,
    member: who,
    group: name,
    ...more,
  };
}

/** `com.app.` with a trailing dot is a prefix unless `more` says otherwise. */
export function grant(
  role: string,
  permission: string,
  uri: string,
  more: Some<GrantRecord> = {},
): GrantRecord {
  const match = uri.endsWith('.') ? 'prefix' : 'exact';
  return { kind: 'grant', held: true, at: AT, realm: R, role, permission, uri, match, ...more };
}

export function source(
  username: string,
  authmethod: string,
  cidr: string,
  more: Some<SourceRecord> = {},
): SourceRecord {
  return {
    kind: 'source',
    held: true,
    at: AT,
    realm: R,
    username,
    authmethod,
    cidr,
    meta: {},
    ...more,
  };
}

export function key(
  username: string,
  of: string,
  more: Some<AuthorizedKeyRecord> = {},
): AuthorizedKeyRecord {
  const fact = { held: true, at: AT, realm: R, userSince: Number.MAX_SAFE_INTEGER };
  return { kind: 'authorized_key', ...fact, username, key: of, ...more };
}

export function alias(name: string, username: string, more: Some<AliasRecord> = {}): AliasRecord {
  return { kind: 'alias', held: true, at: AT, realm: R, alias: name, username, ...more };
}

export function ticket(authid: string, more: Some<TicketRecord> = {}): TicketRecord {
  return {
    kind: 'ticket',
    held: true,
    at: AT,
    realm: R,
    authid,
    scope: { realm: null, clientId: null, deviceId: null },
    id: 'id',
    expiresAt: 9_999,
    since: 0,
    ...more,
  };
}

export const PASSWORD: StoredPassword = { hash: '$argon2id$', scram: null, cra: null };

export const named = (username: string, groups?: readonly string[]): Subject => ({
  username,
  groups,
});
export const NOBODY: Subject = { username: undefined, groups: undefined };

/** May `who` call it? */
export function mayCall(policy: PolicyPort, who: Subject, uri: string, of = R): boolean {
  const allowed = policy.allows(of, who, 'wamp.call', uri, 'exact');
  const explained = policy.explain(of, who, 'wamp.call', uri, 'exact').allowed;
  if (allowed !== explained) throw new Error('the explanation says something else');
  return allowed;
}

export function takenBack<T extends SecurityRecord>(record: T, at: number): T {
  return { ...record, held: false, at };
}
