/**
 * When records are written, and what that makes of older ones (`since` in records.ts). Clocks of nodes differ, so a fact
 * is never dated before those it is about, nor before itself.
 *
 * What remains: a group, right, alias or source that another node gives to a name, by its clock later, without knowing that
 * the name is used anew, counts for the new one; those by its clock earlier do not. Credentials never do: a password is in
 * the user's own row (merge.ts), and a key says for which user it was written.
 */
import type {
  GroupRecord,
  RealmRecord,
  SecurityRecord,
  TicketRecord,
  UserRecord,
} from '../records.ts';
import type { RealmFacts } from './facts.ts';
import { keyOf } from './rows.ts';

type Owner = RealmRecord | UserRecord | GroupRecord;

export interface Known {
  row(key: string): SecurityRecord | undefined;
  facts(realm: string): RealmFacts | undefined;
  realms(): Iterable<RealmFacts>;
}

/** The same records in the same order with `at` and `since` as they must be stored, together or in any order. */
export function stamped(
  known: Known,
  records: readonly SecurityRecord[],
  now: number,
): readonly SecurityRecord[] {
  const sinces = new Map<string, number>();
  const done = new Map<SecurityRecord, SecurityRecord>();
  for (const rank of [0, 1, 2]) {
    for (const record of records) {
      if (rankOf(record) !== rank) continue;
      const dated = isOwner(record)
        ? datedOwner(known, record, sinces, now)
        : datedFact(known, record, sinces, now);
      if (isOwner(dated)) sinces.set(ownerKey(dated), dated.since);
      done.set(record, dated);
    }
  }
  return records.map((record) => done.get(record)!);
}

export function isOwner(record: SecurityRecord): record is Owner {
  return record.kind === 'realm' || record.kind === 'user' || record.kind === 'group';
}

function ownerKey(owner: Owner): string {
  if (owner.kind === 'realm') return `realm ${owner.uri}`;
  const name = owner.kind === 'user' ? owner.username : owner.name;
  return `${owner.kind} ${owner.realm} ${name}`;
}

/** Whom others are about comes first. */
function rankOf(record: SecurityRecord): number {
  return record.kind === 'realm' ? 0 : isOwner(record) ? 1 : 2;
}

function datedFact(
  known: Known,
  record: Exclude<SecurityRecord, Owner>,
  sinces: ReadonlyMap<string, number>,
  now: number,
): SecurityRecord {
  const at = Math.max(now, ...earliest(known, record, sinces));
  if (record.kind === 'authorized_key') {
    const { realm, username } = record;
    const user = sinceOfUser(known, realm, username, sinces);
    return { ...record, at, userSince: Math.max(sinceOfRealm(known, realm, sinces), user) };
  }
  if (record.kind !== 'ticket') return { ...record, at };
  const before = known.row(keyOf(record)) as TicketRecord | undefined;
  // What was revoked stays revoked when the next one takes its place.
  const since = before && !before.held && record.held ? before.at + 1 : (before?.since ?? 0);
  return { ...record, at, since: Math.max(record.since, since) };
}

function datedOwner(
  known: Known,
  record: Owner,
  sinces: ReadonlyMap<string, number>,
  now: number,
): Owner {
  const before = known.row(keyOf(record)) as Owner | undefined;
  const oldest = Math.max(now, ...earliest(known, record, sinces));
  const since = sinceOf(known, record, before, oldest, sinces);
  // Taken back after everything that was said about it, by whatever clock.
  const last = record.held ? 0 : (newest(leftovers(known, record)) ?? 0);
  const at = Math.max(oldest, since, last);
  if (record.kind !== 'user' || !record.held) return { ...record, at, since };
  const passwordBefore = before?.kind === 'user' ? before.passwordAt : 0;
  if (record.passwordAt === passwordBefore) return { ...record, at, since };
  // A count would be the same on both sides of a split: whoever came in by the password that loses would stay.
  const passwordAt = Math.max(at, passwordBefore + 1);
  return { ...record, at: passwordAt, since, passwordAt };
}

function sinceOf(
  known: Known,
  record: Owner,
  before: Owner | undefined,
  oldest: number,
  sinces: ReadonlyMap<string, number>,
): number {
  const realmSince = record.kind === 'realm' ? 0 : sinceOfRealm(known, record.realm, sinces);
  const isAlive = before?.held === true && before.at >= realmSince;
  if (isAlive || !record.held) return before?.since ?? 0;
  const last = newest(before ? [before, ...leftovers(known, record)] : leftovers(known, record));
  return last === undefined ? 0 : Math.max(oldest, last + 1);
}

function newest(records: Iterable<SecurityRecord>): number | undefined {
  let last: number | undefined;
  for (const { at } of records) last = Math.max(last ?? 0, at);
  return last;
}

function* leftovers(known: Known, record: Owner): Iterable<SecurityRecord> {
  if (record.kind === 'realm') {
    yield* known.facts(record.uri)?.about('realm', record.uri) ?? [];
    return;
  }
  const name = record.kind === 'user' ? record.username : record.name;
  yield* known.facts(record.realm)?.about(record.kind, name) ?? [];
  if (record.kind === 'user') return;
  // A group of a prototype has members and rights in the realms that inherit it.
  for (const facts of known.realms()) {
    if (facts.realm?.prototypeUri === record.realm) yield* facts.about('group', name);
  }
}

/** What the fact must not be older than. */
function earliest(
  known: Known,
  record: SecurityRecord,
  sinces: ReadonlyMap<string, number>,
): readonly number[] {
  const before = known.row(keyOf(record))?.at ?? 0;
  if (record.kind === 'realm') return [before];
  const { realm } = record;
  const facts = known.facts(realm);
  const user = (name: string) => sinceOfUser(known, realm, name, sinces);
  const { prototypeUri } = facts?.realm ?? {};
  const prototype = prototypeUri ? known.facts(prototypeUri) : undefined;
  const group = (name: string) =>
    sinces.get(`group ${realm} ${name}`) ?? facts?.sinceOfGroup(name, prototype) ?? 0;
  const all = [before, sinceOfRealm(known, realm, sinces)];
  switch (record.kind) {
    case 'user':
    case 'group':
    case 'realm_key':
      return all;
    case 'authorized_key':
    case 'alias':
    case 'source':
      return [...all, user(record.username)];
    case 'ticket': {
      const realms = [realm, record.scope.realm ?? realm];
      const cutoffs = realms.map((uri) => known.facts(uri)?.ticketCutoffs.get(record.authid));
      return [...all, user(record.authid), ...cutoffs.map((cutoff) => (cutoff?.at ?? -1) + 1)];
    }
    case 'ticket_cutoff': {
      const home = facts?.users.get(record.authid)?.ssoRealmUri ?? realm;
      const tickets = [realm, home].flatMap((uri) => [
        ...(known.facts(uri)?.ticketsOf.get(record.authid)?.values() ?? []),
      ]);
      return [...all, user(record.authid), ...tickets.map(({ at }) => at)];
    }
    case 'membership': {
      const member = record.of === 'user' ? user(record.member) : group(record.member);
      return [...all, member, group(record.group)];
    }
    case 'grant': {
      const [kind, name] = splitRole(record.role);
      return [...all, kind === 'user' ? user(name) : kind === 'group' ? group(name) : 0];
    }
  }
}

function sinceOfUser(
  known: Known,
  realm: string,
  name: string,
  sinces: ReadonlyMap<string, number>,
): number {
  return sinces.get(`user ${realm} ${name}`) ?? known.facts(realm)?.users.get(name)?.since ?? 0;
}

function sinceOfRealm(known: Known, uri: string, sinces: ReadonlyMap<string, number>): number {
  return sinces.get(`realm ${uri}`) ?? known.facts(uri)?.realm?.since ?? 0;
}

/** `all` is no kind; names may have slashes. */
export function splitRole(role: string): readonly [kind: string, name: string] {
  const slash = role.indexOf('/');
  return slash < 0 ? [role, ''] : [role.slice(0, slash), role.slice(slash + 1)];
}
