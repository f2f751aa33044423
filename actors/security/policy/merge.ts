/**
 * What concurrent edits of one record come to: who takes something back wins, field by field, so that *what is allowed
 * after a merge was revoked on no side*; of everything else the last write wins.
 *
 * What was said of a realm, user or group whose name is used anew by then was said of its predecessor, and gives nothing.
 * Two exceptions are kept because the stricter answer cannot be known from the row: methods that are inherited (null)
 * against a list give the list, and of prototypes the last one named counts.
 */
import type { Resolver, Valued } from '../../../runtime/causality/resolver.ts';
import { compareBytes } from '../../../runtime/structures/bytes.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import type { PrefixSpec } from '../../store/api.ts';
import type { RealmRecord, SecurityRecord, UserRecord } from '../records.ts';
import { SECURITY } from '../records.ts';
import { encodeRecord, keyOf, readRecord } from './rows.ts';

export const securityResolver: Resolver = { kind: 'computed', combine };

/** Synced: a revocation that was acknowledged is on disk. */
export const SECURITY_PREFIX: PrefixSpec = {
  name: SECURITY,
  type: 'ram_disk',
  resolver: securityResolver,
};

/** Does not depend on the order of the values. */
function combine(values: readonly Valued[]): Uint8Array {
  const newestFirst = [...values].sort(
    (a, b) =>
      (a.stamp < b.stamp ? 1 : a.stamp > b.stamp ? -1 : 0) || compareBytes(b.value, a.value),
  );
  const first = newestFirst[0]!.value;
  if (newestFirst.length === 1) return first;
  const records: SecurityRecord[] = [];
  for (const { value } of newestFirst) {
    const record = readRecord(value);
    // What cannot be read may revoke. It is the answer, and grants nothing.
    if (record instanceof Malformed) return value;
    records.push(record);
  }
  const key = keyOf(records[0]!);
  if (records.some((record) => keyOf(record) !== key)) return new Uint8Array(0);
  return encodeRecord(combineRecords(records));
}

/** Records of one key, at least one, the one written last first. */
export function combineRecords(newestFirst: readonly SecurityRecord[]): SecurityRecord {
  const [newest] = newestFirst as readonly [SecurityRecord, ...SecurityRecord[]];
  const fact = {
    held: newestFirst.every(({ held }) => held),
    at: greatest(newestFirst, ({ at }) => at),
  };
  switch (newest.kind) {
    case 'realm':
      return { ...combineRealms(newestFirst as readonly RealmRecord[]), ...fact };
    case 'user':
      return { ...combineUsers(newestFirst as readonly UserRecord[]), ...fact };
    case 'group': {
      const groups = newestFirst as readonly (typeof newest)[];
      return { ...latest(groups)[0], ...fact };
    }
    case 'ticket': {
      const tickets = newestFirst as readonly (typeof newest)[];
      return { ...newest, ...fact, since: greatest(tickets, ({ since }) => since) };
    }
    case 'authorized_key': {
      const keys = newestFirst as readonly (typeof newest)[];
      return { ...newest, ...fact, userSince: greatest(keys, ({ userSince }) => userSince) };
    }
    case 'realm_key':
    case 'alias':
    case 'membership':
    case 'source':
    case 'grant':
    case 'ticket_cutoff':
      return { ...newest, ...fact };
  }
}

function combineRealms(realms: readonly RealmRecord[]): RealmRecord {
  const [newest] = latest(realms);
  return {
    ...newest,
    isPrototype: realms.some(({ isPrototype }) => isPrototype),
    isSsoRealm: realms.some(({ isSsoRealm }) => isSsoRealm),
    securityEnabled: strictest([true, null, false], realms, (realm) => realm.securityEnabled),
    allowConnections: strictest([false, null, true], realms, (realm) => realm.allowConnections),
    authmethods: common(realms.map(({ authmethods }) => authmethods)),
    allowedRealms: common(realms.map(({ allowedRealms }) => allowedRealms)),
    limits: {
      ...newest.limits,
      allowDisclosure: strictest(
        [false, null, true],
        realms,
        ({ limits }) => limits.allowDisclosure,
      ),
    },
  };
}

function combineUsers(users: readonly UserRecord[]): UserRecord {
  const own = latest(users);
  // An edit of something else, made without knowing of a new password, must not bring the old one back.
  const passwordAt = greatest(own, (user) => user.passwordAt);
  const { password } = own.find((user) => user.passwordAt === passwordAt)!;
  return {
    ...own[0],
    enabled: users.every(({ enabled }) => enabled),
    password,
    passwordAt: greatest(users, (user) => user.passwordAt),
  };
}

/** Those about the last of the name, in the same order. */
function latest<T extends { readonly since: number }>(owners: readonly T[]): readonly [T, ...T[]] {
  const last = greatest(owners, ({ since }) => since);
  return owners.filter(({ since }) => since === last) as unknown as readonly [T, ...T[]];
}

function greatest<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((most, item) => Math.max(most, of(item)), 0);
}

function strictest<T, V>(strictestFirst: readonly V[], items: readonly T[], of: (item: T) => V): V {
  return strictestFirst.find((value) => items.some((item) => of(item) === value))!;
}

/** In the order of the first list. Null says no list, and any list is stricter. */
function common(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  const given = lists.filter((list) => list !== null);
  const [first] = given;
  if (first === undefined) return null;
  return first.filter((item) => given.every((list) => list.includes(item)));
}
