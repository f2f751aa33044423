/** The inventory of a policy: what counts of its rows, by the same rule as decisions (`since` in records.ts). */
import type { Seen } from '../commit.ts';
import type { EffectiveGroup, Inventory } from '../inventory-port.ts';
import type { EffectiveUser } from '../policy-port.ts';
import type {
  GrantRecord,
  GroupRecord,
  RealmRecord,
  SecurityRecord,
  SourceRecord,
  UserRecord,
} from '../records.ts';
import type { RealmFacts } from './facts.ts';
import { compareBytes } from '../../../runtime/structures/bytes.ts';
import { fold } from './names.ts';
import { encodeRecord, keyOf } from './rows.ts';
import type { Policy } from './policy.ts';
import { isOwner, splitRole } from './stamps.ts';

/** Roles and usernames that are nobody's row. */
const EVERYBODY: ReadonlySet<string> = new Set(['all', 'anonymous']);

type Rows = Pick<Policy, 'facts' | 'record' | 'user'>;

export class PolicyInventory implements Inventory {
  readonly #policy: Rows;

  constructor(policy: Rows) {
    this.#policy = policy;
  }

  has(record: SecurityRecord): boolean {
    const current = this.#policy.record(keyOf(record));
    if (!current?.held || !record.held || !isSame(current, record)) return false;
    if (record.kind === 'realm') return true;
    const facts = this.#facts(record.realm);
    const since = facts && this.#sinceOfFact(facts, record);
    return since !== undefined && current.at >= since;
  }

  seen(records: readonly SecurityRecord[]): Seen {
    const keys = records.filter(isOwner).map(keyOf);
    return new Map(keys.map((key) => [key, this.#policy.record(key)]));
  }

  /** Undefined: whom it is about is not there. */
  #sinceOfFact(facts: RealmFacts, record: SecurityRecord): number | undefined {
    switch (record.kind) {
      case 'authorized_key':
      case 'alias':
      case 'source':
        return this.#sinceOf(facts, 'user', record.username);
      case 'grant': {
        const [kind, name] = splitRole(record.role);
        return this.#sinceOf(facts, kind === 'user' ? 'user' : 'group', name || kind);
      }
      case 'membership': {
        const member = this.#sinceOf(facts, record.of, record.member);
        const group = this.#sinceOf(facts, 'group', record.group);
        return member === undefined || group === undefined ? undefined : Math.max(member, group);
      }
      default:
        return facts.realm?.since;
    }
  }

  realmRecord(realm: string): RealmRecord | undefined {
    return this.#policy.facts(realm)?.realm;
  }

  userRecord(realm: string, username: string): UserRecord | undefined {
    const facts = this.#facts(realm);
    const user = facts?.users.get(fold(username));
    return user && user.at >= facts!.realm!.since ? user : undefined;
  }

  *realmKeys(realm: string) {
    const facts = this.#facts(realm);
    for (const key of facts?.realmKeys.values() ?? []) {
      if (key.at >= facts!.realm!.since) yield key;
    }
  }

  *users(realm: string): Iterable<EffectiveUser> {
    for (const { username } of this.#facts(realm)?.users.values() ?? []) {
      if (!this.userRecord(realm, username)) continue;
      const user = this.#policy.user(realm, username);
      if (user) yield user;
    }
  }

  *groups(realm: string): Iterable<EffectiveGroup> {
    for (const { name } of this.#facts(realm)?.groups.values() ?? []) {
      const group = this.group(realm, name);
      if (group) yield group;
    }
  }

  group(realm: string, name: string): EffectiveGroup | undefined {
    const facts = this.#facts(realm);
    const group = facts && groupOf(facts, fold(name));
    if (!group) return undefined;
    const since = Math.max(facts.realm!.since, group.since);
    const parents = [...(facts.membershipsOf.get(`group/${group.name}`)?.values() ?? [])]
      .filter(({ at }) => at >= since)
      .filter((membership) => {
        const parent = membership.group;
        return this.hasGroup(realm, parent) && membership.at >= this.#sinceOfGroup(facts, parent);
      });
    return {
      realm: facts.uri,
      name: group.name,
      groups: parents.map((each) => each.group),
      meta: group.meta,
    };
  }

  hasGroup(realm: string, name: string): boolean {
    return this.#layers(realm).some((facts) => groupOf(facts, fold(name)) !== undefined);
  }

  aliases(realm: string, username: string): readonly string[] {
    const facts = this.#facts(realm);
    const user = this.userRecord(realm, username);
    if (!facts || !user) return [];
    const since = Math.max(facts.realm!.since, user.since);
    const aliases = [...(facts.aliasesOf.get(user.username)?.values() ?? [])];
    return aliases.filter(({ at }) => at >= since).map(({ alias }) => alias);
  }

  *sources(realm: string): Iterable<SourceRecord> {
    const facts = this.#facts(realm);
    for (const sources of facts?.sourcesOf.values() ?? []) {
      for (const source of sources.values()) {
        const since = this.#sinceOf(facts!, 'user', source.username);
        if (since !== undefined && source.at >= since) yield source;
      }
    }
  }

  *grants(realm: string): Iterable<GrantRecord> {
    const facts = this.#facts(realm);
    if (facts) for (const role of facts.grantsOf.keys()) yield* this.#grantsIn(facts, role);
  }

  grantsOf(realm: string, role: string): readonly GrantRecord[] {
    return this.#layers(realm).flatMap((facts) => this.#grantsIn(facts, role));
  }

  #grantsIn(facts: RealmFacts, role: string): readonly GrantRecord[] {
    const [kind, name] = splitRole(role);
    const since = this.#sinceOf(facts, kind === 'user' ? 'user' : 'group', name || kind);
    if (since === undefined) return [];
    return [...(facts.grantsOf.get(role)?.values() ?? [])].filter(({ at }) => at >= since);
  }

  /** How old a fact about them may be. Undefined: there is nobody of this name. */
  #sinceOf(facts: RealmFacts, kind: 'user' | 'group', name: string): number | undefined {
    const { since } = facts.realm!;
    if (EVERYBODY.has(name)) return since;
    if (kind === 'user') {
      const user = this.userRecord(facts.uri, name);
      return user && Math.max(since, user.since);
    }
    if (!this.hasGroup(facts.uri, name)) return undefined;
    return Math.max(since, this.#sinceOfGroup(facts, name));
  }

  #sinceOfGroup(facts: RealmFacts, name: string): number {
    const prototype = this.#layers(facts.uri).find((layer) => layer !== facts);
    return facts.sinceOfGroup(name, prototype);
  }

  /** The realm's and its prototype's, of realms that exist. */
  #layers(realm: string): readonly RealmFacts[] {
    const own = this.#facts(realm);
    if (!own) return [];
    const { prototypeUri } = own.realm!;
    const prototype = prototypeUri === null ? undefined : this.#facts(prototypeUri);
    return prototype ? [own, prototype] : [own];
  }

  #facts(realm: string): RealmFacts | undefined {
    const facts = this.#policy.facts(realm);
    return facts?.realm ? facts : undefined;
  }
}

function groupOf(facts: RealmFacts, name: string): GroupRecord | undefined {
  const group = facts.groups.get(name);
  return group && facts.realm && group.at >= facts.realm.since ? group : undefined;
}

/** Whenever they were written. */
function isSame(a: SecurityRecord, b: SecurityRecord): boolean {
  return compareBytes(encodeRecord(undated(a)), encodeRecord(undated(b))) === 0;
}

function undated(record: SecurityRecord): SecurityRecord {
  return 'since' in record ? { ...record, at: 0, since: 0 } : { ...record, at: 0 };
}
