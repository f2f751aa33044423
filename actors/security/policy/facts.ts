/**
 * The facts of one realm that are held, each where it is looked for. Whether a fact counts depends on whom it is about
 * (`since` in records.ts) and is asked when it is used, because rows arrive in any order.
 */
import type {
  AliasRecord,
  AuthorizedKeyRecord,
  GrantRecord,
  GroupRecord,
  MembershipRecord,
  RealmKeyRecord,
  RealmRecord,
  SecurityRecord,
  SourceRecord,
  TicketCutoffRecord,
  TicketRecord,
  UserRecord,
} from '../records.ts';
import { GrantIndex } from './grant-index.ts';
import { keyOf } from './rows.ts';

/** By owner and key. Nobody who has none has a map. */
type Many<T> = Map<string, Map<string, T>>;

export class RealmFacts {
  readonly uri: string;
  /** Undefined: there is no such realm, whatever else is known of it. */
  realm: RealmRecord | undefined;
  readonly realmKeys = new Map<string, RealmKeyRecord>();
  readonly users = new Map<string, UserRecord>();
  readonly groups = new Map<string, GroupRecord>();
  /** When those were taken back that have not come again. */
  readonly groupsGone = new Map<string, number>();
  readonly aliases = new Map<string, AliasRecord>();
  /** By username. */
  readonly aliasesOf: Many<AliasRecord> = new Map();
  readonly keysOf: Many<AuthorizedKeyRecord> = new Map();
  readonly sourcesOf: Many<SourceRecord> = new Map();
  /** Who is in groups: `user/NAME` and `group/NAME`. */
  readonly membershipsOf: Many<MembershipRecord> = new Map();
  readonly grantsOf: Many<GrantRecord> = new Map();
  /** By username. */
  readonly ticketsOf: Many<TicketRecord> = new Map();
  readonly ticketCutoffs = new Map<string, TicketCutoffRecord>();
  readonly #indices = new Map<string, { readonly since: number; readonly index: GrantIndex }>();
  /** Of the policy's clock: when a decision of this realm may have changed last. */
  changedAt = 0;

  constructor(uri: string) {
    this.uri = uri;
  }

  /** Nothing is known of it any more. */
  get isEmpty(): boolean {
    return (
      this.realm === undefined &&
      [this.realmKeys, this.users, this.groups, this.groupsGone].every(isEmpty) &&
      [this.aliases, this.ticketCutoffs].every(isEmpty) &&
      [this.keysOf, this.sourcesOf, this.membershipsOf, this.grantsOf, this.ticketsOf].every(
        isEmpty,
      )
    );
  }

  add(record: SecurityRecord): void {
    switch (record.kind) {
      case 'realm':
        this.realm = record;
        return;
      case 'realm_key':
        this.realmKeys.set(record.kid, record);
        return;
      case 'user':
        this.users.set(record.username, record);
        return;
      case 'authorized_key':
        return put(this.keysOf, record.username, record.key, record);
      case 'alias':
        this.aliases.set(record.alias, record);
        return put(this.aliasesOf, record.username, record.alias, record);
      case 'group':
        this.groups.set(record.name, record);
        return;
      case 'membership':
        return put(this.membershipsOf, `${record.of}/${record.member}`, record.group, record);
      case 'source':
        return put(this.sourcesOf, record.username, sourceKey(record), record);
      case 'grant':
        put(this.grantsOf, record.role, grantKey(record), record);
        return this.#indexGrant(record);
      case 'ticket':
        return put(this.ticketsOf, record.authid, keyOf(record), record);
      case 'ticket_cutoff':
        this.ticketCutoffs.set(record.authid, record);
        return;
    }
  }

  remove(record: SecurityRecord): void {
    switch (record.kind) {
      case 'realm':
        this.realm = undefined;
        return;
      case 'realm_key':
        this.realmKeys.delete(record.kid);
        return;
      case 'user':
        this.users.delete(record.username);
        return;
      case 'authorized_key':
        return take(this.keysOf, record.username, record.key);
      case 'alias':
        this.aliases.delete(record.alias);
        return take(this.aliasesOf, record.username, record.alias);
      case 'group':
        this.groups.delete(record.name);
        return;
      case 'membership':
        return take(this.membershipsOf, `${record.of}/${record.member}`, record.group);
      case 'source':
        return take(this.sourcesOf, record.username, sourceKey(record));
      case 'grant': {
        take(this.grantsOf, record.role, grantKey(record));
        const known = this.#indices.get(record.role);
        if (!this.grantsOf.has(record.role)) this.#indices.delete(record.role);
        else if (known && record.at >= known.since) known.index.remove(record.permission, record);
        return;
      }
      case 'ticket':
        return take(this.ticketsOf, record.authid, keyOf(record));
      case 'ticket_cutoff':
        this.ticketCutoffs.delete(record.authid);
        return;
    }
  }

  /** Of grants that are not older than `since`. */
  grantIndex(role: string, since: number): GrantIndex | undefined {
    const grants = this.grantsOf.get(role);
    if (!grants) return undefined;
    const known = this.#indices.get(role);
    if (known?.since === since) return known.index;
    const index = new GrantIndex();
    for (const grant of grants.values()) {
      if (grant.at >= since) index.add(grant.permission, grant);
    }
    this.#indices.set(role, { since, index });
    return index;
  }

  /** A group that is not held still says which facts were about it, as long as its row is there. */
  noteGroup({ name, held, at }: GroupRecord, isThere: boolean): void {
    if (held || !isThere) this.groupsGone.delete(name);
    else this.groupsGone.set(name, at);
  }

  /**
   * How old what this realm says about a group may be. The prototype's of the same name is another one than its own was:
   * nobody is in it because of what was said about that.
   */
  sinceOfGroup(name: string, prototype: RealmFacts | undefined): number {
    const own = this.groups.get(name);
    if (own && own.at >= (this.realm?.since ?? 0)) return own.since;
    const gone = this.groupsGone.get(name);
    return Math.max(gone === undefined ? 0 : gone + 1, prototype?.groups.get(name)?.since ?? 0);
  }

  #indexGrant(grant: GrantRecord): void {
    const known = this.#indices.get(grant.role);
    if (known && grant.at >= known.since) known.index.add(grant.permission, grant);
  }

  /** Everything that is about an owner, held or not taken back yet. */
  *about(kind: 'realm' | 'user' | 'group', name: string): Iterable<SecurityRecord> {
    if (kind === 'realm') {
      for (const map of [this.realmKeys, this.users, this.groups, this.aliases])
        yield* map.values();
      const { keysOf, sourcesOf, membershipsOf, grantsOf, ticketsOf } = this;
      for (const many of [keysOf, sourcesOf, membershipsOf, grantsOf, ticketsOf]) {
        for (const each of many.values()) yield* each.values();
      }
      return;
    }
    const role = `${kind}/${name}`;
    for (const many of [this.membershipsOf, this.grantsOf]) yield* many.get(role)?.values() ?? [];
    if (kind === 'user') {
      for (const many of [this.keysOf, this.sourcesOf, this.aliasesOf, this.ticketsOf]) {
        yield* many.get(name)?.values() ?? [];
      }
      return;
    }
    for (const memberships of this.membershipsOf.values()) {
      const membership = memberships.get(name);
      if (membership) yield membership;
    }
  }
}

function isEmpty({ size }: { readonly size: number }): boolean {
  return size === 0;
}

function sourceKey({ cidr, authmethod }: SourceRecord): string {
  return `${cidr} ${authmethod}`;
}

function grantKey({ permission, match, uri }: GrantRecord): string {
  return `${permission} ${match} ${uri}`;
}

function put<T>(many: Many<T>, owner: string, key: string, value: T): void {
  const of = many.get(owner);
  if (of) of.set(key, value);
  else many.set(owner, new Map([[key, value]]));
}

function take<T>(many: Many<T>, owner: string, key: string): void {
  const of = many.get(owner);
  of?.delete(key);
  if (of?.size === 0) many.delete(owner);
}
