import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../../actors/routing/api.ts';
import { PolicyAuthorizer, subjectOfMember } from '../../../actors/security/authorizer.ts';
import { Policy } from '../../../actors/security/policy/policy.ts';
import type { Subject } from '../../../actors/security/policy-port.ts';
import { grant, R, realm, takenBack, user } from './policy/records.ts';

const member = (more: Partial<Member> = {}): Member =>
  ({ authid: 'ann', authrole: 'all', authmethod: 'ticket', authextra: {}, ...more }) as Member;

function asking() {
  const policy = new Policy();
  for (const record of [realm(), user('ann')]) policy.apply(record);
  let asked = 0;
  const counting = {
    allows: (...question: Parameters<Policy['allows']>) => {
      asked++;
      return policy.allows(...question);
    },
    version: (uri: string) => policy.version(uri),
    realm: (uri: string) => policy.realm(uri),
  };
  return { policy, authorizer: new PolicyAuthorizer(R, counting), asked: () => asked };
}

describe('a decision', () => {
  it('is remembered per session, action, match and URI', () => {
    const { policy, authorizer, asked } = asking();
    policy.apply(grant('user/ann', 'wamp.subscribe', 'a.'));
    const [one, other] = [member(), member()];
    for (let i = 0; i < 3; i++) {
      assert.equal(authorizer.mayI(one, 'subscribe', 'a.', 'prefix'), true);
      assert.equal(authorizer.mayI(one, 'subscribe', 'a.', 'wildcard'), true);
      assert.equal(authorizer.mayI(one, 'unsubscribe', 'a.', 'prefix'), false);
      assert.equal(authorizer.mayI(one, 'subscribe', 'a', 'prefix'), false);
    }
    assert.equal(asked(), 4);
    assert.equal(authorizer.mayI(other, 'subscribe', 'a.', 'prefix'), true);
    assert.equal(asked(), 5);
  });

  it('is another with the next request after the policy has changed', () => {
    const { policy, authorizer } = asking();
    const ann = member();
    const right = grant('user/ann', 'wamp.call', 'x');
    for (const at of [1_000, 2_000, 3_000]) {
      assert.equal(authorizer.mayI(ann, 'call', 'x', 'exact'), false);
      policy.apply({ ...right, at });
      assert.equal(authorizer.mayI(ann, 'call', 'x', 'exact'), true);
      policy.apply(takenBack(right, at));
    }
    policy.apply(right);
    policy.apply(user('ann', { enabled: false }));
    assert.equal(authorizer.mayI(ann, 'call', 'x', 'exact'), false);
  });

  it('takes a bounded place, whatever a session asks for', () => {
    const { policy, authorizer, asked } = asking();
    policy.apply(grant('user/ann', 'wamp.call', ''));
    const ann = member();
    for (let i = 0; i < 1_000; i++) authorizer.mayI(ann, 'call', `x.${i}`, 'exact');
    assert.equal(asked(), 1_000);
    authorizer.mayI(ann, 'call', 'x.999', 'exact');
    assert.equal(asked(), 1_000);
    authorizer.mayI(ann, 'call', 'x.0', 'exact');
    assert.equal(asked(), 1_001);
  });
});

describe('disclosure', () => {
  it('is what the realm says, and else what is granted', () => {
    const { policy, authorizer } = asking();
    const ann = member();
    const { limits } = realm();
    assert.equal(authorizer.mayDisclose(ann, 'call', 'x'), false);
    policy.apply(grant('user/ann', 'wamp.disclose_caller', 'x.'));
    assert.equal(authorizer.mayDisclose(ann, 'call', 'x.y'), true);
    assert.equal(authorizer.mayDisclose(ann, 'publish', 'x.y'), false);
    assert.equal(authorizer.mayDisclose(ann, 'register', 'x.', 'prefix'), true);
    assert.equal(authorizer.mayDisclose(ann, 'register', 'x', 'prefix'), false);
    policy.apply(realm(R, { limits: { ...limits, allowDisclosure: false } }));
    assert.equal(authorizer.mayDisclose(ann, 'call', 'x.y'), false);
    policy.apply(realm(R, { limits: { ...limits, allowDisclosure: true } }));
    assert.equal(authorizer.mayDisclose(ann, 'publish', 'q'), true);
  });
});

it('a session’s subject is anonymous, or a user with all or some of its groups', () => {
  const cases: readonly (readonly [Partial<Member>, Subject])[] = [
    [
      { authmethod: 'anonymous', authid: 'x7' },
      { username: undefined, groups: undefined },
    ],
    [{ authrole: 'default' }, { username: 'ann', groups: undefined }],
    [{ authrole: 'staff' }, { username: 'ann', groups: ['staff'] }],
    [
      { authrole: 'x', authextra: { x_authroles: ['a', 7, 'b'] } },
      { username: 'ann', groups: ['a', 'b'] },
    ],
  ];
  for (const [more, subject] of cases) assert.deepEqual(subjectOfMember(member(more)), subject);
});
