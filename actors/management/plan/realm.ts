/** A realm and everything in its document, as records. All mistakes are found before any of it is stored. */
import type {
  PolicyDefaults,
  RealmLimits,
  RealmRecord,
  StoredPassword,
} from '../../security/api.ts';
import { fold, whyNoRealmName } from '../../security/api.ts';
import { isValidUri } from '../../../runtime/wamp/uri.ts';
import type { RealmDocument, RealmUpdate } from '../documents/realm.ts';
import type { UserDocument } from '../documents/user.ts';
import type { RealmKeysPort } from '../ports.ts';
import { addSource, putGrant } from './access.ts';
import type { Known, Path } from './draft.ts';
import { Draft, metaFrom, UNDATED } from './draft.ts';
import { addGroup, addGroups, updateGroup } from './groups.ts';
import { passwordOptionsOf } from './password-options.ts';
import { addUser, updateUser } from './users.ts';

export interface RealmPlanParts extends Known {
  readonly masterRealm: string;
  readonly realmKeys: RealmKeysPort;
  readonly defaults: PolicyDefaults;
}

/** Of users in the document, by themselves. */
export type Passwords = ReadonlyMap<UserDocument, StoredPassword>;

export function planNewRealm(
  parts: RealmPlanParts,
  document: RealmDocument,
  passwords: Passwords,
  base: Path = [],
): Draft {
  const uri = fold(document.uri);
  const draft = new Draft(parts, uri, base);
  const why =
    whyNoRealmName(uri) ?? (isValidUri(uri, 'loose', 'exact') ? undefined : 'is not a URI');
  if (why !== undefined) draft.wrong(['uri'], why);
  else if (parts.inventory.realmRecord(uri)) {
    draft.wrong(['uri'], `there is a realm ${uri}`, 'alreadyExists');
  } else if (isOfMaster(parts, uri)) {
    draft.wrong(['uri'], 'is below the master realm', 'notAllowed');
  }
  planRealm(parts, draft, undefined, document, passwords);
  return draft;
}

/** Of a realm that is there. */
export function planRealmUpdate(
  parts: RealmPlanParts,
  before: RealmRecord,
  document: RealmUpdate,
  passwords: Passwords,
  base: Path = [],
): Draft {
  const draft = new Draft(parts, before.uri, base);
  if (document.uri !== undefined && fold(document.uri) !== before.uri) {
    draft.wrong(['uri'], 'cannot be changed');
  }
  planRealm(parts, draft, before, document, passwords);
  return draft;
}

function planRealm(
  parts: RealmPlanParts,
  draft: Draft,
  before: RealmRecord | undefined,
  document: RealmUpdate,
  passwords: Passwords,
): void {
  const record = recordOf(parts, draft, before, document);
  checkRealm(parts, draft, before, record);
  checkIssuer(draft, document.info?.oauth2);
  draft.put([record.uri], record);
  draft.prototype = record.prototypeUri ?? undefined;
  const inherited =
    record.prototypeUri === null ? undefined : parts.policy.realm(record.prototypeUri)?.ssoRealmUri;
  draft.ssoRealm = record.ssoRealmUri ?? inherited;
  putKeys(parts, draft, 'sign', 'private_keys', document.private_keys);
  putKeys(parts, draft, 'encrypt', 'encryption_keys', document.encryption_keys);
  planGroups(draft, document.groups ?? []);
  for (const [i, user] of (document.users ?? []).entries()) {
    const known = parts.inventory.userRecord(draft.realm, user.username);
    const path = ['users', i];
    if (known) updateKnown(draft, path, known, user, passwords.get(user));
    else addUser(draft, path, user, passwords.get(user));
  }
  for (const [i, source] of (document.sources ?? []).entries()) {
    addSource(draft, ['sources', i], source);
  }
  for (const [i, grant] of (document.grants ?? []).entries()) {
    putGrant(draft, ['grants', i], grant, true);
  }
}

function updateKnown(
  draft: Draft,
  path: Path,
  known: Parameters<typeof updateUser>[2],
  user: UserDocument,
  password: StoredPassword | undefined,
): void {
  const given = user.sso_realm_uri === undefined ? known.ssoRealmUri : user.sso_realm_uri;
  if ((given === null ? null : fold(given)) !== known.ssoRealmUri) {
    draft.wrong([...path, 'sso_realm_uri'], 'cannot be changed');
  }
  updateUser(draft, path, known, user, password);
}

function planGroups(draft: Draft, groups: NonNullable<RealmUpdate['groups']>): void {
  const { inventory } = draft.known;
  const isKnown = ({ name }: { readonly name: string }): boolean =>
    inventory.group(draft.realm, name) !== undefined;
  if (!groups.some(isKnown)) return addGroups(draft, ['groups'], groups);
  // Known ones first, as they are to be; then new ones, which may be parents of each other.
  for (const group of groups) {
    if (!isKnown(group)) draft.expectGroup(fold(group.name), (group.groups ?? []).map(fold));
  }
  for (const [i, group] of groups.entries()) {
    const known = inventory.group(draft.realm, group.name);
    if (known) updateGroup(draft, ['groups', i], known, group);
    else addGroup(draft, ['groups', i], group);
  }
}

function recordOf(
  parts: RealmPlanParts,
  draft: Draft,
  before: RealmRecord | undefined,
  document: RealmUpdate,
): RealmRecord {
  const chosen = <T>(given: T | undefined, known: T | undefined, otherwise: T): T =>
    given !== undefined ? given : known !== undefined ? known : otherwise;
  const folded = (uri: string | null | undefined) => (uri ? fold(uri) : uri);
  const { authmethods, allowed_realms: allowed } = document;
  return {
    kind: 'realm',
    ...UNDATED,
    since: before?.since ?? 0,
    uri: draft.realm,
    description: document.description ?? before?.description ?? '',
    isPrototype: document.is_prototype ?? before?.isPrototype ?? false,
    prototypeUri: chosen(folded(document.prototype_uri), before?.prototypeUri, null),
    isSsoRealm: document.is_sso_realm ?? before?.isSsoRealm ?? false,
    ssoRealmUri: chosen(folded(document.sso_realm_uri), before?.ssoRealmUri, null),
    allowedRealms: chosen(allowed?.map(fold) ?? allowed, before?.allowedRealms, null),
    allowConnections: chosen(document.allow_connections, before?.allowConnections, null),
    authmethods: chosen(authmethods, before?.authmethods, null),
    securityEnabled: chosen(document.security_enabled, before?.securityEnabled, null),
    password: document.password_opts
      ? passwordOptionsOf(parts, draft.realm, document)
      : chosen(document.password_opts, before?.password, null),
    limits: limitsOf(before?.limits, document.limits),
    info: metaFrom(draft, ['info'], document.info) ?? before?.info ?? {},
  };
}

function limitsOf(before: RealmLimits | undefined, given: RealmUpdate['limits']): RealmLimits {
  const chosen = <T>(value: T | null | undefined, known: T | null | undefined): T | null =>
    value === undefined ? (known ?? null) : value;
  return {
    uriStrictness: chosen(given?.uri_strictness, before?.uriStrictness),
    allowDisclosure: chosen(given?.allow_disclosure, before?.allowDisclosure),
    maxSessions: chosen(given?.max_sessions, before?.maxSessions),
    maxSubscriptionsPerSession: chosen(
      given?.max_subscriptions_per_session,
      before?.maxSubscriptionsPerSession,
    ),
    maxMessageBytes: chosen(given?.max_message_bytes, before?.maxMessageBytes),
    maxRate: chosen(given?.max_rate, before?.maxRate),
  };
}

/** Bondy's rules of which fields go together and which are set once. */
function checkRealm(
  parts: RealmPlanParts,
  draft: Draft,
  before: RealmRecord | undefined,
  realm: RealmRecord,
): void {
  const { prototypeUri, ssoRealmUri } = realm;
  if (before?.isPrototype && !realm.isPrototype) draft.wrong(['is_prototype'], 'cannot be unset');
  if (before?.isSsoRealm && !realm.isSsoRealm) draft.wrong(['is_sso_realm'], 'cannot be unset');
  if (before && before.prototypeUri !== null && before.prototypeUri !== prototypeUri) {
    draft.wrong(['prototype_uri'], 'is set already and cannot be changed');
  }
  if (realm.isPrototype && prototypeUri !== null) {
    draft.wrong(['prototype_uri'], 'a prototype has no prototype', 'inconsistency');
  } else if (prototypeUri === realm.uri) {
    draft.wrong(['prototype_uri'], 'is the realm itself', 'inconsistency');
  } else if (prototypeUri !== null && parts.policy.realm(prototypeUri)?.isPrototype !== true) {
    draft.wrong(['prototype_uri'], `${prototypeUri} is no prototype realm`, 'notFound');
  }
  if (realm.isPrototype && realm.allowConnections === true) {
    draft.wrong(['allow_connections'], 'a prototype is no place to be', 'inconsistency');
  }
  if (realm.isSsoRealm && ssoRealmUri !== null) {
    draft.wrong(['sso_realm_uri'], 'an SSO realm has no SSO realm', 'inconsistency');
  } else if (ssoRealmUri === realm.uri) {
    draft.wrong(['sso_realm_uri'], 'is the realm itself', 'inconsistency');
  } else if (ssoRealmUri !== null && parts.policy.realm(ssoRealmUri)?.isSsoRealm !== true) {
    draft.wrong(['sso_realm_uri'], `${ssoRealmUri} is no SSO realm`, 'notFound');
  }
  if (realm.uri !== parts.masterRealm) return;
  if (realm.securityEnabled === false) {
    draft.wrong(['security_enabled'], 'the master realm is never without', 'notAllowed');
  }
  if (realm.isPrototype || prototypeUri !== null) {
    draft.wrong(['prototype_uri'], 'the master realm inherits nothing', 'notAllowed');
  }
}

function checkIssuer(draft: Draft, issuer: NonNullable<RealmUpdate['info']>['oauth2']): void {
  if (!issuer) return;
  const path = ['info', 'oauth2'];
  if (issuer.jwks_uri === undefined && issuer.jwks === undefined) {
    draft.wrong(path, 'needs the keys of the issuer: jwks_uri or jwks');
  }
  for (const [i, key] of (issuer.jwks?.keys ?? []).entries()) {
    // `info` is shown to whoever may see the realm.
    if (!('d' in key) && !('k' in key)) continue;
    draft.wrong([...path, 'jwks', 'keys', i], 'is a secret: give the public key', 'invalidData');
  }
}

/** Bondy refuses whatever begins with these characters; here only what is below it. */
function isOfMaster({ masterRealm }: RealmPlanParts, uri: string): boolean {
  return uri === masterRealm || uri.startsWith(`${masterRealm}.`);
}

function putKeys(
  parts: RealmPlanParts,
  draft: Draft,
  use: 'sign' | 'encrypt',
  field: string,
  pems: readonly string[] | undefined,
): void {
  for (const [i, pem] of (pems ?? []).entries()) {
    const key = parts.realmKeys.read(draft.realm, use, pem);
    if (typeof key === 'string') draft.wrong([field, i], key, 'invalidData');
    else draft.put([key.kid], key);
  }
}
