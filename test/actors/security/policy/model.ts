/**
 * Who may do what, said as plainly as possible: every question walks over all records. What the policy is held against.
 */
import type { Match, Subject } from '../../../../actors/security/policy-port.ts';
import type {
  GrantRecord,
  GroupRecord,
  MembershipRecord,
  RealmRecord,
  SecurityRecord,
  UserRecord,
} from '../../../../actors/security/records.ts';
import { isCovered } from './universe.ts';

export class Model {
  readonly #records: readonly SecurityRecord[];
  readonly #gone: readonly SecurityRecord[];

  constructor(records: readonly SecurityRecord[]) {
    this.#records = records.filter(({ held }) => held);
    this.#gone = records.filter(({ held }) => !held);
  }

  allows(uri: string, who: Subject, permission: string, resource: string, match: Match): boolean {
    const realm = this.#realm(uri);
    if (!realm) return false;
    const prototype = this.#prototypeOf(realm);
    if (!(realm.securityEnabled ?? prototype?.securityEnabled ?? true)) return true;
    let user: UserRecord | undefined;
    if (who.username !== undefined) {
      user = this.#user(realm, who.username);
      if (!user || !this.#isEnabled(realm, prototype, user)) return false;
    }
    return this.#grants().some(
      (grant) =>
        grant.permission === permission &&
        (grant.match === 'any' ||
          isCovered({ uri: grant.uri, match: grant.match }, { uri: resource, match })) &&
        this.#isHeldBy(grant, realm, prototype, who, user),
    );
  }

  #isHeldBy(
    grant: GrantRecord,
    realm: RealmRecord,
    prototype: RealmRecord | undefined,
    who: Subject,
    user: UserRecord | undefined,
  ): boolean {
    const home = [realm, prototype].find((each) => each?.uri === grant.realm);
    if (!home || grant.at < home.since) return false;
    if (grant.role === 'all') return true;
    if (grant.role === 'group/anonymous') return who.username === undefined;
    if (!user) return false;
    const name = grant.role.slice(grant.role.indexOf('/') + 1);
    if (grant.role.startsWith('user/')) {
      return home === realm && name === user.username && grant.at >= user.since;
    }
    const group = this.#group(realm, prototype, name);
    if (!group || !this.#groupsOf(realm, prototype, who, user).has(name)) return false;
    // A right may be added to an inherited group.
    return (
      (home === realm || group.realm === home.uri) &&
      grant.at >= this.#sinceOf(home, prototype, name)
    );
  }

  #groupsOf(
    realm: RealmRecord,
    prototype: RealmRecord | undefined,
    who: Subject,
    user: UserRecord,
  ): ReadonlySet<string> {
    const direct = this.#memberships()
      .filter((each) => each.of === 'user' && each.member === user.username)
      .filter((each) => each.realm === realm.uri && each.at >= Math.max(realm.since, user.since))
      .filter((each) => this.#counts(realm, prototype, each))
      .map((each) => each.group)
      .filter((name) => who.groups?.includes(name) !== false);
    const reached = new Set(direct);
    for (let before = -1; before !== reached.size;) {
      before = reached.size;
      for (const name of [...reached]) {
        const group = this.#group(realm, prototype, name)!;
        const home = group.realm === realm.uri ? realm : prototype!;
        for (const each of this.#memberships()) {
          if (each.of !== 'group' || each.member !== name || each.realm !== group.realm) continue;
          if (each.at < Math.max(home.since, group.since)) continue;
          if (this.#counts(realm, prototype, each)) reached.add(each.group);
        }
      }
    }
    return reached;
  }

  /** The group is there, and not younger than the membership in it. */
  #counts(realm: RealmRecord, prototype: RealmRecord | undefined, each: MembershipRecord): boolean {
    const home = each.realm === realm.uri ? realm : prototype!;
    return (
      this.#group(realm, prototype, each.group) !== undefined &&
      each.at >= this.#sinceOf(home, prototype, each.group)
    );
  }

  /** What a realm says about a group is about its own, or else about the prototype's, since its own was taken back. */
  #sinceOf(home: RealmRecord, prototype: RealmRecord | undefined, name: string): number {
    const own = this.#group(home, undefined, name);
    if (own) return own.since;
    const inherited =
      prototype && home !== prototype ? this.#group(prototype, undefined, name) : undefined;
    const gone = this.#gone.find(
      (each) => each.kind === 'group' && each.realm === home.uri && each.name === name,
    );
    return Math.max(inherited?.since ?? 0, gone ? gone.at + 1 : 0);
  }

  #group(realm: RealmRecord, prototype: RealmRecord | undefined, name: string) {
    return [realm, prototype]
      .map((home) =>
        this.#records.find(
          (each): each is GroupRecord =>
            each.kind === 'group' &&
            each.realm === home?.uri &&
            each.name === name &&
            each.at >= home.since,
        ),
      )
      .find((group) => group !== undefined);
  }

  #isEnabled(
    realm: RealmRecord,
    prototype: RealmRecord | undefined,
    { enabled, ssoRealmUri, username }: UserRecord,
  ): boolean {
    if (!enabled) return false;
    if (ssoRealmUri === null) return true;
    const followed = realm.isSsoRealm ? null : (realm.ssoRealmUri ?? prototype?.ssoRealmUri);
    const sso = followed === ssoRealmUri ? this.#realm(ssoRealmUri) : undefined;
    if (!sso?.isSsoRealm || sso.allowedRealms?.includes(realm.uri) === false) return false;
    return this.#user(sso, username)?.enabled === true;
  }

  #user(realm: RealmRecord, username: string): UserRecord | undefined {
    return this.#records.find(
      (each): each is UserRecord =>
        each.kind === 'user' &&
        each.realm === realm.uri &&
        each.username === username &&
        each.at >= realm.since,
    );
  }

  #realm(uri: string): RealmRecord | undefined {
    return this.#records.find(
      (each): each is RealmRecord => each.kind === 'realm' && each.uri === uri,
    );
  }

  #prototypeOf({ isPrototype, prototypeUri }: RealmRecord): RealmRecord | undefined {
    if (isPrototype || prototypeUri === null) return undefined;
    const found = this.#realm(prototypeUri);
    return found?.isPrototype ? found : undefined;
  }

  #grants(): readonly GrantRecord[] {
    return this.#records.filter((each) => each.kind === 'grant');
  }

  #memberships(): readonly MembershipRecord[] {
    return this.#records.filter((each) => each.kind === 'membership');
  }
}
