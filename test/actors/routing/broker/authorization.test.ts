import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action } from '../../../../actors/security/api.ts';
import { PUBLISH } from '../../../../runtime/wamp/message.ts';
import { heard, refusal, TestRealm } from './support.ts';

function asking(mayI: (action: Action, uri: string) => boolean) {
  const asked: string[] = [];
  const realm = new TestRealm({
    authorizer: {
      mayI: (_member, action, uri, match) => {
        asked.push(`${action} ${uri} ${match}`);
        return mayI(action, uri);
      },
      mayDisclose: () => true,
    },
  });
  return { realm, asked };
}

describe('what the authorizer refuses', () => {
  it('is refused with not_authorized and counted; an unacknowledged publication silently', () => {
    const { realm } = asking(() => false);
    const member = realm.join(1);
    realm.trySubscribe(member, 'a.b');
    assert.equal(refusal(member), 'wamp.error.not_authorized');
    member.outlet.take();
    realm.publish(member, 'a.b', ['x'], { acknowledge: true });
    assert.equal(refusal(member), 'wamp.error.not_authorized');
    member.outlet.take();
    realm.publish(member, 'a.b', ['x']);
    assert.deepEqual(member.outlet.take(), []);
    assert.equal(realm.count('requests_not_authorized'), 3);
    assert.equal(realm.count('publications'), 0);
    assert.equal(realm.dependencies.subscriptions.size, 0);
  });

  it('is asked about by the match policy of a SUBSCRIBE, and never by one of a PUBLISH', () => {
    const { realm, asked } = asking(() => true);
    const member = realm.join(1);
    realm.subscribe(member, 'a', { match: 'prefix' });
    realm.publish(member, 'a.b', [], { match: 'prefix' });
    assert.deepEqual(asked, ['subscribe a prefix', 'publish a.b exact']);
  });

  it('includes an UNSUBSCRIBE, whose subscription stays', () => {
    const { realm, asked } = asking((action) => action !== 'unsubscribe');
    const member = realm.join(1);
    const subscription = realm.subscribe(member, 'a', { match: 'prefix' });
    member.outlet.take();
    realm.unsubscribe(member, subscription);
    assert.equal(refusal(member), 'wamp.error.not_authorized');
    assert.deepEqual(asked, ['subscribe a prefix', 'unsubscribe a prefix']);
    assert.equal(realm.dependencies.subscriptions.size, 1);
    assert.equal(realm.count('requests_not_authorized'), 1);
  });

  it('includes a testament whose author may no longer publish', () => {
    let isAllowed = true;
    const { realm } = asking((action) => action !== 'publish' || isAllowed);
    const [leaving, subscriber] = [realm.join(1), realm.join(2)];
    realm.subscribe(subscriber, 'a.b');
    realm.call(leaving, 'wamp.session.add_testament', ['a.b', ['x'], {}]);
    // As the router does it: in the name of the leaving member.
    realm.effects.publishAs = (member, topic, options, payload) =>
      realm.broker.publish(member, { type: PUBLISH, request: 0, options, topic, payload }, 0);
    isAllowed = false;
    realm.leave(leaving);
    assert.deepEqual(heard(subscriber), []);
    assert.equal(realm.count('requests_not_authorized'), 1);
  });
});

describe('wildcard subscriptions of one session', () => {
  it('are limited, and asking again for one of them is not', () => {
    const realm = new TestRealm({ config: { maxWildcardsPerSession: 2 } });
    const member = realm.join(1);
    const wildcard = { match: 'wildcard' };
    const first = realm.subscribe(member, 'a.', wildcard);
    realm.subscribe(member, 'b.', wildcard);
    realm.subscribe(member, 'b.', wildcard);
    realm.trySubscribe(member, 'c.', wildcard);
    assert.equal(refusal(member), 'bondy.error.limit_exceeded');
    realm.restart();
    realm.trySubscribe(member, 'c.', wildcard);
    assert.equal(refusal(member), 'bondy.error.limit_exceeded');
    realm.unsubscribe(member, first);
    realm.subscribe(member, 'c.', wildcard);
  });
});

describe('retained events', () => {
  it('follow when SUBSCRIBE is done, so that a crash among them does not answer it twice', () => {
    const realm = new TestRealm();
    const [publisher, subscriber] = [realm.join(1), realm.join(2)];
    realm.publish(publisher, 'a.b', ['x'], { retain: true });
    const tasks: (() => void)[] = [];
    realm.effects.afterwards = (task) => tasks.push(task);
    realm.subscribe(subscriber, 'a.b', { get_retained: true });
    assert.deepEqual(heard(subscriber), []);
    for (const task of tasks) task();
    assert.deepEqual(heard(subscriber), ['x']);
  });
});
