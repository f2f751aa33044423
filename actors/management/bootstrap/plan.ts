/**
 * What the bootstrap file asks for, as records, and what is wrong with it. Realm after realm is planned against a policy
 * that has the ones before, so that a prototype may be in the same file; nothing of it is stored before all of it is right.
 */
import type { SecurityRecord, StoredPassword } from '../../security/api.ts';
import { fold } from '../../security/api.ts';
import { importedPassword } from '../documents/password.ts';
import type { UserDocument } from '../documents/user.ts';
import type { DocumentProblem } from '../errors.ts';
import { passwordOptionsOf } from '../plan/password-options.ts';
import type { RealmPlanParts } from '../plan/realm.ts';
import { planNewRealm, planRealmUpdate } from '../plan/realm.ts';
import type { PasswordOptions } from '../../security/api.ts';
import type { PlacedRealm } from './read.ts';
import { below } from './read.ts';

/** A policy of its own that is filled while the file is planned. */
export interface Scratch extends RealmPlanParts {
  /** As if they were stored. */
  apply(records: readonly SecurityRecord[]): void;
  /** The configuration's, which nothing that is stored can change. */
  isConfigured(record: SecurityRecord): boolean;
}

/** A password of the file, and what is kept of this user's now. */
export interface Wanted {
  readonly path: string;
  readonly user: UserDocument;
  readonly password: string;
  readonly known: StoredPassword | undefined;
  readonly options: PasswordOptions;
}

export interface BootstrapPlan {
  /** What is not as the file says. */
  readonly records: readonly SecurityRecord[];
  readonly problems: readonly DocumentProblem[];
  readonly wanted: readonly Wanted[];
}

/** `passwords`: derived, of users whose password is another than the one that is kept. */
export function planBootstrap(
  realms: readonly PlacedRealm[],
  scratch: Scratch,
  passwords: ReadonlyMap<UserDocument, StoredPassword>,
): BootstrapPlan {
  const records: SecurityRecord[] = [];
  const problems: DocumentProblem[] = [];
  const wanted: Wanted[] = [];
  for (const { index, document: given } of realms) {
    const uri = fold(given.uri);
    const document = withoutOldPasswords(scratch, uri, given);
    wanted.push(...passwordsOf(scratch, uri, index, document));
    const before = scratch.inventory.realmRecord(uri);
    const draft =
      before === undefined
        ? planNewRealm(scratch, document, passwords, [index])
        : planRealmUpdate(scratch, before, document, passwords, [index]);
    problems.push(...draft.problems);
    const changed = draft.records.filter((record) => !isKnownKey(scratch, record));
    for (const record of changed) {
      if (scratch.isConfigured(record)) problems.push(configured(index, record));
    }
    scratch.apply(changed);
    records.push(...changed);
  }
  return { records, problems, wanted };
}

/**
 * An imported password is for a user that has none: what the file brought from elsewhere must not undo what the user has
 * chosen here since, nor what a login has made of it.
 */
function withoutOldPasswords(
  { inventory }: Scratch,
  uri: string,
  document: PlacedRealm['document'],
): PlacedRealm['document'] {
  const isOld = (user: UserDocument): boolean => {
    // One with a mistake stays, and is told.
    if (typeof user.password !== 'object' || 'field' in importedPassword(user.password))
      return false;
    const home = user.sso_realm_uri ? fold(user.sso_realm_uri) : uri;
    return (inventory.userRecord(home, user.username)?.password ?? null) !== null;
  };
  if (!document.users?.some(isOld)) return document;
  const users = document.users.map((user) => {
    if (!isOld(user)) return user; // the same object: passwords are found by it
    const { password: _, ...rest } = user;
    return rest;
  });
  return { ...document, users };
}

function passwordsOf(
  scratch: Scratch,
  uri: string,
  index: number,
  document: PlacedRealm['document'],
): readonly Wanted[] {
  const own = passwordOptionsOf(scratch, uri, document);
  return (document.users ?? []).flatMap((user, i) => {
    const { password } = user;
    if (typeof password !== 'string') return [];
    const home = user.sso_realm_uri ? fold(user.sso_realm_uri) : undefined;
    const options = (home ? scratch.policy.realm(home)?.password : undefined) ?? own;
    const known = scratch.inventory.userRecord(home ?? uri, user.username)?.password ?? undefined;
    return [{ path: below(index, `users[${i}].password`), user, password, known, options }];
  });
}

/** Sealed anew a key has other bytes, and is the same key. */
function isKnownKey({ inventory }: Scratch, record: SecurityRecord): boolean {
  if (record.kind !== 'realm_key' || !inventory.realmRecord(record.realm)) return false;
  return [...inventory.realmKeys(record.realm)].some(
    ({ kid, use }) => kid === record.kid && use === record.use,
  );
}

function configured(index: number, { kind }: SecurityRecord): DocumentProblem {
  const message = `the ${kind.replace('_', ' ')} is set by the configuration of the node, and cannot be another here`;
  return { path: below(index, ''), message, error: 'notAllowed' };
}
