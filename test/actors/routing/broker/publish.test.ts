import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokerFeatures } from '../../../../actors/routing/broker/features.ts';
import { SharedFrame } from '../../../../runtime/net/shared-frame.ts';
import type { Dict } from '../../../../runtime/wamp/message.ts';
import { EMPTY, ERROR, EVENT, PUBLISH, PUBLISHED } from '../../../../runtime/wamp/message.ts';
import { NO_FEATURES } from '../support.ts';
import { heard, refusal, takeEvents, TestRealm } from './support.ts';

const TOPIC = 'com.example.news';

describe('PUBLISH', () => {
  it('reaches every subscriber but the publisher, with one publication id', () => {
    const realm = new TestRealm();
    const [a, b, c] = [realm.join(1), realm.join(2), realm.join(3)];
    const subscription = realm.subscribe(a, TOPIC);
    for (const member of [b, c]) realm.subscribe(member, TOPIC);
    realm.publish(a, TOPIC, ['hello']);
    assert.deepEqual(heard(a), []);
    const [first, ...rest] = takeEvents(b);
    assert.equal(rest.length, 0);
    assert.equal(first!.subscription, subscription);
    assert.equal(first!.details, EMPTY);
    assert.equal(takeEvents(c)[0]!.publication, first!.publication);
    assert.equal(realm.count('publications'), 1);
    assert.equal(realm.count('events'), 2);
  });

  it('is shared by several receivers and sent plainly to a single one', () => {
    const realm = new TestRealm();
    const [publisher, a, b] = [realm.join(1), realm.join(2), realm.join(3)];
    const shared: SharedFrame[] = [];
    for (const member of [a, b]) {
      member.outlet.sendShared = (frame) => (shared.push(frame), 'sent');
      realm.subscribe(member, TOPIC);
    }
    realm.publish(publisher, TOPIC, ['to both']);
    assert.equal(shared.length, 2);
    assert.equal(shared[0], shared[1]);
    realm.publish(publisher, TOPIC, ['to one'], { exclude: [2] });
    assert.equal(shared.length, 2);
    assert.deepEqual(heard(b), ['to one']);
  });

  it('reaches the publisher when it does not exclude itself', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.subscribe(member, TOPIC);
    realm.publish(member, TOPIC, ['to me'], { exclude_me: false });
    assert.deepEqual(heard(member), ['to me']);
  });

  it('is acknowledged only when asked to, with the id its events carry', () => {
    const realm = new TestRealm();
    const [a, b] = [realm.join(1), realm.join(2)];
    realm.subscribe(b, TOPIC);
    realm.publish(a, TOPIC);
    assert.deepEqual(a.outlet.take(), []);
    b.outlet.take();
    const publication = realm.publishAcknowledged(a, TOPIC);
    assert.deepEqual(
      a.outlet.take().map(({ type }) => type),
      [PUBLISHED],
    );
    assert.equal(takeEvents(b)[0]!.publication, publication);
  });

  it('is acknowledged without any subscriber', () => {
    const realm = new TestRealm();
    assert.ok(realm.publishAcknowledged(realm.join(1), TOPIC) >= 1);
  });

  for (const topic of ['', 'a..b', 'a b', 'a#b', '.a', 'a.', 'a\tb', 'wamp', 'wamp.x', 'bondy.x']) {
    it(`is refused for the topic ${JSON.stringify(topic)}`, () => {
      const realm = new TestRealm();
      const [publisher, everybody] = [realm.join(1), realm.join(2)];
      realm.subscribe(everybody, '', { match: 'prefix' });
      realm.publish(publisher, topic, [], { acknowledge: true });
      assert.equal(refusal(publisher), 'wamp.error.invalid_uri');
      assert.deepEqual(heard(everybody), []);
    });
  }

  it('goes to a topic that only begins with the letters of a reserved one', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    for (const topic of ['wampum.x', 'bondyish']) realm.publishAcknowledged(member, topic);
  });

  it('is refused when the topic is longer than the limit', () => {
    const realm = new TestRealm({ config: { maxUriLength: 8 } });
    const member = realm.join(1);
    realm.publishAcknowledged(member, 'a.b.c.de');
    realm.publish(member, 'a.b.c.def', [], { acknowledge: true });
    assert.equal(refusal(member), 'wamp.error.invalid_uri');
  });

  it('that is refused without acknowledge is silent, but counted', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.publish(member, 'a..b');
    realm.publish(member, TOPIC, [], { exclude_me: 'yes' });
    assert.deepEqual(member.outlet.sent, []);
    assert.equal(realm.count('publications_refused'), 2);
    assert.equal(realm.count('publications'), 0);
  });

  const wrong: Dict[] = [
    { acknowledge: 'yes' },
    { acknowledge: true, exclude_me: 1 },
    { acknowledge: true, disclose_me: 'no' },
    { acknowledge: true, retain: 0 },
    { acknowledge: true, exclude: 7 },
    { acknowledge: true, exclude: [0] },
    { acknowledge: true, eligible: ['a'] },
    { acknowledge: true, eligible_authid: [1] },
    { acknowledge: true, exclude_authrole: 'role' },
    { acknowledge: true, rkey: 1.5 },
    { acknowledge: true, ppt_scheme: 5 },
    { acknowledge: true, _retained_ttl: -1 },
  ];
  for (const options of wrong) {
    it(`is refused with ${JSON.stringify(options)}`, () => {
      const realm = new TestRealm();
      const [publisher, subscriber] = [realm.join(1), realm.join(2)];
      realm.subscribe(subscriber, TOPIC);
      realm.publish(publisher, TOPIC, [], options);
      assert.equal(refusal(publisher), 'wamp.error.invalid_argument');
      assert.deepEqual(takeEvents(subscriber), []);
    });
  }

  it('takes null as absent and ignores what it does not know', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.subscribe(member, TOPIC);
    realm.publish(member, TOPIC, ['x'], { exclude_me: null, acknowledge: null, _unknown: 'y' });
    assert.deepEqual(heard(member), []);
  });

  it('names the request in its ERROR', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const options = { acknowledge: true };
    const payload = {
      format: 'json',
      bytes: new Uint8Array(),
      start: 0,
      end: 0,
      items: 0,
    } as const;
    realm.broker.publish(member, { type: PUBLISH, request: 77, options, topic: '', payload }, 0);
    const [error] = member.outlet.sent;
    assert.ok(error?.type === ERROR);
    assert.equal(error.requestType, PUBLISH);
    assert.equal(error.request, 77);
  });
});

describe('publisher identification', () => {
  it('discloses the publisher on request', () => {
    const realm = new TestRealm();
    const [publisher, subscriber] = [realm.join(1, { authrole: 'sensor' }), realm.join(2)];
    realm.subscribe(subscriber, TOPIC);
    realm.publish(publisher, TOPIC, [], { disclose_me: true });
    assert.deepEqual(takeEvents(subscriber)[0]!.details, {
      publisher: 1,
      publisher_authid: 'user-1',
      publisher_authrole: 'sensor',
    });
  });

  it('is refused where the authorizer refuses it', () => {
    const authorizer = { mayI: () => true, mayDisclose: () => false };
    const realm = new TestRealm({ authorizer });
    const [publisher, subscriber] = [realm.join(1), realm.join(2)];
    realm.subscribe(subscriber, TOPIC);
    realm.publish(publisher, TOPIC, [], { disclose_me: true, acknowledge: true });
    assert.equal(refusal(publisher), 'wamp.error.option_disallowed.disclose_me');
    assert.deepEqual(takeEvents(subscriber), []);
    realm.publishAcknowledged(publisher, TOPIC);
  });
});

describe('publication trust levels', () => {
  it('are said in the event of a publisher that has one', () => {
    const realm = new TestRealm();
    const [publisher, subscriber] = [realm.join(1, { trustlevel: 0 }), realm.join(2)];
    realm.subscribe(subscriber, TOPIC);
    realm.publish(publisher, TOPIC);
    assert.deepEqual(takeEvents(subscriber)[0]!.details, { trustlevel: 0 });
  });
});

describe('payload passthru mode', () => {
  const options = {
    ppt_scheme: 'x_own',
    ppt_serializer: 'cbor',
    ppt_keyid: 'k',
    acknowledge: true,
  };

  it('forwards its attributes to subscribers, whatever these announced', () => {
    const realm = new TestRealm();
    const publisher = realm.join(1);
    const subscribers = [realm.join(2), realm.join(3, { features: NO_FEATURES })];
    for (const member of subscribers) realm.subscribe(member, TOPIC);
    realm.publish(publisher, TOPIC, ['secret'], options);
    for (const member of subscribers) {
      assert.deepEqual(takeEvents(member)[0]!.details, {
        ppt_scheme: 'x_own',
        ppt_serializer: 'cbor',
        ppt_keyid: 'k',
      });
    }
  });

  it('ends the session of a publisher that did not announce it', () => {
    const realm = new TestRealm();
    const [publisher, subscriber] = [realm.join(1, { features: NO_FEATURES }), realm.join(2)];
    realm.subscribe(subscriber, TOPIC);
    realm.publish(publisher, TOPIC, ['secret'], options);
    realm.publish(publisher, 'a..b', ['secret'], options);
    const reasons = realm.effects.aborted.map(({ reason }) => reason);
    assert.deepEqual(reasons, ['wamp.error.protocol_violation', 'wamp.error.protocol_violation']);
    assert.deepEqual(takeEvents(subscriber), []);
  });
});

describe('a receiver that cannot take an event', () => {
  for (const [result, counter] of [
    ['too_large', 'events_dropped_too_large'],
    ['unencodable', 'events_dropped_unencodable'],
  ] as const) {
    it(`(${result}) is counted and the others get theirs`, () => {
      const realm = new TestRealm();
      const publisher = realm.join(1);
      const members = [2, 3, 4].map((id) => realm.join(id));
      for (const member of members) realm.subscribe(member, TOPIC);
      members[1]!.outlet.answer = ({ type }) => (type === EVENT ? result : 'sent');
      realm.publish(publisher, TOPIC, ['x'], { acknowledge: true });
      assert.equal(publisher.outlet.sent.at(-1)?.type, PUBLISHED);
      assert.deepEqual(members.map(heard), [['x'], [], ['x']]);
      assert.equal(realm.count(counter), 1);
      assert.equal(realm.count('events'), 2);
    });
  }

  it('(closed) is passed over', () => {
    const realm = new TestRealm();
    const [publisher, gone] = [realm.join(1), realm.join(2)];
    realm.subscribe(gone, TOPIC);
    gone.outlet.answer = () => 'closed';
    realm.publish(publisher, TOPIC);
    assert.deepEqual([...realm.effects.counters.keys()], ['subscriptions', 'publications']);
  });
});

describe('the features of the broker', () => {
  it('are named once each', () => {
    assert.equal(new Set(brokerFeatures).size, brokerFeatures.length);
  });
});
