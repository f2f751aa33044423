import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dict } from '../../../../runtime/wamp/message.ts';
import { ERROR, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBED } from '../../../../runtime/wamp/message.ts';
import { heard, refusal, takeEvents, TestRealm } from './support.ts';

describe('SUBSCRIBE', () => {
  it('gives all subscribers of a topic and match policy one id', () => {
    const realm = new TestRealm();
    const [a, b] = [realm.join(1), realm.join(2)];
    const exact = realm.subscribe(a, 'a.b');
    assert.equal(realm.subscribe(b, 'a.b'), exact);
    assert.equal(realm.subscribe(b, 'a.b', { match: 'exact' }), exact);
    const prefix = realm.subscribe(a, 'a.b', { match: 'prefix' });
    const wildcard = realm.subscribe(a, 'a.b', { match: 'wildcard' });
    assert.equal(new Set([exact, prefix, wildcard]).size, 3);
  });

  it('the second time answers the same id and delivers no event twice', () => {
    const realm = new TestRealm();
    const [publisher, member] = [realm.join(1), realm.join(2)];
    const first = realm.subscribe(member, 'a.b');
    assert.equal(realm.subscribe(member, 'a.b'), first);
    realm.publish(publisher, 'a.b', ['once']);
    assert.deepEqual(heard(member), ['once']);
    realm.unsubscribe(member, first);
    realm.publish(publisher, 'a.b', ['never']);
    assert.deepEqual(heard(member), []);
  });

  it('never gives an id that is taken', () => {
    const ids = [7, 7, 7, 8];
    const random = { next: () => 0, integer: () => ids.shift()! };
    const realm = new TestRealm({ random });
    const member = realm.join(1);
    assert.equal(realm.subscribe(member, 'a'), 7);
    assert.equal(realm.subscribe(member, 'b'), 8);
  });

  const invalid: [string, string][] = [
    ['', 'exact'],
    ['a..b', 'exact'],
    ['a.', 'exact'],
    ['a b', 'prefix'],
    ['a#', 'wildcard'],
    ['a\n', 'prefix'],
  ];
  for (const [topic, match] of invalid) {
    it(`is refused for ${JSON.stringify(topic)} as ${match}`, () => {
      const realm = new TestRealm();
      const member = realm.join(1);
      realm.trySubscribe(member, topic, { match });
      assert.equal(refusal(member), 'wamp.error.invalid_uri');
      assert.equal(realm.dependencies.subscriptions.size, 0);
    });
  }

  const wrong: Dict[] = [{ match: 'regex' }, { match: 1 }, { get_retained: 'yes' }, { nkey: [] }];
  for (const options of wrong) {
    it(`is refused with ${JSON.stringify(options)}`, () => {
      const realm = new TestRealm();
      const member = realm.join(1);
      realm.trySubscribe(member, 'a.b', options);
      assert.equal(refusal(member), 'wamp.error.invalid_argument');
    });
  }

  it('takes null as absent', () => {
    const realm = new TestRealm();
    realm.subscribe(realm.join(1), 'a.b', { match: null, get_retained: null });
  });

  it('may name reserved topics', () => {
    const realm = new TestRealm();
    realm.subscribe(realm.join(1), 'wamp.session.on_join');
  });

  it('keeps strict rules where the realm has them', () => {
    const realm = new TestRealm({ uriRule: 'strict' });
    const member = realm.join(1);
    realm.trySubscribe(member, 'com.Example');
    assert.equal(refusal(member), 'wamp.error.invalid_uri');
  });

  it('is refused over the limit, except for what the session has already', () => {
    const realm = new TestRealm({ config: { maxSubscriptionsPerSession: 2 } });
    const member = realm.join(1);
    realm.subscribe(member, 'a');
    const b = realm.subscribe(member, 'b');
    realm.subscribe(member, 'b');
    realm.trySubscribe(member, 'c');
    assert.equal(refusal(member), 'bondy.error.limit_exceeded');
    realm.unsubscribe(member, b);
    realm.subscribe(member, 'c');
  });

  it('names the request in its ERROR', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.trySubscribe(member, '');
    const [error] = member.outlet.sent;
    assert.ok(error?.type === ERROR && error.requestType === SUBSCRIBE && error.request === 1);
  });
});

describe('UNSUBSCRIBE', () => {
  it('ends the delivery', () => {
    const realm = new TestRealm();
    const [publisher, a, b] = [realm.join(1), realm.join(2), realm.join(3)];
    const subscription = realm.subscribe(a, 'a.b');
    realm.subscribe(b, 'a.b');
    realm.unsubscribe(a, subscription);
    assert.equal(a.outlet.take().at(-1)?.type, UNSUBSCRIBED);
    realm.publish(publisher, 'a.b', ['x']);
    assert.deepEqual(heard(a), []);
    assert.deepEqual(heard(b), ['x']);
  });

  it('is refused for the id of another session, an unknown id, and the second time', () => {
    const realm = new TestRealm();
    const [a, b] = [realm.join(1), realm.join(2)];
    const subscription = realm.subscribe(a, 'a.b');
    for (const [member, id] of [
      [b, subscription],
      [a, 12_345],
    ] as const) {
      realm.unsubscribe(member, id);
      assert.equal(refusal(member), 'wamp.error.no_such_subscription');
    }
    realm.unsubscribe(a, subscription);
    realm.unsubscribe(a, subscription);
    assert.equal(refusal(a), 'wamp.error.no_such_subscription');
  });
});

describe('pattern subscriptions', () => {
  const cases: [string, string, string, boolean][] = [
    ['prefix', 'com.myapp.topic.emergency', 'com.myapp.topic.emergency.11', true],
    ['prefix', 'com.myapp.topic.emergency', 'com.myapp.topic.emergency-low', true],
    ['prefix', 'com.myapp.topic.emergency', 'com.myapp.topic.emergency.category.severe', true],
    ['prefix', 'com.myapp.topic.emergency', 'com.myapp.topic.emergency', true],
    ['prefix', 'com.myapp.topic.emergency', 'com.myapp.topic.emerge', false],
    ['prefix', '', 'anything.at.all', true],
    ['wildcard', 'com.myapp..userevent', 'com.myapp.foo.userevent', true],
    ['wildcard', 'com.myapp..userevent', 'com.myapp.a12.userevent', true],
    ['wildcard', 'com.myapp..userevent', 'com.myapp.foo.userevent.bar', false],
    ['wildcard', 'com.myapp..userevent', 'com.myapp.foo.user', false],
    ['wildcard', 'com.myapp..userevent', 'com.myapp2.foo.userevent', false],
    ['wildcard', '.', 'a.b', true],
    ['wildcard', '.', 'a.b.c', false],
    ['wildcard', '', 'a', true],
    ['wildcard', 'a.b', 'a.b', true],
  ];
  for (const [match, pattern, topic, isMatch] of cases) {
    it(`${match} ${JSON.stringify(pattern)} ${isMatch ? 'gets' : 'does not get'} ${topic}`, () => {
      const realm = new TestRealm();
      const [publisher, subscriber] = [realm.join(1), realm.join(2)];
      realm.subscribe(subscriber, pattern, { match });
      realm.publish(publisher, topic);
      const events = takeEvents(subscriber);
      assert.equal(events.length, isMatch ? 1 : 0);
      if (isMatch) assert.deepEqual({ ...events[0]!.details }, { topic });
    });
  }

  it('each get their own event of one publication', () => {
    const realm = new TestRealm();
    const [publisher, subscriber] = [realm.join(1), realm.join(2)];
    const ids = [
      realm.subscribe(subscriber, 'a.b.c'),
      realm.subscribe(subscriber, 'a.', { match: 'prefix' }),
      realm.subscribe(subscriber, 'a..c', { match: 'wildcard' }),
    ];
    realm.publish(publisher, 'a.b.c', ['x']);
    const events = takeEvents(subscriber);
    assert.deepEqual(new Set(events.map(({ subscription }) => subscription)), new Set(ids));
    assert.equal(new Set(events.map(({ publication }) => publication)).size, 1);
  });
});

describe('the order of frames', () => {
  it('SUBSCRIBED comes before any event, events come in the order of publication over all topics', () => {
    const realm = new TestRealm();
    const [publisher, subscriber] = [realm.join(1), realm.join(2)];
    realm.publish(publisher, 'a', ['early'], { retain: true });
    realm.subscribe(subscriber, 'a', { get_retained: true });
    assert.equal(subscriber.outlet.sent[0]?.type, SUBSCRIBED);
    realm.subscribe(subscriber, 'b');
    subscriber.outlet.take();
    for (let i = 0; i < 20; i++) realm.publish(publisher, i % 3 ? 'a' : 'b', [i]);
    assert.deepEqual(
      heard(subscriber),
      Array.from({ length: 20 }, (_, i) => i),
    );
  });
});
