import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../../../actors/security/commit.ts';
import { planOf } from '../../../actors/security/commit.ts';
import { Policy } from '../../../actors/security/policy/policy.ts';
import { decodeRecord, keyOf } from '../../../actors/security/policy/rows.ts';
import type { RealmKeyRecord, SecurityRecord } from '../../../actors/security/records.ts';
import { Malformed } from '../../../runtime/structures/malformed.ts';
import { grantRecord, realmRecord, userRecord } from '../../support/security.ts';

const SHOP = 'com.example.shop';

function keyFor(realm: string): RealmKeyRecord {
  const key = {
    kid: 'k1',
    use: 'sign',
    publicKey: '{}',
    privateKey: '{}',
    isSealed: false,
  } as const;
  return { kind: 'realm_key', held: true, at: 0, realm, ...key };
}

function plan(
  policy: Policy,
  records: readonly SecurityRecord[],
  seen?: Map<string, SecurityRecord | undefined>,
): Plan {
  return planOf(policy, records, { now: 1_000, seen, keyFor });
}

function stepsOf(plan: Plan): readonly (readonly string[])[] {
  assert.equal(plan.kind, 'plan', JSON.stringify(plan));
  return plan.kind === 'plan' ? plan.steps.map((rows) => rows.map(({ key }) => key)) : [];
}

/** As if all of it were stored. */
function apply(policy: Policy, outcome: Plan): void {
  assert(outcome.kind === 'plan');
  for (const { key, value } of outcome.steps.flat()) {
    const record = decodeRecord(key, value);
    assert(!(record instanceof Malformed));
    policy.apply(record);
  }
}

describe('a plan', () => {
  it("takes away first, and puts a realm's own row last", () => {
    const policy = new Policy();
    const made = plan(policy, [
      realmRecord(SHOP),
      userRecord(SHOP, 'alice'),
      userRecord(SHOP, 'bobby', { held: false }),
      userRecord(SHOP, 'carol', { enabled: false }),
      grantRecord(SHOP, 'user/alice', 'wamp.call', 'com.example.p'),
    ]);
    assert.deepEqual(stepsOf(made), [
      [`user ${SHOP} bobby`, `user ${SHOP} carol`],
      [
        `user ${SHOP} alice`,
        `grant ${SHOP} user/alice wamp.call exact com.example.p`,
        `realm_key ${SHOP} k1`,
      ],
      [`realm ${SHOP}`],
    ]);
  });

  it('makes a key for a realm that begins, and none for one that is there', () => {
    const policy = new Policy();
    apply(policy, plan(policy, [realmRecord(SHOP)]));
    assert.equal(policy.facts(SHOP)?.realmKeys.size, 1);
    assert.deepEqual(stepsOf(plan(policy, [realmRecord(SHOP, { description: 'other' })])), [
      [`realm ${SHOP}`],
    ]);
  });

  it('closes a realm, or enables its security, before anything else', () => {
    const policy = new Policy();
    apply(policy, plan(policy, [realmRecord(SHOP, { securityEnabled: false })]));
    for (const stricter of [{ allowConnections: false }, { securityEnabled: true }]) {
      const steps = stepsOf(
        plan(policy, [
          userRecord(SHOP, 'alice'),
          realmRecord(SHOP, { securityEnabled: false, ...stricter }),
        ]),
      );
      assert.deepEqual(steps, [[`realm ${SHOP}`], [`user ${SHOP} alice`]]);
    }
  });

  it("is refused for what is not there, is there twice, or is the configuration's", () => {
    const policy = new Policy();
    policy.configure(realmRecord('com.example.fixed'));
    const messages = [
      [userRecord(SHOP, 'alice')],
      [realmRecord(SHOP), realmRecord(SHOP, { description: 'again' })],
      [realmRecord('com.example.fixed', { held: false })],
      [realmRecord(SHOP, { description: 'x'.repeat(5_000) })],
    ].map((records) => {
      const refused = plan(policy, records);
      return refused.kind === 'refused' ? refused.message : refused.kind;
    });
    assert.deepEqual(messages, [
      `user ${SHOP} alice: there is no realm ${SHOP}`,
      `realm ${SHOP} is there twice`,
      "realm com.example.fixed is the configuration's",
      `realm ${SHOP}: realm: description`,
    ]);
  });

  it('is refused when something it was made up from is another now', () => {
    const policy = new Policy();
    apply(policy, plan(policy, [realmRecord(SHOP)]));
    const key = keyOf(realmRecord(SHOP));
    const seen = new Map([[key, policy.record(key)]]);
    const mine = realmRecord(SHOP, { description: 'mine' });
    assert.deepEqual(stepsOf(plan(policy, [mine], seen)), [[key]]);
    apply(policy, plan(policy, [realmRecord(SHOP, { description: 'theirs' })]));
    const late = plan(policy, [mine], seen);
    assert.equal(late.kind === 'refused' && late.reason, 'conflict');
  });
});
