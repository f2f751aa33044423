/** Users and their aliases, keys and groups, as records. */
import type { EffectiveUser, StoredPassword, UserRecord } from '../../security/api.ts';
import { fold, MAX_ALIASES, whyNoUsername } from '../../security/api.ts';
import type { Dict } from '../../../runtime/wamp/message.ts';
import { importedPassword } from '../documents/password.ts';
import type { UserDocument, UserUpdate } from '../documents/user.ts';
import type { Draft, Path } from './draft.ts';
import { metaFrom, UNDATED } from './draft.ts';

const KEY = /^[0-9a-f]{64}$/;

/** `password`: derived from the document's, if that is a text. */
export function addUser(
  draft: Draft,
  path: Path,
  document: UserDocument,
  password: StoredPassword | undefined,
): void {
  const username = fold(document.username);
  const why = whyNoUsername(username);
  if (why !== undefined) {
    const error = why.includes('reserved') ? 'reservedName' : 'invalidArgument';
    return draft.wrong([...path, 'username'], why, error);
  }
  const taken = draft.known.policy.user(draft.realm, username);
  if (draft.hasUser(username) || (taken && taken.username !== username)) {
    return draft.wrong(
      [...path, 'username'],
      `there is a user or an alias ${username}`,
      'alreadyExists',
    );
  }
  const ssoRealm = ssoRealmFrom(draft, path, document.sso_realm_uri);
  putUser(draft, { username, ssoRealm, document, password, before: undefined, path });
  for (const [i, alias] of (document.aliases ?? []).entries()) {
    addAlias(draft, [...path, 'aliases', i], username, alias, ssoRealm ?? draft.realm, i);
  }
}

/** Of a user that is there. */
export function updateUser(
  draft: Draft,
  path: Path,
  before: UserRecord,
  document: UserUpdate,
  password: StoredPassword | undefined,
): void {
  const { username, ssoRealmUri: ssoRealm } = before;
  putUser(draft, { username, ssoRealm, document, password, before, path });
}

interface UserChange {
  readonly username: string;
  readonly ssoRealm: string | null;
  readonly document: UserUpdate;
  readonly password: StoredPassword | undefined;
  readonly before: UserRecord | undefined;
  readonly path: Path;
}

function putUser(draft: Draft, change: UserChange): void {
  const { username, ssoRealm, document, before, path } = change;
  const password = change.password ?? passwordFrom(draft, [...path, 'password'], document.password);
  const groups = draft.groupsFrom([...path, 'groups'], document.groups);
  const keys = keysFrom(draft, [...path, 'authorized_keys'], document.authorized_keys);
  draft.addUser(username);
  const isSso = ssoRealm !== null;
  if (isSso) checkSsoUser(draft, path, username, ssoRealm, document);
  putRecord(draft, draft.realm, before, {
    username,
    ssoRealmUri: ssoRealm,
    enabled: document.enabled,
    meta: metaFrom(draft, [...path, 'meta'], document.meta),
    password: isSso ? undefined : password,
  });
  const known: EffectiveUser | undefined =
    before && draft.known.policy.user(draft.realm, before.username);
  if (document.groups || !before) draft.membership('user', username, known?.groups ?? [], groups);
  // Credentials live where the user signs on.
  const home = ssoRealm ?? draft.realm;
  if (isSso) putSsoUser(draft, ssoRealm, username, password);
  if (keys) putKeys(draft, home, username, before ? (known?.authorizedKeys ?? []) : [], keys);
}

/** One that is there opens sessions in every realm that signs on there: it is not re-keyed from one of them. */
function checkSsoUser(
  draft: Draft,
  path: Path,
  username: string,
  ssoRealm: string,
  document: UserUpdate,
): void {
  if (draft.mayRekeySsoUsers) return;
  const isThere = draft.known.inventory.userRecord(ssoRealm, username) !== undefined;
  if (!isThere && serves(draft, ssoRealm)) return;
  for (const field of ['password', 'authorized_keys'] as const) {
    if (document[field] === undefined) continue;
    draft.wrong([...path, field], whyNotFromHere(username, ssoRealm), 'notAllowed');
  }
}

export function whyNotFromHere(username: string, ssoRealm: string): string {
  return `credentials of ${username} are for all realms of ${ssoRealm}: change them there or from the master realm`;
}

function serves(draft: Draft, ssoRealm: string): boolean {
  const { allowedRealms } = draft.known.policy.realm(ssoRealm) ?? {};
  return allowedRealms?.includes(draft.realm) !== false;
}

function putSsoUser(
  draft: Draft,
  realm: string,
  username: string,
  password: StoredPassword | undefined,
): void {
  const before = draft.known.inventory.userRecord(realm, username);
  if (before && !password) return;
  putRecord(draft, realm, before, {
    username,
    ssoRealmUri: null,
    enabled: undefined,
    meta: undefined,
    password,
  });
}

function putRecord(
  draft: Draft,
  realm: string,
  before: UserRecord | undefined,
  given: {
    readonly username: string;
    readonly ssoRealmUri: string | null;
    readonly enabled: boolean | undefined;
    readonly meta: Dict | undefined;
    readonly password: StoredPassword | undefined;
  },
): void {
  const passwordAt = before?.passwordAt ?? 0;
  // One that is given again (only an imported one can be) is no new password.
  const isNew = given.password !== undefined && !isPasswordOf(draft, before, given.password);
  draft.put([realm, given.username], {
    kind: 'user',
    ...UNDATED,
    since: before?.since ?? 0,
    realm,
    username: given.username,
    enabled: given.enabled ?? before?.enabled ?? true,
    ssoRealmUri: given.ssoRealmUri,
    meta: given.meta ?? before?.meta ?? {},
    password: given.password ?? before?.password ?? null,
    passwordAt: isNew ? passwordAt + 1 : passwordAt,
  });
}

function passwordFrom(
  draft: Draft,
  path: Path,
  given: UserUpdate['password'],
): StoredPassword | undefined {
  if (given === undefined || typeof given === 'string') return undefined;
  const imported = importedPassword(given);
  if (!('field' in imported)) return imported;
  draft.wrong([...path, ...imported.field.split('.')], imported.why, 'invalidData');
  return undefined;
}

function isPasswordOf(
  { known }: Draft,
  before: UserRecord | undefined,
  password: StoredPassword,
): boolean {
  return before !== undefined && known.inventory.has({ ...before, password });
}

function ssoRealmFrom(draft: Draft, path: Path, given: string | null | undefined): string | null {
  if (given === null || given === undefined) return null;
  const uri = fold(given);
  const why =
    uri !== draft.ssoRealm
      ? `is not the SSO realm of ${draft.realm}`
      : serves(draft, uri)
        ? undefined
        : `does not name ${draft.realm} in its allowed_realms`;
  if (why === undefined) return uri;
  draft.wrong([...path, 'sso_realm_uri'], `${uri} ${why}`, 'invalidSsoRealm');
  return null;
}

function keysFrom(
  draft: Draft,
  path: Path,
  given: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!given) return undefined;
  return given.flatMap((text, i) => {
    const key = text.toLowerCase();
    if (KEY.test(key)) return [key];
    draft.wrong(
      [...path, i],
      'is not an Ed25519 public key of 64 hexadecimal digits',
      'invalidData',
    );
    return [];
  });
}

function putKeys(
  draft: Draft,
  realm: string,
  username: string,
  before: readonly string[],
  keys: readonly string[],
): void {
  for (const key of new Set([...before, ...keys])) {
    const held = keys.includes(key);
    if (held === before.includes(key)) continue;
    draft.put([realm, username, key], {
      kind: 'authorized_key',
      ...UNDATED,
      userSince: 0,
      held,
      realm,
      username,
      key,
    });
  }
}

/** `realm`: of an SSO user the SSO realm's. `count`: how many it has already. */
export function addAlias(
  draft: Draft,
  path: Path,
  username: string,
  given: string,
  realm: string,
  count: number,
): void {
  const alias = fold(given);
  const why = whyNoUsername(alias);
  if (why !== undefined) {
    return draft.wrong(path, why, why.includes('reserved') ? 'reservedName' : 'invalidArgument');
  }
  if (count >= MAX_ALIASES) {
    return draft.wrong(path, `a user has at most ${MAX_ALIASES} aliases`, 'propertyRangeLimit');
  }
  const taken =
    draft.hasUser(alias) ||
    draft.known.policy.user(draft.realm, alias) !== undefined ||
    draft.known.policy.user(realm, alias) !== undefined;
  if (taken) return draft.wrong(path, `there is a user or an alias ${alias}`, 'alreadyExists');
  draft.addUser(alias); // the same names
  draft.put([realm, alias], { kind: 'alias', ...UNDATED, realm, alias, username });
}
