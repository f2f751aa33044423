import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { combineRecords } from '../../../../actors/security/policy/merge.ts';
import { Policy } from '../../../../actors/security/policy/policy.ts';
import type { SecurityRecord, UserRecord } from '../../../../actors/security/records.ts';
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

/** A node that writes at its own time. */
class Writer {
  readonly policy = new Policy();
  now = 1_000;

  write(...records: readonly SecurityRecord[]): readonly SecurityRecord[] {
    const stamped = this.policy.stamp(records, this.now);
    for (const record of stamped) this.policy.apply(record);
    return stamped;
  }

  takeBack(record: SecurityRecord): void {
    this.write({ ...record, held: false });
  }
}

const ann = named('ann');
const everythingOfAnn = [
  grant('user/ann', 'wamp.call', 'x'),
  key('ann', 'ff'),
  alias('annie', 'ann'),
  membership('user/ann', 'staff'),
  source('ann', 'ticket', '0.0.0.0/0'),
];

describe('who is made anew under a name that was taken back', () => {
  it('has nothing of its predecessor, though each row is still there', () => {
    const writer = new Writer();
    const { policy } = writer;
    writer.write(user('ann'), group('staff'), ...everythingOfAnn, realm());
    assert(mayCall(policy, ann, 'x'));
    assert.equal(policy.user(R, 'annie')?.username, 'ann');
    writer.takeBack(user('ann'));
    assert.equal(policy.user(R, 'ann'), undefined);
    writer.write(user('ann'));
    const found = policy.user(R, 'ann')!;
    assert.deepEqual([found.authorizedKeys, found.aliases, found.groups], [[], [], []]);
    assert(!mayCall(policy, ann, 'x'));
    assert.equal(policy.user(R, 'annie'), undefined);
    assert.deepEqual(policy.methodsFrom(R, 'ann', '10.0.0.1'), []);
  });

  it('gets what is granted from then on, also within the same millisecond', () => {
    const writer = new Writer();
    writer.write(realm(), user('ann'), group('staff'), ...everythingOfAnn);
    writer.takeBack(user('ann'));
    writer.write(...everythingOfAnn, user('ann'));
    const found = writer.policy.user(R, 'annie')!;
    assert.deepEqual([found.authorizedKeys, found.groups], [['ff'], ['staff']]);
    assert(mayCall(writer.policy, ann, 'x'));
    assert.deepEqual(writer.policy.methodsFrom(R, 'ann', '10.0.0.1'), ['ticket']);
  });

  it('has no key that a node has given to its predecessor later, and takes the same key from its own', () => {
    const [here, away] = [new Writer(), new Writer()];
    for (const writer of [here, away]) writer.write(realm(), user('ann'));
    here.takeBack(user('ann'));
    here.write(user('ann'));
    away.now = 50_000;
    const [given] = away.write(key('ann', 'ff'));
    here.policy.apply(given!);
    assert.deepEqual(here.policy.user(R, 'ann')!.authorizedKeys, []);
    const [own] = here.write(key('ann', 'ff'));
    here.policy.apply(combineRecords([given!, own!]));
    assert.deepEqual(here.policy.user(R, 'ann')!.authorizedKeys, ['ff']);
  });

  it('is not reached by what a node with a clock far ahead had said of its predecessor', () => {
    const writer = new Writer();
    writer.write(realm(), user('ann'));
    writer.policy.apply(grant('user/ann', 'wamp.call', 'x', { at: 50_000 }));
    writer.takeBack(user('ann'));
    writer.write(user('ann'));
    assert(!mayCall(writer.policy, ann, 'x'));
    writer.write(grant('user/ann', 'wamp.call', 'x'));
    assert(mayCall(writer.policy, ann, 'x'));
  });

  it('a group has none of the members and rights of the one before', () => {
    const writer = new Writer();
    const { policy } = writer;
    const facts = [
      grant('group/staff', 'wamp.call', 'x'),
      membership('user/ann', 'staff'),
      membership('group/staff', 'people'),
    ];
    writer.write(realm(), user('ann'), group('staff'), group('people'), ...facts);
    writer.takeBack(group('staff'));
    assert(!mayCall(policy, ann, 'x'));
    writer.write(group('staff'));
    assert.deepEqual([...policy.groupsOf(R, ann)], []);
    writer.write(membership('user/ann', 'staff'));
    assert.deepEqual([...policy.groupsOf(R, ann)], ['staff']);
    assert(!mayCall(policy, ann, 'x'));
  });

  it('a group of the prototype has none of what was said about the one that hid it', () => {
    const writer = new Writer();
    const { policy } = writer;
    const inherited = { realm: 'proto' };
    const facts = [
      grant('group/staff', 'wamp.call', 'mine', { at: 50_000 }), // by a clock far ahead
      membership('user/ann', 'staff', { at: 50_000 }),
    ];
    writer.write(realm('proto', { isPrototype: true }), realm(R, { prototypeUri: 'proto' }));
    writer.write(group('staff', inherited), grant('group/staff', 'wamp.call', 'x', inherited));
    writer.write(user('ann'), group('staff'));
    for (const fact of facts) policy.apply(fact);
    writer.takeBack(group('staff'));
    const rights = () => ['x', 'mine'].filter((uri) => mayCall(policy, ann, uri));
    assert.deepEqual([policy.user(R, 'ann')?.groups, rights()], [[], []]);
    writer.write(membership('user/ann', 'staff'));
    assert.deepEqual([policy.user(R, 'ann')?.groups, rights()], [['staff'], ['x']]);
  });

  it('a group of the prototype has none of the members and rights of its predecessor in other realms', () => {
    const writer = new Writer();
    const { policy } = writer;
    const inherited = { realm: 'proto' };
    const facts = [membership('user/ann', 'staff'), grant('group/staff', 'wamp.call', 'mine')];
    writer.write(realm('proto', { isPrototype: true }), realm(R, { prototypeUri: 'proto' }));
    writer.write(user('ann'), group('staff', inherited));
    writer.write(...facts);
    assert(mayCall(policy, ann, 'mine'));
    writer.takeBack(group('staff', inherited));
    writer.write(group('staff', inherited));
    assert.deepEqual(policy.user(R, 'ann')?.groups, []);
    writer.write(membership('user/ann', 'staff'));
    assert.deepEqual(policy.user(R, 'ann')?.groups, ['staff']);
    assert(!mayCall(policy, ann, 'mine'));
    writer.write(...facts);
    assert(mayCall(policy, ann, 'mine'));
  });

  it('a group of the prototype that a node with its clock behind makes anew has none of them either', () => {
    const writer = new Writer();
    const { policy } = writer;
    const inherited = { realm: 'proto' };
    writer.write(realm('proto', { isPrototype: true }), realm(R, { prototypeUri: 'proto' }));
    writer.write(user('ann'), group('staff', inherited));
    for (const fact of [membership('user/ann', 'staff'), grant('group/staff', 'wamp.call', 'x')]) {
      policy.apply({ ...fact, at: 50_000 });
    }
    assert(mayCall(policy, ann, 'x'));
    writer.takeBack(group('staff', inherited));
    writer.write(group('staff', inherited));
    assert.deepEqual(policy.user(R, 'ann')?.groups, []);
    writer.write(membership('user/ann', 'staff'));
    assert.deepEqual(policy.user(R, 'ann')?.groups, ['staff']);
    assert(!mayCall(policy, ann, 'x'));
  });

  it('a realm is empty', () => {
    const writer = new Writer();
    const { policy } = writer;
    writer.write(
      user('ann'),
      grant('all', 'wamp.call', 'x'),
      source('all', 'ticket', '::/0'),
      realm(),
    );
    assert(mayCall(policy, NOBODY, 'x'));
    writer.takeBack(realm());
    writer.write(realm());
    assert(!mayCall(policy, NOBODY, 'x'));
    assert.equal(policy.user(R, 'ann'), undefined);
    assert.deepEqual(policy.methodsFrom(R, 'ann', '::1'), []);
    writer.write(user('ann'), grant('all', 'wamp.call', 'x'));
    assert(mayCall(policy, ann, 'x'));
  });
});

describe('a stamp', () => {
  it('dates a password, so that of two that are set apart the one that loses ends its sessions', () => {
    const [one, other] = [new Writer(), new Writer()];
    const before = [realm(), user('ann', { passwordAt: 1 })];
    for (const writer of [one, other]) writer.write(...before);
    [one.now, other.now] = [2_000, 2_001];
    const rekeyed = { password: PASSWORD, passwordAt: 1_001 };
    const [mine] = one.write(user('ann', rekeyed));
    const [theirs] = other.write(user('ann', { ...rekeyed, password: null }));
    const merged = combineRecords([mine!, theirs!]);
    const changes = one.policy.apply(merged).filter(({ kind }) => kind === 'user');
    assert.deepEqual(changes, [{ kind: 'user', realm: R, username: 'ann', what: 'rekeyed' }]);
    assert.equal(one.policy.user(R, 'ann')?.password, undefined);
  });

  it('leaves the first of its name at 0, and an edit what it was', () => {
    const writer = new Writer();
    const [first] = writer.write(user('ann'));
    assert.equal((first as { since: number }).since, 0);
    writer.takeBack(user('ann'));
    const [anew] = writer.write(user('ann')) as unknown as readonly [UserRecord];
    assert(anew.since > 1_000 && anew.at >= anew.since);
    writer.now = 9_000;
    const [edited] = writer.write(user('ann', { meta: { a: 1 } })) as unknown as readonly [
      UserRecord,
    ];
    assert.deepEqual([edited.since, edited.at], [anew.since, 9_000]);
  });

  it('is never before the one it replaces, though the clock is', () => {
    const writer = new Writer();
    writer.policy.apply(grant('all', 'wamp.call', 'x', { at: 7_000 }));
    const [again] = writer.write(takenBack(grant('all', 'wamp.call', 'x'), 0));
    assert.equal(again!.at, 7_000);
  });

  it('keeps the records of a change in their order', () => {
    const records = [grant('all', 'wamp.call', 'x'), user('ann'), realm()];
    const stamped = new Policy().stamp(records, 5);
    assert.deepEqual(
      stamped.map(({ kind, at }) => `${kind} ${at}`),
      ['grant 5', 'user 5', 'realm 5'],
    );
  });
});
