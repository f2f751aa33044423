import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PolicyAuthorizer } from '../../../../actors/security/authorizer.ts';
import { Policy } from '../../../../actors/security/policy/policy.ts';
import { keyOf } from '../../../../actors/security/policy/rows.ts';
import type { Subject } from '../../../../actors/security/policy-port.ts';
import type { SecurityRecord } from '../../../../actors/security/records.ts';
import type { Member } from '../../../../actors/routing/api.ts';
import { Model } from './model.ts';
import { grant, group, membership, realm, user } from './records.ts';
import { matchedBy, PATTERNS } from './universe.ts';

const REALMS = ['r', 'proto', 'sso'];
const USERS = ['u1', 'u2'];
const GROUPS = ['g1', 'g2', 'g3'];
const PERMISSIONS = ['wamp.call', 'wamp.subscribe'] as const;

const pick = <T>(items: readonly T[]) => fc.constantFrom(...items);
/** Mostly: what is random in everything allows nothing. */
const mostly = (value: boolean) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, fc.boolean());
const fact = { held: mostly(true), at: fc.integer({ min: 2, max: 6 }) };
const owner = {
  ...fact,
  since: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(6)),
};
const sso = fc.option(fc.constant('sso'), { freq: 2 });

const records: fc.Arbitrary<SecurityRecord> = fc.oneof(
  fc
    .record({
      ...owner,
      securityEnabled: fc.option(mostly(true)),
      prototypeUri: sso.map((x) => x && 'proto'),
      ssoRealmUri: sso,
    })
    .map((more) => realm('r', more)),
  fc
    .record({
      ...owner,
      isPrototype: mostly(true),
      securityEnabled: fc.option(mostly(true)),
      ssoRealmUri: sso,
    })
    .map((more) => realm('proto', more)),
  fc
    .record({
      ...owner,
      isSsoRealm: mostly(true),
      allowedRealms: fc.option(fc.subarray(['r', 'x'])),
    })
    .map((more) => realm('sso', more)),
  fc
    .record({
      ...owner,
      realm: pick(REALMS),
      enabled: mostly(true),
      ssoRealmUri: sso,
      name: pick(USERS),
    })
    .map(({ name, ...more }) => user(name, more)),
  fc
    .record({ ...owner, realm: pick(REALMS), name: pick(GROUPS) })
    .map(({ name, ...more }) => group(name, more)),
  fc
    .record({
      ...fact,
      realm: pick(REALMS),
      member: pick([
        ...USERS.map((name) => `user/${name}`),
        ...GROUPS.map((name) => `group/${name}`),
      ]),
      group: pick(GROUPS),
    })
    .map(({ member, group: name, ...more }) => membership(member, name, more)),
  fc
    .record({
      ...fact,
      realm: pick(REALMS),
      role: pick([
        'all',
        'group/anonymous',
        ...GROUPS.map((name) => `group/${name}`),
        ...USERS.map((name) => `user/${name}`),
      ]),
      permission: pick(PERMISSIONS),
      pattern: fc.oneof(pick(PATTERNS), fc.constant({ uri: '', match: 'any' as const })),
    })
    .map(({ role, permission, pattern, ...more }) =>
      grant(role, permission, pattern.uri, { ...more, match: pattern.match }),
    ),
);

const subjects: fc.Arbitrary<Subject> = fc.oneof(
  fc.constant({ username: undefined, groups: undefined }),
  fc.record({ username: pick(USERS), groups: fc.option(fc.subarray(GROUPS), { nil: undefined }) }),
);
const questions = fc.record({
  realm: pick(REALMS),
  who: subjects,
  permission: pick(PERMISSIONS),
  pattern: pick(PATTERNS.filter((pattern) => matchedBy(pattern).size > 0)),
});

/** As the session of this subject. */
function memberOf({ username, groups }: Subject): Member {
  const authmethod = username === undefined ? 'anonymous' : 'ticket';
  const authextra = groups ? { x_authroles: groups } : {};
  return { authid: username ?? 'x', authrole: 'all', authmethod, authextra } as unknown as Member;
}

describe('on random policies', () => {
  it('the policy, its explanation and the authorizer say what the naive model says, after every change', () => {
    let allowed = 0;
    let asked = 0;
    const action = { 'wamp.call': 'call', 'wamp.subscribe': 'subscribe' } as const;
    fc.assert(
      fc.property(
        fc.array(records, { minLength: 10, maxLength: 60, size: 'max' }),
        fc.array(questions, { minLength: 8, maxLength: 8 }),
        (changes, questions) => {
          const policy = new Policy();
          const rows = new Map<string, SecurityRecord>();
          const authorizers = new Map(
            REALMS.map((uri) => [uri, new PolicyAuthorizer(uri, policy)]),
          );
          const members = questions.map(({ who }) => memberOf(who));
          const versions = new Map<string, number>();
          const learn = (record: SecurityRecord): void => {
            policy.apply(record);
            rows.set(keyOf(record), record);
          };
          for (const uri of ['r', 'proto', 'sso']) {
            learn(
              realm(uri, {
                prototypeUri: uri === 'r' ? 'proto' : null,
                isPrototype: uri === 'proto',
              }),
            );
          }
          changes.forEach((record, i) => {
            learn(record);
            if (i % 11 === 10) {
              policy.forget(keyOf(record));
              rows.delete(keyOf(record));
            }
            if (i % 3 > 0) return;
            const model = new Model([...rows.values()]);
            for (const uri of REALMS) {
              const version = policy.version(uri);
              const isLater =
                version >= (versions.get(uri) ?? 0) || policy.realm(uri) === undefined;
              assert.equal(isLater, true, `the version of ${uri}`);
              versions.set(uri, version);
            }
            questions.forEach(({ realm: of, who, permission, pattern }, q) => {
              const { uri, match } = pattern;
              const wanted = model.allows(of, who, permission, uri, match);
              const ask = [of, who, permission, uri, match] as const;
              assert.equal(policy.allows(...ask), wanted);
              assert.equal(policy.explain(...ask).allowed, wanted);
              const may = authorizers.get(of)!.mayI(members[q]!, action[permission], uri, match);
              assert.equal(may, wanted, 'remembered');
              asked++;
              if (wanted) allowed++;
            });
          });
        },
      ),
      { numRuns: 300 },
    );
    // Neither answer is rare.
    assert(allowed > asked / 50 && allowed < asked / 2, `${allowed} of ${asked} were allowed`);
  });

  it('the version of a realm does not go back when the last row of its prototype, which is gone, is forgotten (seed 211390801)', () => {
    const policy = new Policy();
    const left = group('g1', { realm: 'proto' });
    policy.apply(realm('proto', { isPrototype: true }));
    policy.apply(realm('r', { prototypeUri: 'proto' }));
    policy.apply(realm('proto', { isPrototype: true, held: false }));
    policy.forget(keyOf(realm('proto')));
    policy.apply(left);
    const before = policy.version('r');
    policy.forget(keyOf(left));
    assert.equal(policy.version('r'), before);
  });

  it('the answer does not depend on the order in which the rows arrive', () => {
    const rows = fc.uniqueArray(records, {
      selector: keyOf,
      minLength: 20,
      maxLength: 60,
      size: 'max',
    });
    fc.assert(
      fc.property(
        rows,
        fc.array(questions, { maxLength: 10 }),
        fc.nat(),
        (rows, questions, turn) => {
          const [one, other] = [new Policy(), new Policy()];
          for (const record of rows) one.apply(record);
          const at = turn % rows.length;
          for (const record of [...rows.slice(at), ...rows.slice(0, at)].reverse())
            other.apply(record);
          for (const { realm: of, who, permission, pattern } of questions) {
            const ask = [of, who, permission, pattern.uri, pattern.match] as const;
            assert.equal(one.allows(...ask), other.allows(...ask));
          }
          for (const uri of REALMS) {
            assert.deepEqual(one.realm(uri), other.realm(uri));
            for (const name of USERS) assert.deepEqual(one.user(uri, name), other.user(uri, name));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
