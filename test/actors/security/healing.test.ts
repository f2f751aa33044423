/**
 * Administrators on three sides of a partition, which heals in any order: *what is allowed after the merge was revoked on
 * no side*. Changes go through the writer's plan, rows through the store's merge, decisions through the policy.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { planOf } from '../../../actors/security/commit.ts';
import { securityResolver } from '../../../actors/security/policy/merge.ts';
import { Policy } from '../../../actors/security/policy/policy.ts';
import { decodeRecord, encodeRecord, keyOf } from '../../../actors/security/policy/rows.ts';
import type { RealmKeyRecord, SecurityRecord } from '../../../actors/security/records.ts';
import { resolve } from '../../../runtime/causality/resolver.ts';
import type { Row } from '../../../runtime/causality/row.ts';
import { merge, put } from '../../../runtime/causality/row.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { grantRecord, realmRecord, userRecord } from '../../support/security.ts';

const REALM = 'com.example.r';
const USERS = ['alice', 'bobby'];
const GROUP = 'staff';
const ROLES = [...USERS.map((name) => `user/${name}`), `group/${GROUP}`, 'all'];

function keyFor(realm: string): RealmKeyRecord {
  const key = { kid: 'k', use: 'sign', publicKey: '', privateKey: '', isSealed: false } as const;
  return { kind: 'realm_key', held: true, at: 0, realm, ...key };
}

class Side {
  readonly name: string;
  readonly policy = new Policy();
  readonly rows = new Map<string, Row>();
  #sequence = 0;

  constructor(name: string) {
    this.name = name;
  }

  commit(records: readonly SecurityRecord[], now: number): void {
    const plan = planOf(this.policy, records, { now, seen: undefined, keyFor });
    if (plan.kind === 'refused') return;
    for (const { key, value } of plan.steps.flat()) {
      const dot = { actor: this.name, sequence: ++this.#sequence };
      this.#take(key, put(this.rows.get(key), { stamp: BigInt(now) << 16n, value }, dot));
    }
  }

  hear(other: Side): void {
    for (const [key, row] of other.rows) this.#take(key, merge(this.rows.get(key), row));
  }

  #take(key: string, row: Row): void {
    this.rows.set(key, row);
    const record = decodeRecord(key, resolve(row, securityResolver)!);
    assert(!(record instanceof Malformed));
    this.policy.apply(record);
  }

  allowed(): ReadonlySet<string> {
    const groups = undefined;
    const subjects = [...USERS, undefined].map((username) => ({ username, groups }));
    return new Set(
      subjects
        .filter((subject) => this.policy.allows(REALM, subject, 'wamp.call', 'a.b', 'exact'))
        .map(({ username }) => username ?? 'anonymous'),
    );
  }
}

/** What an administrator does: to a role's grant, a user, a membership or the realm. */
const edit = fc.record({
  what: fc.constantFrom('grant', 'user', 'remove', 'membership', 'realm'),
  on: fc.nat(3),
  yes: fc.boolean(),
  /** The clock of this side, when it does it. */
  now: fc.integer({ min: 1_000, max: 2_000 }),
});
type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

function recordOf({ what, on, yes }: Edit): SecurityRecord {
  const name = USERS[on % USERS.length]!;
  switch (what) {
    case 'grant':
      return { ...grantRecord(REALM, ROLES[on]!, 'wamp.call', 'a.b'), held: yes };
    case 'user':
      return userRecord(REALM, name, { enabled: yes });
    case 'remove':
      return userRecord(REALM, name, { held: false });
    case 'membership':
      return {
        ...{ kind: 'membership', held: yes, at: 0, realm: REALM },
        ...{ of: 'user', member: name, group: GROUP },
      };
    case 'realm':
      return realmRecord(REALM, { securityEnabled: yes });
  }
}

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

it('what is allowed after a merge was revoked on no side, in whatever order the sides meet', (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const histories = fc.tuple(...[0, 1, 2].map(() => fc.array(edit, { maxLength: 6 })));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), histories, (before, edits) => {
      const outcomes = ORDERS.map((order) => healed(before, edits as Edit[][], order));
      for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0], 'one order, one end');
    }),
    { seed, numRuns: 100 },
  );
});

function healed(
  before: readonly Edit[],
  edits: readonly (readonly Edit[])[],
  order: readonly number[],
): ReadonlySet<string> {
  const sides = ['n1', 'n2', 'n3'].map((name) => new Side(name));
  const [first] = sides as [Side];
  first.commit(
    [
      realmRecord(REALM, { securityEnabled: true }),
      ...USERS.map((name) => userRecord(REALM, name)),
      { kind: 'group', held: true, at: 0, since: 0, realm: REALM, name: GROUP, meta: {} },
    ],
    100,
  );
  for (const one of before) first.commit([recordOf(one)], 500);
  for (const side of sides) if (side !== first) side.hear(first);
  const revoked = sides.flatMap((side, i) => revokedBy(side, edits[i]!));
  for (const i of order) for (const side of sides) if (side !== sides[i]) side.hear(sides[i]!);
  for (const i of order) for (const side of sides) if (side !== sides[i]) side.hear(sides[i]!);
  const ends = sides.map((side) => side.allowed());
  assert.deepEqual(ends[1], ends[0]);
  assert.deepEqual(ends[2], ends[0]);
  for (const key of sides[0]!.rows.keys()) {
    const [a, b] = [sides[0]!, sides[1]!].map((side) => side.policy.record(key)!);
    assert.deepEqual(encodeRecord(a!), encodeRecord(b!));
  }
  // A fact that one side had last taken back is taken back, whatever the others did to it meanwhile.
  for (const key of revoked) assert.equal(isInForce(first, key), false, `${key} was revoked`);
  return ends[0]!;
}

/** Keys of facts that this side takes back and does not give again. */
function revokedBy(side: Side, edits: readonly Edit[]): readonly string[] {
  const clock = { now: 0 };
  const touched = new Set<string>();
  const removed = new Set<number>();
  for (const one of edits) {
    // A name that is used anew is another user: that is not what is asked here.
    if (one.what === 'user' && removed.has(one.on % USERS.length)) continue;
    if (one.what === 'remove') removed.add(one.on % USERS.length);
    clock.now = Math.max(clock.now, one.now);
    const record = recordOf(one);
    side.commit([record], clock.now);
    touched.add(keyOf(record));
  }
  return [...touched].filter((key) => side.policy.record(key) && !isInForce(side, key));
}

function isInForce({ policy }: Side, key: string): boolean {
  const record = policy.record(key)!;
  if (record.kind === 'realm') return record.securityEnabled === false;
  return record.held && (record.kind !== 'user' || record.enabled);
}
