import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Policy } from '../../../../actors/security/policy/policy.ts';
import { keyOf } from '../../../../actors/security/policy/rows.ts';
import type { PolicyChange } from '../../../../actors/security/policy-port.ts';
import type { SecurityRecord } from '../../../../actors/security/records.ts';
import {
  alias,
  grant,
  group,
  key,
  mayCall,
  membership,
  named,
  NOBODY,
  PASSWORD,
  R,
  realm,
  source,
  takenBack,
  user,
} from './records.ts';

function policyOf(...records: readonly SecurityRecord[]): Policy {
  const policy = new Policy();
  for (const record of records) policy.apply(record);
  return policy;
}

const ann = named('ann');
const staff = [realm(), user('ann'), group('staff'), membership('user/ann', 'staff')];

describe('a subject may', () => {
  it('do nothing that was not granted, and nothing in a realm that is not there', () => {
    assert(!mayCall(policyOf(...staff), ann, 'a.b'));
    const [, ...withoutRealm] = [...staff, grant('all', 'wamp.call', 'a.b')];
    const policy = policyOf(...withoutRealm);
    assert(!mayCall(policy, ann, 'a.b'));
    assert.equal(policy.explain(R, ann, 'wamp.call', 'a.b', 'exact').reason, 'no_such_realm');
    policy.apply(realm());
    assert(mayCall(policy, ann, 'a.b'));
  });

  it('do what itself, its groups, the groups of those, and all are granted', () => {
    const policy = policyOf(
      ...staff,
      group('people'),
      membership('group/staff', 'people'),
      membership('group/people', 'staff'), // a cycle
      grant('user/ann', 'wamp.call', 'own'),
      grant('group/staff', 'wamp.call', 'staffs'),
      grant('group/people', 'wamp.call', 'peoples'),
      grant('all', 'wamp.call', 'every.'),
      grant('user/bob', 'wamp.call', 'bobs'),
      grant('group/anonymous', 'wamp.call', 'anyones'),
    );
    const allowed = ['own', 'staffs', 'peoples', 'every.one', 'bobs', 'anyones'].filter((uri) =>
      mayCall(policy, ann, uri),
    );
    assert.deepEqual(allowed, ['own', 'staffs', 'peoples', 'every.one']);
    assert.deepEqual([...policy.groupsOf(R, ann)], ['staff', 'people']);
    assert(mayCall(policy, NOBODY, 'anyones') && mayCall(policy, NOBODY, 'every.x'));
    assert(!mayCall(policy, NOBODY, 'own'));
    assert.deepEqual([...policy.groupsOf(R, NOBODY)], ['anonymous']);
  });

  it('choose among its groups, and only among those it is in', () => {
    const policy = policyOf(
      ...staff,
      group('admins'),
      grant('group/staff', 'wamp.call', 'staffs'),
      grant('group/admins', 'wamp.call', 'admins'),
    );
    assert(mayCall(policy, named('ann', ['staff']), 'staffs'));
    assert(!mayCall(policy, named('ann', []), 'staffs'));
    assert(!mayCall(policy, named('ann', ['admins', 'anonymous']), 'admins'));
    const vouched = { username: 'somebody', groups: ['admins'], isVouchedFor: true };
    assert(mayCall(policy, vouched, 'admins') && !mayCall(policy, vouched, 'staffs'));
    policy.apply(user('somebody', { enabled: false }));
    assert(!mayCall(policy, vouched, 'admins'));
  });

  it('do nothing when it is no user, or disabled, and everything where security is off', () => {
    const policy = policyOf(...staff, grant('all', 'wamp.call', ''));
    const why = () => policy.explain(R, ann, 'wamp.call', 'a', 'exact').reason;
    policy.apply(user('ann', { enabled: false }));
    assert.deepEqual([mayCall(policy, ann, 'a'), why()], [false, 'user_disabled']);
    policy.forget(keyOf(user('ann')));
    assert.deepEqual([mayCall(policy, ann, 'a'), why()], [false, 'no_such_user']);
    policy.apply(realm(R, { securityEnabled: false }));
    assert.deepEqual([mayCall(policy, ann, 'a'), why()], [true, 'security_disabled']);
  });
});

describe('a prototype', () => {
  const inheriting = (...more: readonly SecurityRecord[]): Policy =>
    policyOf(
      realm('proto', { isPrototype: true, authmethods: ['ticket'], ssoRealmUri: 'sso' }),
      realm(R, { prototypeUri: 'proto' }),
      user('ann'),
      group('staff', { realm: 'proto' }),
      group('people', { realm: 'proto' }),
      membership('group/staff', 'people', { realm: 'proto' }),
      membership('user/ann', 'staff'),
      grant('group/people', 'wamp.call', 'peoples', { realm: 'proto' }),
      grant('all', 'wamp.call', 'protos', { realm: 'proto' }),
      grant('all', 'wamp.call', 'own'),
      grant('user/ann', 'wamp.call', 'anns', { realm: 'proto' }),
      source('all', 'ticket', '10.0.0.0/8', { realm: 'proto' }),
      source('ann', 'ticket', '11.0.0.0/8', { realm: 'proto' }),
      ...more,
    );

  it('gives groups, their grants, and what all may; no users and no grants to them', () => {
    const policy = inheriting(grant('group/people', 'wamp.call', 'added'));
    const allowed = ['peoples', 'protos', 'own', 'added', 'anns'].filter((uri) =>
      mayCall(policy, ann, uri),
    );
    assert.deepEqual(allowed, ['peoples', 'protos', 'own', 'added']);
    assert.deepEqual(policy.methodsFrom(R, 'ann', '10.1.1.1'), ['ticket']);
    assert.deepEqual(policy.methodsFrom(R, 'ann', '11.1.1.1'), []);
  });

  it('has its groups hidden by those of the realm, with what they are in and may', () => {
    const policy = inheriting(group('staff'));
    assert.deepEqual([...policy.groupsOf(R, ann)], ['staff']);
    assert(!mayCall(policy, ann, 'peoples'));
    policy.apply(takenBack(group('staff'), 2_000));
    assert(!mayCall(policy, ann, 'peoples'), 'deleted, it makes nobody a member of what it hid');
    policy.apply(membership('user/ann', 'staff', { at: 2_001 }));
    assert(mayCall(policy, ann, 'peoples'));
  });

  it('is hidden by a group whose row cannot be read, until it can be', () => {
    const policy = inheriting();
    const row = keyOf(group('staff'));
    const before = policy.version(R);
    assert.equal(policy.distrust(row).length, 2); // decisions of both realms
    assert.equal(policy.distrust(row).length, 0);
    assert(policy.version(R) > before);
    assert(!mayCall(policy, ann, 'peoples'));
    policy.apply(group('staff'));
    assert.deepEqual([...policy.groupsOf(R, ann)], ['staff']);
    policy.distrust(row);
    assert.deepEqual([...policy.groupsOf(R, ann)], []);
    const hidden = policy.version(R);
    policy.apply(takenBack(group('staff'), 2_000));
    assert(policy.version(R) > hidden);
    policy.apply(membership('user/ann', 'staff', { at: 2_001 }));
    assert(mayCall(policy, ann, 'peoples'));
  });

  it('is inherited where the realm says nothing, and never lets anybody in', () => {
    const policy = inheriting();
    const { authmethods, ssoRealmUri, allowConnections, securityEnabled } = policy.realm(R)!;
    assert.deepEqual(
      [authmethods, ssoRealmUri, allowConnections, securityEnabled],
      [['ticket'], 'sso', true, true],
    );
    policy.apply(realm(R, { prototypeUri: 'proto', authmethods: ['password'] }));
    assert.deepEqual(policy.realm(R)!.authmethods, ['password']);
    assert.equal(policy.realm('proto')!.allowConnections, false);
  });

  it('changes what its heirs may at once', () => {
    const policy = inheriting();
    const before = policy.version(R);
    policy.apply(takenBack(grant('all', 'wamp.call', 'protos', { realm: 'proto' }), 2_000));
    assert(policy.version(R) > before);
    assert(!mayCall(policy, ann, 'protos'));
    const changes = policy.apply(takenBack(realm('proto', { isPrototype: true }), 3_000));
    assert.deepEqual(
      changes.map((change) => ('uri' in change ? `${change.uri} ${change.what}` : change.kind)),
      ['proto removed', `${R} changed`, 'decisions'],
    );
    assert(!mayCall(policy, ann, 'peoples'));
  });

  it('that is none is not inherited from', () => {
    const policy = policyOf(
      realm('other'),
      realm(R, { prototypeUri: 'other' }),
      grant('all', 'wamp.call', 'x', { realm: 'other' }),
    );
    assert(!mayCall(policy, NOBODY, 'x'));
  });
});

describe('same sign-on', () => {
  const sso = { realm: 'sso' };
  const following = (): Policy =>
    policyOf(
      realm('sso', { isSsoRealm: true, allowedRealms: [R] }),
      realm(R, { ssoRealmUri: 'sso' }),
      user('ann', { ssoRealmUri: 'sso', meta: { a: 1 } }),
      user('ann', { ...sso, password: PASSWORD, passwordAt: 7, meta: { b: 2 } }),
      key('ann', 'ff', sso),
      key('ann', 'ee'),
      alias('annie', 'ann', sso),
      alias('a.smith', 'ann'),
      grant('all', 'wamp.call', 'x'),
    );

  it('takes credentials from the SSO realm, groups and rights from this one', () => {
    const found = following().user(R, 'ANNIE')!;
    assert.equal(found.username, 'ann');
    assert.deepEqual(found.meta, { a: 1, sso: { b: 2 } });
    assert.deepEqual([found.password, found.passwordAt], [PASSWORD, 7]);
    assert.deepEqual(found.authorizedKeys, ['ff']);
    assert.deepEqual(found.aliases, ['a.smith', 'annie']);
  });

  it('ends here when the user is disabled or removed there, or the realms no longer agree', () => {
    const end = (record: SecurityRecord): readonly PolicyChange[] => {
      const policy = following();
      assert(mayCall(policy, ann, 'x'));
      const before = policy.version(R);
      const changes = policy.apply(record);
      assert(policy.version(R) > before);
      assert(!mayCall(policy, ann, 'x'));
      assert.equal(policy.user(R, 'ann')?.enabled, false);
      return changes.filter(({ kind }) => kind === 'user');
    };
    const there = user('ann', { ...sso, password: PASSWORD, passwordAt: 7 });
    assert.deepEqual(end({ ...there, enabled: false }), [
      { kind: 'user', realm: 'sso', username: 'ann', what: 'disabled' },
      { kind: 'user', realm: R, username: 'ann', what: 'disabled' },
    ]);
    assert.deepEqual(end(takenBack(there, 2_000)), [
      { kind: 'user', realm: 'sso', username: 'ann', what: 'removed' },
      { kind: 'user', realm: R, username: 'ann', what: 'disabled' },
    ]);
    end(realm('sso', { isSsoRealm: true, allowedRealms: [] }));
    end(realm(R, { ssoRealmUri: null }));
    end(takenBack(realm('sso'), 2_000));
  });

  it('closes sessions here when the password or a key is another there', () => {
    const policy = following();
    const rekeyed = ['sso', R].map((each) => ({
      kind: 'user',
      realm: each,
      username: 'ann',
      what: 'rekeyed',
    }));
    assert.deepEqual(policy.apply(user('ann', { ...sso, passwordAt: 8 })), rekeyed);
    assert.deepEqual(policy.apply(takenBack(key('ann', 'ff', sso), 2_000)), rekeyed);
    assert.deepEqual(policy.apply(key('ann', 'dd', sso)), []);
  });
});

describe('a change', () => {
  const changesOf = (policy: Policy, record: SecurityRecord): readonly string[] =>
    policy.apply(record).map((change) => {
      if (change.kind === 'decisions' || change.kind === 'tickets') return change.kind;
      return change.kind === 'realm' ? `realm ${change.what}` : `user ${change.what}`;
    });

  it('says what it means to sessions', () => {
    const policy = policyOf();
    assert.deepEqual(changesOf(policy, realm()), ['realm added', 'decisions']);
    assert.deepEqual(changesOf(policy, realm(R, { description: 'x' })), [
      'realm changed',
      'decisions',
    ]);
    assert.deepEqual(changesOf(policy, user('ann')), ['decisions']);
    assert.deepEqual(changesOf(policy, user('ann', { meta: { a: 1 } })), []);
    assert.deepEqual(changesOf(policy, user('ann', { passwordAt: 1 })), ['user rekeyed']);
    const disabled = user('ann', { enabled: false, passwordAt: 1 });
    assert.deepEqual(changesOf(policy, disabled), ['user disabled', 'decisions']);
    assert.deepEqual(changesOf(policy, takenBack(disabled, 2_000)), ['user removed', 'decisions']);
    assert.deepEqual(changesOf(policy, takenBack(disabled, 2_001)), []);
    assert.deepEqual(changesOf(policy, source('all', 'ticket', '::/0')), []);
    assert.deepEqual(changesOf(policy, takenBack(realm(), 3_000)), ['realm removed', 'decisions']);
    assert.equal(policy.realm(R), undefined);
  });

  it('of a name used anew ends the sessions of its predecessor', () => {
    const policy = policyOf(realm(), user('ann'));
    const anew = user('ann', { at: 3_000, since: 3_000 });
    assert.deepEqual(changesOf(policy, anew), ['user removed', 'decisions']);
    assert.deepEqual(changesOf(policy, realm(R, { at: 4_000, since: 4_000 })), [
      'realm removed',
      'realm added',
      'decisions',
    ]);
  });

  it('of a configured record is none', () => {
    const policy = new Policy();
    policy.configure(realm('Mixed.Case', { securityEnabled: true }));
    policy.configure(grant('all', 'wamp.call', 'x'));
    policy.configure(realm());
    assert.equal(policy.realm(R)!.isConfigured, true);
    assert.deepEqual(policy.apply(takenBack(realm(), 9_000)), []);
    assert.deepEqual(policy.apply(takenBack(grant('all', 'wamp.call', 'x'), 9_000)), []);
    assert.deepEqual(policy.forget(keyOf(realm())), []);
    assert(mayCall(policy, NOBODY, 'x'));
    policy.apply(grant('all', 'wamp.call', 'y'));
    assert(mayCall(policy, NOBODY, 'y'));
    assert.equal(policy.realm('Mixed.Case')?.uri, 'Mixed.Case');
  });
});

describe('sources', () => {
  const policy = policyOf(
    realm(R, { authmethods: ['password', 'ticket', 'cryptosign', 'anonymous'] }),
    user('ann'),
    source('all', 'password', '0.0.0.0/0'),
    source('all', 'ticket', '10.0.0.0/8'),
    source('ann', 'cryptosign', '0.0.0.0/0'),
    source('ann', 'ticket', '192.0.2.0/24'),
    source('ann', 'oauth2', '0.0.0.0/0'),
    source('anonymous', 'anonymous', '127.0.0.0/8'),
    source('bob', 'cryptosign', '0.0.0.0/0'),
    source('all', 'cryptosign', '2001:db8::/32'),
    source('all', 'trust', 'nonsense'),
  );

  it('of the user come before those for all, the smallest network first', () => {
    assert.deepEqual(policy.methodsFrom(R, 'ann', '10.0.0.1'), [
      'cryptosign',
      'ticket',
      'password',
    ]);
    assert.deepEqual(policy.methodsFrom(R, 'Ann', '192.0.2.7'), [
      'ticket',
      'cryptosign',
      'password',
    ]);
    assert.deepEqual(policy.methodsFrom(R, 'ann', '::ffff:10.0.0.1'), [
      'cryptosign',
      'ticket',
      'password',
    ]);
  });

  it('hold for one family of addresses, and for nobody who has no address', () => {
    assert.deepEqual(policy.methodsFrom(R, 'ann', '2001:db8::1'), ['cryptosign']);
    assert.deepEqual(policy.methodsFrom(R, 'ann', '/run/wamp.sock'), []);
    assert.deepEqual(policy.methodsFrom(R, 'bob', '9.9.9.9'), ['password']); // no such user
    assert.deepEqual(policy.methodsFrom(R, 'anonymous', '127.0.0.1'), ['anonymous', 'password']);
    assert.deepEqual(policy.methodsFrom('elsewhere', 'ann', '127.0.0.1'), []);
  });
});

describe('an explanation', () => {
  it('tells the grants that came near, role by role', () => {
    const policy = policyOf(
      ...staff,
      grant('group/staff', 'wamp.call', 'a.'),
      grant('group/staff', 'wamp.publish', 'x.y'),
      grant('user/ann', 'wamp.call', 'x.y'),
      grant('all', 'wamp.publish', 'q'),
    );
    const { reason, roles, steps, omitted } = policy.explain(R, ann, 'wamp.call', 'x.y', 'exact');
    assert.equal(reason, 'granted');
    assert.deepEqual(roles, ['all', 'group/staff', 'user/ann']);
    assert.deepEqual(
      steps.map(({ role, uri, verdict }) => `${role} ${uri} ${verdict}`),
      ['group/staff x.y other_permission', 'group/staff a. other_resource', 'user/ann x.y grants'],
    );
    assert.equal(omitted, 0);
  });

  it('tells by which groups a subject comes to a role', () => {
    const policy = policyOf(
      ...staff,
      group('people'),
      group('living'),
      membership('group/staff', 'people'),
      membership('group/people', 'living'),
      grant('group/living', 'wamp.call', 'x'),
    );
    const [step] = policy.explain(R, ann, 'wamp.call', 'x', 'exact').steps;
    assert.deepEqual(step!.via, ['staff', 'people']);
  });

  it('is bounded, and keeps what grants', () => {
    const many = Array.from({ length: 500 }, (_, i) => grant('all', 'wamp.call', `a.${i}`));
    const policy = policyOf(...staff, ...many, grant('user/ann', 'wamp.call', 'b'));
    const { steps, omitted } = policy.explain(R, ann, 'wamp.call', 'b', 'exact');
    assert.deepEqual([steps.length, omitted, steps.at(-1)!.verdict], [200, 301, 'grants']);
  });
});
