/** What an administrator may list: the facts of a realm that count, one by one. */
import type { EffectiveUser } from './policy-port.ts';
import type {
  GrantRecord,
  RealmKeyRecord,
  RealmRecord,
  SecurityRecord,
  SourceRecord,
  UserRecord,
} from './records.ts';
import type { Seen } from './commit.ts';
import type { Dict } from '../../runtime/wamp/message.ts';

export interface EffectiveGroup {
  readonly realm: string;
  readonly name: string;
  /** Direct parents. */
  readonly groups: readonly string[];
  readonly meta: Dict;
}

/** Names as they are stored; nothing of prototypes unless it says so. */
export interface Inventory {
  /** The same fact counts already: to write it would change nothing. */
  has(record: SecurityRecord): boolean;
  /** Of rows that are written as a whole what they are now: whoever changes them meanwhile must not be undone. */
  seen(records: readonly SecurityRecord[]): Seen;
  realmRecord(realm: string): RealmRecord | undefined;
  userRecord(realm: string, username: string): UserRecord | undefined;
  realmKeys(realm: string): Iterable<RealmKeyRecord>;
  users(realm: string): Iterable<EffectiveUser>;
  groups(realm: string): Iterable<EffectiveGroup>;
  group(realm: string, name: string): EffectiveGroup | undefined;
  /** Of the realm or its prototype. */
  hasGroup(realm: string, name: string): boolean;
  /** Aliases that the realm itself has for this user. */
  aliases(realm: string, username: string): readonly string[];
  sources(realm: string): Iterable<SourceRecord>;
  grants(realm: string): Iterable<GrantRecord>;
  /** Of this role, in the realm and its prototype. */
  grantsOf(realm: string, role: string): readonly GrantRecord[];
}
