/**
 * Who may do what, in memory: fed with records one by one in any order, asked by everybody in their own turn.
 *
 * What it answers is a function of the records it has been given last for each key, whatever the order; a realm exists
 * when its own record does. Configured records stand above the store's and cannot be changed by them.
 */
import type {
  EffectiveRealm,
  EffectiveUser,
  Explanation,
  Match,
  PolicyChange,
  PolicyPort,
  Subject,
} from '../policy-port.ts';
import type { SecurityRecord } from '../records.ts';
import type { Account, Standing, UserStanding } from './accounts.ts';
import { Accounts, whatBecameOf } from './accounts.ts';
import { stepsOf } from './explain.ts';
import { RealmFacts } from './facts.ts';
import { fold } from './names.ts';
import type { Role } from './roles.ts';
import { rolesOf } from './roles.ts';
import { keyOf } from './rows.ts';
import { methodsFrom } from './sources.ts';
import { stamped } from './stamps.ts';
import type { Layer, PolicyDefaults } from './view.ts';
import { DEFAULT_POLICY, RealmView } from './view.ts';

/** Why not, or the roles by which it may be. */
type Standpoint =
  | { readonly kind: 'open' }
  | { readonly kind: 'nobody'; readonly reason: 'no_such_realm' | 'no_such_user' | 'user_disabled' }
  | { readonly kind: 'roles'; readonly roles: readonly Role[] };

const OPEN: Standpoint = { kind: 'open' };

export class Policy implements PolicyPort {
  readonly #defaults: PolicyDefaults;
  readonly #rows = new Map<string, SecurityRecord>();
  readonly #configured = new Set<string>();
  readonly #unreadable = new Set<string>();
  readonly #realms = new Map<string, RealmFacts>();
  readonly #views = new Map<RealmFacts, RealmView>();
  readonly #accounts = new Accounts((uri) => this.#view(uri));
  #clock = 0;

  constructor(defaults: PolicyDefaults = DEFAULT_POLICY) {
    this.#defaults = defaults;
  }

  // ---- what is known

  /** A record of the configuration: in force while the node runs. */
  configure(record: SecurityRecord): readonly PolicyChange[] {
    const key = keyOf(record);
    this.#configured.add(key);
    return this.#replace(key, record);
  }

  /** A record of the store, as resolved. What it changes, to be acted upon when the last of a batch is in. */
  apply(record: SecurityRecord): readonly PolicyChange[] {
    const key = keyOf(record);
    return this.#configured.has(key) ? [] : this.#write(key, record);
  }

  /** The row is gone from the store. */
  forget(key: string): readonly PolicyChange[] {
    return this.#configured.has(key) ? [] : this.#write(key, undefined);
  }

  /** The row is there and cannot be read: it grants nothing, and a group that it may be hides the prototype's. */
  distrust(key: string): readonly PolicyChange[] {
    if (this.#configured.has(key)) return [];
    const changes = this.#replace(key, undefined);
    if (this.#unreadable.has(key)) return changes;
    this.#unreadable.add(key);
    return [...changes, ...this.#allDecisions()];
  }

  /** Held or taken back. */
  record(key: string): SecurityRecord | undefined {
    return this.#rows.get(key);
  }

  records(): Iterable<readonly [key: string, record: SecurityRecord]> {
    return this.#rows;
  }

  isConfigured(key: string): boolean {
    return this.#configured.has(key);
  }

  /** The held facts of a realm as they are, whether they count or not. For lists and for collecting what is left over. */
  facts(realm: string): RealmFacts | undefined {
    return this.#realms.get(realm) ?? this.#realms.get(fold(realm));
  }

  /** How records must be dated to be stored: all of one change together. */
  stamp(records: readonly SecurityRecord[], now: number): readonly SecurityRecord[] {
    const known = {
      row: (key: string) => this.#rows.get(key),
      facts: (realm: string) => this.#realms.get(realm),
      realms: () => this.#realms.values(),
    };
    return stamped(known, records, now);
  }

  // ---- questions

  realm(uri: string): EffectiveRealm | undefined {
    return this.#view(uri)?.effective;
  }

  *realms(): Iterable<EffectiveRealm> {
    for (const uri of this.#realms.keys()) {
      const view = this.#view(uri);
      if (view) yield view.effective;
    }
  }

  user(realm: string, authid: string): EffectiveUser | undefined {
    const view = this.#view(realm);
    // Names of the configuration may be spelled in any case.
    return (
      view &&
      (this.#accounts.effective(view, authid) ?? this.#accounts.effective(view, fold(authid)))
    );
  }

  groupsOf(realm: string, subject: Subject): ReadonlySet<string> {
    const view = this.#view(realm);
    const user = view && subject.username !== undefined ? view.user(subject.username) : undefined;
    const roles = view ? rolesOf(view, subject, user) : [];
    const prefix = 'group/';
    return new Set(
      roles
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ name }) => name.slice(prefix.length)),
    );
  }

  methodsFrom(realm: string, username: string, address: string): readonly string[] {
    const view = this.#view(realm);
    return view ? methodsFrom(view, username, address) : [];
  }

  allows(realm: string, subject: Subject, permission: string, uri: string, match: Match): boolean {
    const standpoint = this.#standpoint(realm, subject);
    switch (standpoint.kind) {
      case 'open':
        return true;
      case 'nobody':
        return false;
      case 'roles':
        return standpoint.roles.some(({ name, grants }) =>
          grants.some(({ facts, since }) =>
            facts.grantIndex(name, since)?.covers(permission, uri, match),
          ),
        );
    }
  }

  explain(
    realm: string,
    subject: Subject,
    permission: string,
    uri: string,
    match: Match,
  ): Explanation {
    const standpoint = this.#standpoint(realm, subject);
    const nothing = { roles: [], steps: [], omitted: 0 };
    switch (standpoint.kind) {
      case 'open':
        return { allowed: true, reason: 'security_disabled', ...nothing };
      case 'nobody':
        return { allowed: false, reason: standpoint.reason, ...nothing };
      case 'roles': {
        const roles = standpoint.roles.map(({ name }) => name);
        const { isGranted, steps, omitted } = stepsOf(standpoint.roles, permission, uri, match);
        const reason = isGranted ? 'granted' : 'no_grant';
        return { allowed: isGranted, reason, roles, steps, omitted };
      }
    }
  }

  version(realm: string): number {
    const facts = this.facts(realm);
    if (!facts) return 0;
    const { effective } = this.#view(realm) ?? {};
    return Math.max(
      facts.changedAt,
      this.#changedAt(effective?.prototypeUri),
      this.#changedAt(effective?.ssoRealmUri),
    );
  }

  #changedAt(uri: string | undefined): number {
    const facts = uri === undefined ? undefined : this.#realms.get(uri);
    // Of a realm that is not there nothing counts, and when its last row goes, what is known of it goes, too.
    return facts?.realm ? facts.changedAt : 0;
  }

  #standpoint(realm: string, subject: Subject): Standpoint {
    const view = this.#view(realm);
    if (!view) return { kind: 'nobody', reason: 'no_such_realm' };
    if (!view.effective.securityEnabled) return OPEN;
    const { username } = subject;
    const account: Account | undefined =
      username === undefined ? undefined : this.#accounts.find(view, username);
    if (account?.isEnabled === false) return { kind: 'nobody', reason: 'user_disabled' };
    if (username !== undefined && !account && !subject.isVouchedFor) {
      return { kind: 'nobody', reason: 'no_such_user' };
    }
    return { kind: 'roles', roles: rolesOf(view, subject, account?.user) };
  }

  /** Undefined: no such realm. */
  #view(uri: string): RealmView | undefined {
    const facts = this.facts(uri);
    const realm = facts?.realm;
    if (!facts || !realm) return undefined;
    const prototype = this.#prototypeOf(realm.isPrototype ? null : realm.prototypeUri);
    const known = this.#views.get(facts);
    if (known?.own.realm === realm && known.prototype?.realm === prototype?.realm) return known;
    const isConfigured = this.#configured.has(keyOf(realm));
    const own = { facts, realm };
    const view = new RealmView(own, prototype, this.#defaults, isConfigured, this.#unreadable);
    this.#views.set(facts, view);
    return view;
  }

  #prototypeOf(uri: string | null): Layer | undefined {
    const facts = uri === null ? undefined : this.#realms.get(uri);
    return facts?.realm?.isPrototype ? { facts, realm: facts.realm } : undefined;
  }

  // ---- changes

  #write(key: string, record: SecurityRecord | undefined): readonly PolicyChange[] {
    const wasUnreadable = this.#unreadable.delete(key);
    const changes = this.#replace(key, record);
    return wasUnreadable ? [...changes, ...this.#allDecisions()] : changes;
  }

  #replace(key: string, record: SecurityRecord | undefined): readonly PolicyChange[] {
    const before = this.#rows.get(key);
    const about = record ?? before;
    const uri = realmOf(about);
    if (!about || uri === undefined || before === record) return [];
    const was = this.#standing(uri, about);
    if (record) this.#rows.set(key, record);
    else this.#rows.delete(key);
    const facts = this.#factsOf(uri);
    if (before?.held) this.#take(facts, before);
    if (record?.held) this.#put(facts, record);
    if (about.kind === 'group') facts.noteGroup(about, record !== undefined);
    if (facts.isEmpty) this.#drop(facts);
    const is = this.#standing(uri, about);
    return this.#changes(facts, before, record, was, is);
  }

  #put(facts: RealmFacts, record: SecurityRecord): void {
    facts.add(record);
    if (record.kind === 'user') this.#accounts.follow(record, 1);
  }

  #take(facts: RealmFacts, record: SecurityRecord): void {
    facts.remove(record);
    if (record.kind === 'user') this.#accounts.follow(record, -1);
  }

  #drop(facts: RealmFacts): void {
    this.#realms.delete(facts.uri);
    this.#views.delete(facts);
  }

  #factsOf(uri: string): RealmFacts {
    let facts = this.#realms.get(uri);
    if (!facts) this.#realms.set(uri, (facts = new RealmFacts(uri)));
    return facts;
  }

  /** What a record is about, as it is now: compared before and after. */
  #standing(uri: string, record: SecurityRecord): Standing {
    switch (record.kind) {
      case 'realm':
        return { realm: this.#view(uri), users: [] };
      case 'user':
      case 'authorized_key':
        return { realm: undefined, users: this.#accounts.standings(uri, record.username) };
      default:
        return { realm: undefined, users: [] };
    }
  }

  #changes(
    facts: RealmFacts,
    before: SecurityRecord | undefined,
    after: SecurityRecord | undefined,
    was: Standing,
    is: Standing,
  ): readonly PolicyChange[] {
    const { uri } = facts;
    const { kind } = (after ?? before)!;
    if (after?.kind === 'ticket' || after?.kind === 'ticket_cutoff') {
      return isRevoking(before, after) ? this.#ticketsOf(uri, after.authid) : [];
    }
    // Of a group that is gone it matters since when.
    if (!before?.held && !after?.held && kind !== 'group') return [];
    switch (kind) {
      case 'realm':
        return [...this.#realmChanges(uri, was.realm, is.realm), ...this.#decisions(facts)];
      case 'user': {
        const changes = whatBecameOf(was, is);
        return changes.matters ? [...changes.list, ...this.#decisions(facts)] : changes.list;
      }
      case 'authorized_key':
        // A key that is added takes nothing away.
        return before?.held && !after?.held ? was.users.map(rekeyed) : [];
      case 'group':
      case 'membership':
      case 'grant':
        return this.#decisions(facts);
      case 'realm_key':
      case 'alias':
      case 'source':
      case 'ticket':
      case 'ticket_cutoff':
        return [];
    }
  }

  /** Wherever the user signs on by its credentials here. */
  #ticketsOf(uri: string, authid: string): readonly PolicyChange[] {
    return this.#accounts
      .standings(uri, authid)
      .map(({ realm, username }) => ({ kind: 'tickets', realm, username }));
  }

  #decisions(facts: RealmFacts): readonly PolicyChange[] {
    facts.changedAt = ++this.#clock;
    return [{ kind: 'decisions', realm: facts.uri }];
  }

  /** Rare: whose realm an unreadable row is of cannot be asked of it. */
  #allDecisions(): readonly PolicyChange[] {
    return [...this.#realms.values()].flatMap((facts) => this.#decisions(facts));
  }

  #realmChanges(
    uri: string,
    was: RealmView | undefined,
    is: RealmView | undefined,
  ): readonly PolicyChange[] {
    const others = [...this.#realms.values()].filter(
      ({ uri: other, realm }) =>
        other !== uri &&
        (realm?.prototypeUri === uri || this.#view(other)?.effective.ssoRealmUri === uri),
    );
    for (const other of others) other.changedAt = ++this.#clock;
    return [
      ...ofRealm(uri, was, is),
      ...others.map((other) => ({ kind: 'realm', uri: other.uri, what: 'changed' }) as const),
    ];
  }
}

/** Also of a ticket that was never seen here: it is good without its row for a while. */
function isRevoking(before: SecurityRecord | undefined, after: SecurityRecord): boolean {
  if (after.kind !== 'ticket') return true;
  const since = before?.kind === 'ticket' ? before.since : 0;
  return after.since > since || (!after.held && before?.held !== false);
}

function rekeyed({ realm, username }: UserStanding): PolicyChange {
  return { kind: 'user', realm, username, what: 'rekeyed' };
}

/** Of a realm that was taken back and made anew in one step, the sessions must end, too. */
function ofRealm(
  uri: string,
  was: RealmView | undefined,
  is: RealmView | undefined,
): readonly PolicyChange[] {
  const removed: PolicyChange = { kind: 'realm', uri, what: 'removed' };
  const added: PolicyChange = { kind: 'realm', uri, what: 'added' };
  if (!was) return is ? [added] : [];
  if (!is) return [removed];
  if (was.own.realm.since !== is.own.realm.since) return [removed, added];
  return [{ kind: 'realm', uri, what: 'changed' }];
}

/** Undefined only for undefined. */
function realmOf(record: SecurityRecord | undefined): string | undefined {
  return record?.kind === 'realm' ? record.uri : record?.realm;
}
