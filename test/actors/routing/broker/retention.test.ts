import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import type { RetentionConfig } from '../../../../actors/routing/config.ts';
import { SUBSCRIBED } from '../../../../runtime/wamp/message.ts';
import { argsOf, payloadOf } from '../support.ts';
import { heard, takeEvents, TestRealm } from './support.ts';

const TOPIC = 'com.example.temperature';
const GET = { get_retained: true };
const RETAIN = { retain: true };

function realmWith(over: Partial<RetentionConfig> = {}): TestRealm {
  return new TestRealm({ config: { retention: { ...DEFAULT_BROKER_CONFIG.retention, ...over } } });
}

describe('a retained event', () => {
  it('is delivered after SUBSCRIBED to who asks for it, marked as retained', () => {
    const realm = realmWith();
    const [publisher, subscriber] = [realm.join(1), realm.join(2)];
    const publication = realm.publishAcknowledged(publisher, TOPIC, {
      ...RETAIN,
      disclose_me: true,
    });
    const subscription = realm.subscribe(subscriber, TOPIC, GET);
    assert.equal(subscriber.outlet.sent[0]!.type, SUBSCRIBED);
    const [event, ...rest] = takeEvents(subscriber);
    assert.equal(rest.length, 0);
    assert.equal(event!.publication, publication);
    assert.equal(event!.subscription, subscription);
    assert.equal(event!.details['retained'], true);
    assert.equal(event!.details['publisher'], 1);
  });

  it('is not delivered to who does not ask', () => {
    const realm = realmWith();
    realm.publish(realm.join(1), TOPIC, ['x'], RETAIN);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC);
    realm.subscribe(subscriber, TOPIC, { get_retained: false });
    assert.deepEqual(heard(subscriber), []);
  });

  it('is the last one that was published with retain', () => {
    const realm = realmWith();
    const publisher = realm.join(1);
    realm.publish(publisher, TOPIC, ['first'], RETAIN);
    realm.publish(publisher, TOPIC, ['second'], RETAIN);
    realm.publish(publisher, TOPIC, ['not retained']);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), ['second']);
  });

  it('survives its publisher', () => {
    const realm = realmWith();
    const publisher = realm.join(1);
    realm.publish(publisher, TOPIC, ['x'], RETAIN);
    realm.leave(publisher);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), ['x']);
  });

  it('does not go back to the session that excluded itself', () => {
    const realm = realmWith();
    const publisher = realm.join(1);
    realm.publish(publisher, TOPIC, ['x'], RETAIN);
    realm.subscribe(publisher, TOPIC, GET);
    assert.deepEqual(heard(publisher), []);
    realm.publish(publisher, TOPIC, ['y'], { ...RETAIN, exclude_me: false });
    publisher.outlet.take();
    realm.subscribe(publisher, TOPIC, GET);
    assert.deepEqual(heard(publisher), ['y']);
  });

  it('is delivered again to who subscribes again', () => {
    const realm = realmWith();
    realm.publish(realm.join(1), TOPIC, ['x'], RETAIN);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC, GET);
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), ['x', 'x']);
  });

  it('is a copy of the payload', () => {
    const realm = realmWith();
    const bytes = Uint8Array.from(payloadOf(['kept']).bytes);
    const payload = { ...payloadOf(['kept']), bytes };
    const options = RETAIN;
    realm.broker.publish(
      realm.join(1),
      { type: 16, request: 1, options, topic: TOPIC, payload },
      realm.now,
    );
    bytes.fill(0x20); // the socket's chunk is used again
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(argsOf(takeEvents(subscriber)[0]!.payload), ['kept']);
  });

  it('goes to pattern subscriptions, one per matching topic, with the topic', () => {
    const realm = realmWith();
    const publisher = realm.join(1);
    for (const topic of ['a.b.c', 'a.x.c', 'a.b.d', 'z']) {
      realm.publish(publisher, topic, [topic], RETAIN);
    }
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, 'a..c', { ...GET, match: 'wildcard' });
    const events = takeEvents(subscriber);
    assert.deepEqual(events.map(({ details }) => details['topic']).sort(), ['a.b.c', 'a.x.c']);
    realm.subscribe(subscriber, 'a.b', { ...GET, match: 'prefix' });
    assert.deepEqual(heard(subscriber).sort(), ['a.b.c', 'a.b.d']);
  });

  it('goes to a pattern subscription up to a limit, which is counted', () => {
    const realm = realmWith({ maxPerSubscribe: 2 });
    const publisher = realm.join(1);
    for (const topic of ['a.1', 'a.2', 'a.3']) realm.publish(publisher, topic, [], RETAIN);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, 'a.', { ...GET, match: 'prefix' });
    assert.equal(takeEvents(subscriber).length, 2);
    assert.equal(realm.count('retained_deliveries_cut'), 1);
  });
});

describe('a retained event that was listed', () => {
  it('goes only to who would have received it; the others get the last open one', () => {
    const realm = realmWith();
    const publisher = realm.join(1);
    realm.publish(publisher, TOPIC, ['open'], RETAIN);
    realm.publish(publisher, TOPIC, ['for bosses'], { ...RETAIN, eligible_authrole: ['boss'] });
    realm.publish(publisher, TOPIC, ['not for dan'], { ...RETAIN, exclude_authid: ['dan'] });
    const get = (id: number, authid: string, authrole: string) => {
      const member = realm.join(id, { authid, authrole });
      realm.subscribe(member, TOPIC, GET);
      return heard(member);
    };
    assert.deepEqual(get(2, 'ann', 'boss'), ['not for dan']);
    assert.deepEqual(get(3, 'dan', 'boss'), ['for bosses']);
    assert.deepEqual(get(4, 'dan', 'clerk'), ['open']);
    realm.publish(publisher, TOPIC, ['newer'], RETAIN);
    assert.deepEqual(get(5, 'ann', 'boss'), ['newer']);
  });

  it('is kept in a bounded number beside the open one', () => {
    const realm = realmWith({ maxListedPerTopic: 2 });
    const publisher = realm.join(1);
    realm.publish(publisher, TOPIC, ['open'], RETAIN);
    for (const session of [11, 12, 13]) {
      realm.publish(publisher, TOPIC, [session], { ...RETAIN, eligible: [session] });
    }
    const get = (id: number) => {
      const member = realm.join(id);
      realm.subscribe(member, TOPIC, GET);
      return heard(member);
    };
    assert.deepEqual([11, 12, 13].map(get), [['open'], [12], [13]]);
  });

  it('for nobody is delivered to nobody', () => {
    const realm = realmWith();
    realm.publish(realm.join(1), TOPIC, ['x'], { ...RETAIN, eligible: [] });
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), []);
  });
});

describe('the time to live of a retained event', () => {
  it('ends its delivery exactly, and its place with the next sweep', () => {
    const realm = realmWith({ sweepIntervalMs: 60_000 });
    const publisher = realm.join(1);
    const start = realm.now;
    realm.publish(publisher, TOPIC, ['x'], { ...RETAIN, _retained_ttl: 10 });
    realm.publish(publisher, 'for.ever', ['y'], { ...RETAIN, _retained_ttl: 0 });
    const subscriber = realm.join(2);
    realm.now = start + 9_999;
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), ['x']);
    realm.now = start + 10_000;
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), []);
    assert.equal(realm.broker.expire(realm.now), start + 60_000);
    assert.equal(realm.dependencies.retained.size, 2);
    assert.equal(realm.broker.expire(start + 60_000), undefined);
    assert.deepEqual([...realm.dependencies.retained.keys()], ['for.ever']);
  });

  it('is swept by the router that comes after a crash', () => {
    const realm = realmWith();
    realm.publish(realm.join(1), TOPIC, ['x'], { ...RETAIN, _retained_ttl: 1 });
    realm.restart();
    realm.now += 1_000;
    realm.broker.expire(realm.now);
    assert.equal(realm.dependencies.retained.size, 0);
  });
});

describe('the limits of retention', () => {
  it('refuse an event that is too large, which takes the stale one with it', () => {
    const realm = realmWith({ maxEventBytes: 1_000 });
    const publisher = realm.join(1);
    const listener = realm.join(3);
    realm.subscribe(listener, TOPIC);
    realm.publish(publisher, TOPIC, ['small'], RETAIN);
    realm.publish(publisher, TOPIC, ['x'.repeat(1_000)], RETAIN);
    assert.equal(takeEvents(listener).length, 2);
    assert.equal(realm.count('retained_refused_too_large'), 1);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, TOPIC, GET);
    assert.deepEqual(heard(subscriber), []);
  });

  it('refuse a further topic, but not a further event of a known one', () => {
    const realm = realmWith({ maxTopics: 1 });
    const publisher = realm.join(1);
    realm.publish(publisher, 'a', [1], RETAIN);
    realm.publish(publisher, 'b', [2], RETAIN);
    realm.publish(publisher, 'a', [3], RETAIN);
    assert.equal(realm.count('retained_refused_too_many'), 1);
    const subscriber = realm.join(2);
    realm.subscribe(subscriber, '', { ...GET, match: 'prefix' });
    assert.deepEqual(heard(subscriber), [3]);
  });

  it('refuse what does not fit into the bytes, also after a restart', () => {
    const realm = realmWith({ maxBytes: 1_100 });
    const publisher = realm.join(1);
    const text = 'x'.repeat(400);
    realm.publish(publisher, 'a', [text], RETAIN);
    realm.restart();
    realm.publish(publisher, 'b', [text], RETAIN);
    assert.equal(realm.count('retained_refused_no_room'), 1);
    realm.publish(publisher, 'a', [text], RETAIN); // in the place of the old one
    assert.equal(realm.count('retained_refused_no_room'), 1);
    realm.publish(publisher, 'a', ['short'], RETAIN);
    realm.publish(publisher, 'b', [text], RETAIN);
    assert.equal(realm.dependencies.retained.size, 2);
  });
});

describe('a retained event with long lists or attributes', () => {
  it('weighs what they weigh', () => {
    const realm = realmWith();
    const publisher = realm.join(1);
    const long = 'x'.repeat(70_000);
    for (const lists of [{ exclude_authid: [long] }, { eligible_authrole: ['a', long] }]) {
      realm.publish(publisher, TOPIC, [], { ...RETAIN, ...lists });
    }
    assert.equal(realm.count('retained_refused_too_large'), 2);
    assert.equal(realm.dependencies.retained.size, 0);
    realm.publish(publisher, TOPIC, [], { ...RETAIN, ppt_scheme: 'x_', ppt_keyid: long });
    assert.equal(realm.count('publications_refused'), 1);
  });
});
