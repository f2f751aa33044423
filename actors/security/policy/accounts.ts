/**
 * Users with what their SSO realm knows of them (Bondy's same sign-on): credentials live there, groups and rights here,
 * and who is disabled or removed there is disabled here.
 */
import type { EffectiveUser, PolicyChange } from '../policy-port.ts';
import type { UserRecord } from '../records.ts';
import type { RealmView } from './view.ts';

export interface Account {
  readonly user: UserRecord;
  readonly isEnabled: boolean;
  /** Where the credentials are: itself, or the user of the SSO realm. */
  readonly credentials: { readonly user: UserRecord; readonly view: RealmView } | undefined;
}

/** A user at one moment. */
export interface UserStanding {
  readonly realm: string;
  readonly username: string;
  readonly since: number;
  readonly isEnabled: boolean;
  readonly ssoRealmUri: string | null;
  readonly passwordAt: number | undefined;
}

export interface Standing {
  readonly realm: RealmView | undefined;
  readonly users: readonly UserStanding[];
}

export class Accounts {
  readonly #view: (uri: string) => RealmView | undefined;
  /** SSO realm -> realms with users of it -> how many. */
  readonly #followers = new Map<string, Map<string, number>>();

  constructor(view: (uri: string) => RealmView | undefined) {
    this.#view = view;
  }

  find(view: RealmView, username: string): Account | undefined {
    const user = view.user(username);
    if (!user) return undefined;
    if (user.ssoRealmUri === null) {
      return { user, isEnabled: user.enabled, credentials: { user, view } };
    }
    const ssoView = this.#ssoView(view, user.ssoRealmUri);
    const ssoUser = ssoView?.user(username);
    const credentials = ssoView && ssoUser && { user: ssoUser, view: ssoView };
    return { user, isEnabled: user.enabled && ssoUser?.enabled === true, credentials };
  }

  /** By username, by alias, by alias in the SSO realm; in that order. */
  effective(view: RealmView, authid: string): EffectiveUser | undefined {
    const account = this.find(view, authid) ?? this.#byAlias(view, authid);
    if (!account) return undefined;
    const { user, isEnabled, credentials } = account;
    const aliases = new Set(aliasesOf(view, user));
    const isSso = credentials !== undefined && credentials.view !== view;
    if (isSso)
      for (const alias of aliasesOf(credentials.view, credentials.user)) aliases.add(alias);
    return {
      realm: view.effective.uri,
      username: user.username,
      enabled: isEnabled,
      ssoRealmUri: user.ssoRealmUri ?? undefined,
      meta: isSso ? { ...user.meta, sso: credentials.user.meta } : user.meta,
      groups: view.groupsOfUser(user),
      aliases: [...aliases].sort(),
      authorizedKeys: credentials ? keysOf(credentials.view, credentials.user) : [],
      password: credentials?.user.password ?? undefined,
      passwordAt: credentials?.user.passwordAt ?? 0,
    };
  }

  /** Of a user in its realm and wherever this realm is its SSO realm. */
  standings(uri: string, username: string): readonly UserStanding[] {
    const realms = [uri, ...(this.#followers.get(uri)?.keys() ?? [])];
    return realms.flatMap((realm) => {
      const view = this.#view(realm);
      const account = view && this.find(view, username);
      if (!account || (realm !== uri && account.user.ssoRealmUri !== uri)) return [];
      const { user, isEnabled, credentials } = account;
      return {
        realm,
        username,
        since: user.since,
        isEnabled,
        ssoRealmUri: user.ssoRealmUri,
        passwordAt: credentials?.user.passwordAt,
      };
    });
  }

  /** A user's record is in, or is out. */
  follow({ realm, ssoRealmUri }: UserRecord, by: 1 | -1): void {
    if (ssoRealmUri === null) return;
    let followers = this.#followers.get(ssoRealmUri);
    if (!followers) this.#followers.set(ssoRealmUri, (followers = new Map<string, number>()));
    const count = (followers.get(realm) ?? 0) + by;
    if (count > 0) followers.set(realm, count);
    else followers.delete(realm);
    if (followers.size === 0) this.#followers.delete(ssoRealmUri);
  }

  #byAlias(view: RealmView, alias: string): Account | undefined {
    const own = usernameOf(view, alias);
    if (own !== undefined) return this.find(view, own);
    const { ssoRealmUri } = view.effective;
    const ssoView = ssoRealmUri === undefined ? undefined : this.#ssoView(view, ssoRealmUri);
    const username = ssoView && usernameOf(ssoView, alias);
    const account = username === undefined ? undefined : this.find(view, username);
    return account?.user.ssoRealmUri === ssoRealmUri ? account : undefined;
  }

  /** Undefined: the realm no longer follows it, or it no longer serves the realm. */
  #ssoView(view: RealmView, uri: string): RealmView | undefined {
    if (view.effective.ssoRealmUri !== uri) return undefined;
    const ssoView = this.#view(uri);
    if (!ssoView?.effective.isSsoRealm) return undefined;
    const { allowedRealms } = ssoView.effective;
    return allowedRealms?.includes(view.effective.uri) === false ? undefined : ssoView;
  }
}

function usernameOf(view: RealmView, alias: string): string | undefined {
  const found = view.own.facts.aliases.get(alias);
  const user = found && view.user(found.username);
  return user && found.at >= view.sinceUser(user) ? user.username : undefined;
}

function aliasesOf(view: RealmView, user: UserRecord): readonly string[] {
  const known = [...(view.own.facts.aliasesOf.get(user.username)?.values() ?? [])];
  return known.filter(({ at }) => at >= view.sinceUser(user)).map(({ alias }) => alias);
}

function keysOf(view: RealmView, user: UserRecord): readonly string[] {
  const known = [...(view.own.facts.keysOf.get(user.username)?.values() ?? [])];
  return known
    .filter(({ at, userSince }) => Math.min(at, userSince) >= view.sinceUser(user))
    .map(({ key }) => key)
    .sort();
}

/** `matters`: a decision may be another. */
export function whatBecameOf(
  was: Standing,
  is: Standing,
): { readonly list: readonly PolicyChange[]; readonly matters: boolean } {
  const list = was.users.flatMap((before): readonly PolicyChange[] => {
    const { realm, username } = before;
    const after = is.users.find((user) => user.realm === realm);
    const what = changeOf(before, after);
    return what ? [{ kind: 'user', realm, username, what }] : [];
  });
  const matters =
    is.users.length !== was.users.length || is.users.some((user) => differs(user, was));
  return { list, matters };
}

function changeOf(
  before: UserStanding,
  after: UserStanding | undefined,
): 'removed' | 'disabled' | 'rekeyed' | undefined {
  if (!after || after.since !== before.since) return 'removed';
  if (before.isEnabled && !after.isEnabled) return 'disabled';
  return before.passwordAt !== after.passwordAt ? 'rekeyed' : undefined;
}

function differs(user: UserStanding, was: Standing): boolean {
  const before = was.users.find(({ realm }) => realm === user.realm);
  return (
    before === undefined ||
    before.since !== user.since ||
    before.isEnabled !== user.isEnabled ||
    before.ssoRealmUri !== user.ssoRealmUri
  );
}
