import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNSUBSCRIBED } from '../../../../runtime/wamp/message.ts';
import { NO_FEATURES } from '../support.ts';
import { heard, refusal, TestRealm } from './support.ts';

describe('a revoked subscription', () => {
  it('is told to a client that announced the feature, with the reason', () => {
    const realm = new TestRealm();
    const [publisher, member] = [realm.join(1), realm.join(2)];
    const subscription = realm.subscribe(member, 'a.b');
    member.outlet.take();
    assert.equal(realm.broker.revoke(member, subscription, 'no longer authorized'), true);
    assert.deepEqual(member.outlet.take(), [
      {
        type: UNSUBSCRIBED,
        request: 0,
        details: { subscription, reason: 'no longer authorized' },
      },
    ]);
    realm.publish(publisher, 'a.b', ['x']);
    assert.deepEqual(heard(member), []);
  });

  it('is not told to a client that did not announce the feature', () => {
    const realm = new TestRealm();
    const member = realm.join(1, { features: NO_FEATURES });
    const subscription = realm.subscribe(member, 'a.b');
    member.outlet.take();
    assert.equal(realm.broker.revoke(member, subscription), true);
    assert.deepEqual(member.outlet.take(), []);
    realm.unsubscribe(member, subscription);
    assert.equal(refusal(member), 'wamp.error.no_such_subscription');
  });

  it('raises the meta events of an unsubscription', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const subscription = realm.subscribe(member, 'a.b');
    realm.announced();
    realm.broker.revoke(member, subscription);
    assert.deepEqual(realm.announced(), [
      `on_unsubscribe [1,${subscription}]`,
      `on_delete [1,${subscription}]`,
    ]);
  });

  it('leaves the other subscribers alone, and is none for who does not have it', () => {
    const realm = new TestRealm();
    const [publisher, a, b] = [realm.join(1), realm.join(2), realm.join(3)];
    const subscription = realm.subscribe(a, 'a.b');
    realm.subscribe(b, 'a.b');
    realm.broker.revoke(a, subscription);
    assert.equal(realm.broker.revoke(a, subscription), false);
    realm.publish(publisher, 'a.b', ['x']);
    assert.deepEqual(heard(b), ['x']);
  });
});
