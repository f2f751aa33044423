import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { combineRecords, securityResolver } from '../../../../actors/security/policy/merge.ts';
import { decodeRecord, encodeRecord, keyOf } from '../../../../actors/security/policy/rows.ts';
import type {
  RealmRecord,
  SecurityRecord,
  UserRecord,
} from '../../../../actors/security/records.ts';
import { contextOf } from '../../../../runtime/causality/dvvset.ts';
import type { Row } from '../../../../runtime/causality/row.ts';
import { merge, put, siblings } from '../../../../runtime/causality/row.ts';
import { resolve } from '../../../../runtime/causality/resolver.ts';
import { Malformed } from '../../../../runtime/structures/malformed.ts';
import { bytes } from '../../../support/rows.ts';
import { grant, group, PASSWORD, realm, takenBack, user } from './records.ts';

const merged = <T extends SecurityRecord>(...newestFirst: readonly T[]): T =>
  combineRecords(newestFirst) as T;

describe('between concurrent edits', () => {
  it('the one that takes back wins, also when it is the older one', () => {
    const g = grant('all', 'wamp.call', 'a.b');
    assert.equal(merged({ ...g, at: 9 }, takenBack(g, 3)).held, false);
    assert.equal(merged(takenBack(g, 9), { ...g, at: 3 }).held, false);
  });

  it('a user is disabled if one of them says so', () => {
    assert.equal(
      merged(user('ann', { meta: { a: 1 } }), user('ann', { enabled: false })).enabled,
      false,
    );
  });

  it('a password set by one of them is not undone by another edit', () => {
    const edited = user('ann', { meta: { a: 1 }, passwordAt: 5 });
    const rekeyed = user('ann', { password: PASSWORD, passwordAt: 7 });
    const both = merged(edited, rekeyed);
    assert.deepEqual([both.password, both.passwordAt, both.meta], [PASSWORD, 7, { a: 1 }]);
    const cleared = merged(rekeyed, user('ann', { password: null, passwordAt: 8 }));
    assert.equal(cleared.password, null);
  });

  it('a realm is as strict as the strictest, field by field', () => {
    const r = (more: Partial<RealmRecord>): RealmRecord => realm('r', more);
    const pick = <K extends keyof RealmRecord>(field: K, ...values: RealmRecord[K][]) =>
      merged(...values.map((value) => r({ [field]: value })))[field];
    assert.equal(pick('securityEnabled', false, true), true);
    assert.equal(pick('securityEnabled', false, null), null);
    assert.equal(pick('securityEnabled', false, false), false);
    assert.equal(pick('allowConnections', true, false), false);
    assert.equal(pick('allowConnections', true, null), null);
    assert.deepEqual(pick('authmethods', ['a', 'b', 'c'], ['c', 'a'], null), ['a', 'c']);
    assert.deepEqual(pick('authmethods', ['a'], ['b']), []);
    assert.equal(pick('authmethods', null, null), null);
    assert.deepEqual(pick('allowedRealms', null, ['x']), ['x']);
    assert.equal(pick('isPrototype', false, true), true);
    assert.equal(pick('description', 'last', 'first'), 'last');
    const limits = { ...r({}).limits, maxSessions: 5 };
    const both = pick(
      'limits',
      { ...limits, allowDisclosure: true },
      { ...limits, allowDisclosure: false },
    );
    assert.deepEqual(both, { ...limits, allowDisclosure: false });
  });

  it('whoever begins anew later leaves the more behind', () => {
    assert.equal(merged(group('g', { since: 3 }), group('g', { since: 8 })).since, 8);
  });

  it('nobody gets what was said of the predecessor of its name, whenever that was written', () => {
    const password = { ...PASSWORD, hash: 'theirs' };
    const anew = user('ann', { since: 8, at: 8, passwordAt: 1, password: PASSWORD });
    const before = { at: 9, passwordAt: 2, password, ssoRealmUri: 'sso', meta: { was: 'here' } };
    const found = merged(user('ann', before), anew);
    assert.deepEqual([found.password, found.ssoRealmUri, found.meta], [PASSWORD, null, {}]);
    assert.equal(found.passwordAt, 2, 'tickets of both are over');
    const old = realm('r', { at: 9, isPrototype: false, prototypeUri: 'open' });
    assert.equal(merged(old, realm('r', { since: 8, at: 8 })).prototypeUri, null);
  });

  it('what cannot be read may revoke: it is the answer, and no record', () => {
    const g = grant('all', 'wamp.call', 'a.b');
    for (const odd of [bytes('?'), encodeRecord(user('ann'))]) {
      const answer = combine([encodeRecord(g), odd]);
      assert(decodeRecord(keyOf(g), answer) instanceof Malformed);
      assert.deepEqual(combine([odd, encodeRecord(g)]).length, answer.length);
    }
  });
});

const boolean = fc.boolean();
const ms = fc.nat(4);
const methods = fc.option(fc.subarray(['a', 'b', 'c']));
const users: fc.Arbitrary<SecurityRecord> = fc
  .record({ held: boolean, at: ms, since: ms, enabled: boolean, passwordAt: ms, hash: fc.string() })
  .map(({ hash, ...more }) => user('ann', { ...more, password: { ...PASSWORD, hash } }));
const realms: fc.Arbitrary<SecurityRecord> = fc
  .record({
    held: boolean,
    at: ms,
    since: ms,
    securityEnabled: fc.option(boolean),
    allowConnections: fc.option(boolean),
    authmethods: methods,
    description: fc.string({ maxLength: 2 }),
  })
  .map((more) => realm('r', more));
const grants: fc.Arbitrary<SecurityRecord> = fc
  .record({ held: boolean, at: ms })
  .map((more) => grant('all', 'wamp.call', 'a', more));

/** Replicas of one row that have written without knowing of each other, or after a merge. */
const world = fc.constantFrom(users, realms, grants).chain((records) =>
  fc.array(
    fc.record({
      node: fc.nat(3),
      record: records,
      stamp: fc.nat(5),
      pulls: fc.option(fc.nat(3)),
    }),
    { minLength: 1, maxLength: 12 },
  ),
);

/** Each the result of applying everything: rows of all nodes, and every version that no later write has seen. */
function replay(
  steps: readonly (typeof world extends fc.Arbitrary<infer T> ? T : never)[number][],
) {
  const rows: (Row | undefined)[] = [undefined, undefined, undefined, undefined];
  steps.forEach(({ node, record, stamp, pulls }, i) => {
    const from = pulls === null ? undefined : rows[pulls];
    if (from) rows[node] = merge(rows[node], from);
    const dot = { actor: `n${node}#1`, sequence: i + 1 };
    const version = { stamp: BigInt(stamp), value: encodeRecord(record) };
    rows[node] = put(rows[node], version, dot, rows[node] ? contextOf(rows[node]) : []);
  });
  return rows.filter((row) => row !== undefined);
}

describe('a merge of replicas', () => {
  it('gives the same bytes in any order and grouping, and nothing that a side had taken back', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.nat()), (steps, random) => {
        const rows = replay(steps);
        const forward = rows.reduce((all, row) => merge(all, row));
        const shuffled = [...rows, ...rows].sort(() => (random.next().value & 1) - 0.5);
        const others = [
          rows.reduceRight((all, row) => merge(all, row)),
          shuffled.reduce((all, row) => merge(all, row)),
          rows.map((row) => merge(rows[0], row)).reduce((all, row) => merge(row, all)),
        ];
        for (const other of [...others, ...shuffled.map((row) => merge(forward, row))]) {
          assert.deepEqual(
            resolve(merge(other, forward), securityResolver),
            resolve(forward, securityResolver),
          );
        }
        for (const other of others) {
          assert.deepEqual(resolve(other, securityResolver), resolve(forward, securityResolver));
        }
        noSideRevoked(forward);
      }),
      { numRuns: 1_500 },
    );
  });

  it('does not depend on the order in which the values are given', () => {
    fc.assert(
      fc.property(fc.array(users, { minLength: 1, maxLength: 4 }), (records) => {
        const values = records.map(encodeRecord);
        assert.deepEqual(combine(values), combine([...values].reverse()));
      }),
      { numRuns: 500 },
    );
  });
});

/** The oracle: what the answer allows, every version that is alive allows. */
function noSideRevoked(row: Row): void {
  const answer = resolve(row, securityResolver)!;
  const versions = siblings(row).map(({ version }) => read(version.value!));
  const result = read(answer);
  if (result.held) assert(versions.every(({ held }) => held));
  if (result.kind === 'user') {
    if (result.enabled) assert((versions as UserRecord[]).every(({ enabled }) => enabled));
    assert((versions as UserRecord[]).every(({ passwordAt }) => passwordAt <= result.passwordAt));
  }
  if (result.kind === 'realm') {
    const all = versions as RealmRecord[];
    if (result.securityEnabled === false)
      assert(all.every((each) => each.securityEnabled === false));
    if (result.allowConnections) assert(all.every((each) => each.allowConnections));
    for (const method of result.authmethods ?? []) {
      assert(all.every((each) => each.authmethods?.includes(method) !== false));
    }
  }
}

function read(value: Uint8Array): SecurityRecord {
  const keys = [user('ann'), realm('r'), grant('all', 'wamp.call', 'a')].map(keyOf);
  for (const key of keys) {
    const record = decodeRecord(key, value);
    if (!(record instanceof Malformed)) return record;
  }
  throw new Error('not one of ours');
}

function combine(values: readonly Uint8Array[]): Uint8Array {
  assert(securityResolver.kind === 'computed');
  return securityResolver.combine(values.map((value) => ({ stamp: 1n, value })));
}
