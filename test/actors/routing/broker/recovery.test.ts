import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Id } from '../../../../runtime/wamp/message.ts';
import { PUBLISH, SUBSCRIBE, UNSUBSCRIBE } from '../../../../runtime/wamp/message.ts';
import { payloadOf } from '../support.ts';
import { heard, refusal, TestRealm } from './support.ts';

describe('a broker that takes over the rows of one that died', () => {
  it('delivers to every subscription, of every match policy, under the same ids', () => {
    const realm = new TestRealm();
    const [publisher, a, b] = [realm.join(1), realm.join(2), realm.join(3)];
    const exact = realm.subscribe(a, 'a.b');
    realm.subscribe(a, 'a', { match: 'prefix' });
    realm.subscribe(b, 'a.', { match: 'wildcard' });
    realm.restart();
    realm.publish(publisher, 'a.b', ['x']);
    assert.deepEqual([heard(a), heard(b)], [['x', 'x'], ['x']]);
    assert.equal(realm.subscribe(b, 'a.b'), exact);
    realm.unsubscribe(a, exact);
    realm.leave(b);
    assert.equal(realm.dependencies.subscriptions.size, 1);
  });

  it('forgets the sessions that are no members any more', () => {
    const realm = new TestRealm();
    const [publisher, a, b] = [realm.join(1), realm.join(2), realm.join(3)];
    realm.subscribe(a, 'a.b', { nkey: 'a' });
    realm.subscribe(b, 'a.b', { nkey: 'b' });
    realm.subscribe(a, 'only.a');
    realm.dependencies.members.delete(a.id); // its leave was being handled when the router died
    realm.restart();
    assert.equal(realm.dependencies.subscriptions.size, 1);
    for (let i = 0; i < 10; i++) realm.publish(publisher, 'a.b', [i], { rkey: `${i}` });
    assert.equal(heard(b).length, 10);
    assert.deepEqual(heard(a), []);
  });

  it('answers the request the other one died on, if it has an answer', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const { broker } = realm;
    const topic = 'a.b';
    const payload = payloadOf([]);
    broker.interrupted(member, { type: PUBLISH, request: 1, options: {}, topic, payload });
    assert.deepEqual(member.outlet.take(), []);
    const options = { acknowledge: true };
    broker.interrupted(member, { type: PUBLISH, request: 2, options, topic, payload });
    assert.equal(refusal(member), 'bondy.error.internal_error');
    broker.interrupted(member, { type: SUBSCRIBE, request: 3, options: {}, topic });
    broker.interrupted(member, { type: UNSUBSCRIBE, request: 4, subscription: 5 });
    assert.equal(member.outlet.sent.length, 3);
  });

  it('opens the subscriptions of recorded topics once', () => {
    const history = {
      topics: [{ uri: 'a', match: 'prefix', limit: 1 } as const],
      storage: 'ram' as const,
      maxEventBytes: 1_000,
      maxBytesPerTopic: 1_000,
      maxReply: 10,
    };
    const realm = new TestRealm({ config: { history } });
    const ids = (): Id[] => [...realm.dependencies.subscriptions.keys()];
    const [id] = ids();
    const member = realm.join(1);
    assert.equal(realm.subscribe(member, 'a', { match: 'prefix' }), id);
    realm.leave(member);
    realm.restart();
    assert.deepEqual(ids(), [id]);
  });
});
