/**
 * A change of security data, planned: everything is checked before the first row is put, what restricts is put first and
 * a realm's own row last. So a change that breaks off in the middle has taken away too much, never given.
 */
import { Malformed } from '../../runtime/structures/malformed.ts';
import type { Policy } from './policy/policy.ts';
import { decodeRecord, encodeRecord, keyOf } from './policy/rows.ts';
import type {
  RealmKeyRecord,
  RealmRecord,
  SecurityRecord,
  TicketCutoffRecord,
  UserRecord,
} from './records.ts';

/** What was there when the change was made up, by key; undefined: nothing. Only what is named is compared. */
export type Seen = ReadonlyMap<string, SecurityRecord | undefined>;

export interface RowPut {
  readonly key: string;
  readonly value: Uint8Array;
  /** Undefined: whatever is there. */
  readonly expects: { readonly value: Uint8Array | undefined } | undefined;
}

export type Plan =
  /** Each is put when all of the one before are on disk. */
  | {
      readonly kind: 'plan';
      readonly steps: readonly (readonly RowPut[])[];
      /** As they will be. */
      readonly users: readonly UserRecord[];
    }
  | { readonly kind: 'refused'; readonly reason: 'invalid' | 'conflict'; readonly message: string };

type KnownPolicy = Pick<Policy, 'record' | 'isConfigured' | 'stamp' | 'realm'>;

export const MAX_RECORDS = 200_000;
/** A row must fit into a broadcast. */
const MAX_ROW_BYTES = 512 * 1024;

export function planOf(
  policy: KnownPolicy,
  records: readonly SecurityRecord[],
  {
    now,
    seen,
    keyFor,
  }: { now: number; seen: Seen | undefined; keyFor(realm: string): RealmKeyRecord },
): Plan {
  if (records.length > MAX_RECORDS) return invalid(`${records.length} records are too many`);
  const all = [
    ...records,
    ...missingKeys(policy, records, keyFor),
    ...missingCutoffs(policy, records),
  ];
  const why = whyNot(policy, all) ?? changedSince(policy, seen);
  if (why !== undefined) return why;
  const steps: RowPut[][] = [[], [], []];
  const users: UserRecord[] = [];
  for (const record of policy.stamp(all, now)) {
    if (record.kind === 'user') users.push(record);
    const key = keyOf(record);
    const value = encodeRecord(record);
    if (value.length > MAX_ROW_BYTES) return invalid(`${key} has ${value.length} bytes`);
    const read = decodeRecord(key, value);
    if (read instanceof Malformed) return invalid(`${key}: ${read.reason}`);
    const expected = seen?.has(key) ? seen.get(key) : null;
    const expects = expected === null ? undefined : { value: expected && encodeRecord(expected) };
    steps[rankOf(policy, record)]!.push({ key, value, expects });
  }
  return { kind: 'plan', steps: steps.filter(({ length }) => length > 0), users };
}

/** 0: takes something away. 2: lets others in. */
function rankOf(policy: KnownPolicy, record: SecurityRecord): 0 | 1 | 2 {
  if (!record.held || record.kind === 'ticket_cutoff') return 0;
  if (record.kind === 'user' && !record.enabled) return 0;
  if (record.kind !== 'realm') return 1;
  const before = policy.record(keyOf(record));
  const isAlive = before?.kind === 'realm' && before.held;
  return isAlive && isStricter(record, before) ? 0 : 2;
}

function isStricter(record: RealmRecord, before: RealmRecord): boolean {
  return (
    (record.securityEnabled === true && before.securityEnabled !== true) ||
    (record.allowConnections === false && before.allowConnections !== false)
  );
}

function whyNot(policy: KnownPolicy, records: readonly SecurityRecord[]): Plan | undefined {
  const keys = new Set<string>();
  const made = new Set<string>();
  for (const record of records) {
    const key = keyOf(record);
    if (keys.has(key)) return invalid(`${key} is there twice`);
    keys.add(key);
    if (policy.isConfigured(key)) return invalid(`${key} is the configuration's`);
    if (record.kind === 'realm' && record.held) made.add(record.uri);
  }
  for (const record of records) {
    if (record.kind === 'realm' || !record.held) continue;
    if (!made.has(record.realm) && !policy.realm(record.realm)) {
      return invalid(`${keyOf(record)}: there is no realm ${record.realm}`);
    }
  }
  return undefined;
}

/** Compared once more with the row itself when it is put. */
function changedSince(policy: KnownPolicy, seen: Seen | undefined): Plan | undefined {
  for (const [key, record] of seen ?? []) {
    if (!isSame(policy.record(key), record)) return conflict(key);
  }
  return undefined;
}

export function conflict(key: string): Extract<Plan, { kind: 'refused' }> {
  const message = `${key} was changed by somebody else meanwhile`;
  return { kind: 'refused', reason: 'conflict', message };
}

function isSame(a: SecurityRecord | undefined, b: SecurityRecord | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return isSameValue(encodeRecord(a), encodeRecord(b));
}

export function isSameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A realm that begins has a key to sign with. */
function missingKeys(
  policy: KnownPolicy,
  records: readonly SecurityRecord[],
  keyFor: (realm: string) => RealmKeyRecord,
): readonly RealmKeyRecord[] {
  return records.flatMap((record) => {
    if (record.kind !== 'realm' || !record.held) return [];
    if (policy.record(keyOf(record))?.held) return [];
    const hasOne = records.some(
      (each) =>
        each.kind === 'realm_key' && each.realm === record.uri && each.use === 'sign' && each.held,
    );
    return hasOne ? [] : [keyFor(record.uri)];
  });
}

/** Whoever is disabled, let in again or gets other credentials begins without tickets. */
function missingCutoffs(
  policy: KnownPolicy,
  records: readonly SecurityRecord[],
): readonly TicketCutoffRecord[] {
  const cutoffs = new Map<string, TicketCutoffRecord>();
  const given = new Set(records.filter(({ kind }) => kind === 'ticket_cutoff').map(keyOf));
  for (const record of records) {
    if (!endsTickets(policy, record)) continue;
    const { realm, username: authid } = record;
    const cutoff = { kind: 'ticket_cutoff', held: true, at: 0, realm, authid } as const;
    const key = keyOf(cutoff);
    if (!given.has(key)) cutoffs.set(key, cutoff);
  }
  return [...cutoffs.values()];
}

function endsTickets(
  policy: KnownPolicy,
  record: SecurityRecord,
): record is Extract<SecurityRecord, { kind: 'user' | 'authorized_key' }> {
  if (record.kind !== 'user' && record.kind !== 'authorized_key') return false;
  const before = policy.record(keyOf(record));
  if (!before?.held) return false;
  if (record.kind === 'authorized_key' || before.kind !== 'user') return !record.held;
  return (
    record.held &&
    (record.enabled !== before.enabled ||
      record.passwordAt !== before.passwordAt ||
      record.ssoRealmUri !== before.ssoRealmUri)
  );
}

function invalid(message: string): Extract<Plan, { kind: 'refused' }> {
  return { kind: 'refused', reason: 'invalid', message };
}
