import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeRecord, encodeRecord, keyOf } from '../../../../actors/security/policy/rows.ts';
import type { SecurityRecord } from '../../../../actors/security/records.ts';
import type { PlainMap } from '../../../../runtime/net/peer/codec.ts';
import { encodeBody } from '../../../../runtime/net/peer/codec.ts';
import { Malformed } from '../../../../runtime/structures/malformed.ts';
import { bytes } from '../../../support/rows.ts';
import {
  alias,
  grant,
  group,
  key,
  membership,
  PASSWORD,
  realm,
  source,
  ticket,
  user,
} from './records.ts';

const ALL: readonly SecurityRecord[] = [
  realm('com.example', {
    authmethods: ['ticket'],
    allowedRealms: ['a'],
    info: { a: [1, { b: null }] },
  }),
  realm('com.other', {
    password: { protocols: ['hash'], scramKdf: 'argon2id13', iterations: 1, memory: 2, passes: 3 },
  }),
  {
    kind: 'realm_key',
    held: true,
    at: 1,
    realm: 'r',
    kid: '7',
    use: 'sign',
    publicKey: '{}',
    privateKey: 'x',
    isSealed: true,
  },
  user('ann', { password: PASSWORD, meta: { __proto__x: 'y' } }),
  user('bob', {
    password: {
      hash: null,
      scram: {
        kdf: 'pbkdf2',
        salt: 's',
        iterations: 1,
        memory: null,
        storedKey: 'k',
        serverKey: 'v',
      },
      cra: { salt: 's', iterations: 1, keylen: 32, key: 'k' },
    },
  }),
  key('ann', 'ff'),
  alias('annie', 'ann'),
  group('staff'),
  membership('user/ann', 'staff'),
  source('all', 'password', '::/0'),
  grant('group/staff', 'wamp.call', ''),
  ticket('ann', { scope: { realm: 'r', clientId: 'a b', deviceId: null } }),
  { kind: 'ticket_cutoff', held: true, at: 1_000, realm: 'com.example', authid: 'ann' },
];

const problem = (of: SecurityRecord, value: Uint8Array): string => {
  const read = decodeRecord(keyOf(of), value);
  assert(read instanceof Malformed);
  return read.reason;
};

describe('a record', () => {
  it('of every kind comes back from its row as it was', () => {
    assert.equal(new Set(ALL.map(({ kind }) => kind)).size, 11);
    for (const record of ALL) {
      assert.deepEqual(decodeRecord(keyOf(record), encodeRecord(record)), plain(record));
    }
  });

  it('of an older version of this node is understood as it was meant', () => {
    const [ofTicket, ofKey] = [ticket('ann'), key('ann', 'ff')];
    for (const [record, { since: _since, userSince: _userSince, ...older }] of [
      [ofTicket, { ...ofTicket, userSince: undefined }],
      [ofKey, { ...ofKey, since: undefined }],
    ] as const) {
      const row = encodeBody({ v: 1, ...older } as PlainMap);
      assert.deepEqual(decodeRecord(keyOf(record), row), record);
    }
  });

  it('has the same bytes whatever the order of its fields', () => {
    for (const record of ALL) {
      const reversed = Object.fromEntries(Object.entries(record).reverse());
      assert.deepEqual(encodeRecord(reversed as unknown as SecurityRecord), encodeRecord(record));
    }
  });

  it('has a key of its own, whatever its names hold', () => {
    const name = fc.string({ unit: fc.constantFrom('a', ' ', '%', '0', '2', '\n', '.', '/', 'é') });
    const nullable = fc.option(name);
    const scope = fc.record({ realm: nullable, clientId: nullable, deviceId: nullable });
    const some = fc.oneof(
      fc.tuple(name, name).map(([a, b]) => user(a, { realm: b })),
      fc.tuple(name, name, name).map(([a, b, c]) => grant(a, b, c, { match: 'exact' })),
      fc.tuple(name, scope).map(([a, s]) => ticket(a, { scope: s })),
    );
    const identity = (record: SecurityRecord): string =>
      JSON.stringify({ ...record, at: 0, held: true });
    fc.assert(
      fc.property(some, some, (a, b) => {
        assert.equal(keyOf(a) === keyOf(b), identity(a) === identity(b));
        assert.equal(keyOf(a).split(' ').length, { user: 3, grant: 6, ticket: 6 }[a.kind]);
        assert(!/[\0\n]/.test(keyOf(a)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a row that cannot be read is a problem', () => {
  const ann = user('ann');
  const body = (more: Record<string, unknown>): Uint8Array =>
    encodeBody({ v: 1, ...ann, ...more } as Parameters<typeof encodeBody>[0]);

  it('when it is no row at all', () => {
    assert.match(problem(ann, bytes('')), /./);
    assert.equal(problem(ann, encodeBody([1])), 'not a map');
    assert.equal(problem(ann, body({ kind: 'toString' })), 'no kind of record');
  });

  it('when it is of another version', () => {
    assert.equal(problem(ann, body({ v: 2 })), 'a row of another version');
  });

  it('when it is under the key of another record', () => {
    assert.equal(problem(ann, encodeRecord(user('bob'))), 'a record under the key of another');
  });

  it('when a field is missing, of another kind, or out of bounds', () => {
    assert.equal(problem(ann, body({ enabled: undefined })), 'user: enabled');
    assert.equal(problem(ann, body({ enabled: 1 })), 'user: enabled');
    assert.equal(problem(ann, body({ at: -1 })), 'user: at');
    assert.equal(problem(ann, body({ at: 1.5 })), 'user: at');
    assert.equal(problem(ann, body({ meta: [] })), 'user: meta');
    assert.equal(problem(ann, body({ realm: 'x'.repeat(1025) })), 'user: realm');
    assert.equal(problem(ann, body({ password: { hash: null, scram: null } })), 'user: password');
  });

  it('and never a throw, whatever the bytes', () => {
    const damaged = fc
      .tuple(fc.constantFrom(...ALL), fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([record, at, bits]) => {
        const value = encodeRecord(record);
        value[at % value.length]! ^= bits;
        return { record, value };
      });
    fc.assert(
      fc.property(damaged, ({ record, value }) => {
        const read = decodeRecord(keyOf(record), value);
        assert(read instanceof Malformed || keyOf(read) === keyOf(record));
      }),
      { numRuns: 3_000 },
    );
  });
});

/** With null prototypes in maps, as they are read. */
function plain(record: SecurityRecord): unknown {
  const nulled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(nulled);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, each]) => [name, nulled(each)]);
    return Object.assign(Object.create(null) as object, Object.fromEntries(entries));
  };
  const known = record as unknown as Record<string, unknown>;
  const maps = ['info', 'meta'].filter((name) => name in known);
  return { ...known, ...Object.fromEntries(maps.map((name) => [name, nulled(known[name])])) };
}
