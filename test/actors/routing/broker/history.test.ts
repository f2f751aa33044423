import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../../../actors/routing/api.ts';
import type { HistoryConfig, HistoryTopic } from '../../../../actors/routing/config.ts';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import type { Dict, Id, Value } from '../../../../runtime/wamp/message.ts';
import { PUBLISH } from '../../../../runtime/wamp/message.ts';
import { payloadOf } from '../support.ts';
import { TestRealm } from './support.ts';

const LOG: HistoryTopic = { uri: 'com.log', match: 'prefix', limit: 100 };

function realmRecording(topics: HistoryTopic[], over: Partial<HistoryConfig> = {}): TestRealm {
  const history = { ...DEFAULT_BROKER_CONFIG.history, topics, ...over };
  return new TestRealm({ config: { history } });
}

function getEvents(realm: TestRealm, caller: Member, subscription: Id, kwargs: Dict = {}): Dict[] {
  const reply = realm.call(caller, 'wamp.subscription.get_events', [subscription], kwargs);
  if ('error' in reply) throw new Error(reply.error);
  return (reply.args ?? []) as Dict[];
}

/** First argument of each event. */
function said(events: readonly Dict[]): Value[] {
  return events.map(({ args }) => (args as readonly Value[])[0]!);
}

function lookup(realm: TestRealm, caller: Member, uri: string, match: string): Id {
  const reply = realm.call(caller, 'wamp.subscription.lookup', [uri, { match }]);
  if ('error' in reply) throw new Error(reply.error);
  return reply.args![0] as Id;
}

/** Ten publications, one per second, 0 to 9, alternating between two topics. */
function tenPublications(realm: TestRealm, publisher = realm.join(1)) {
  const start = realm.now;
  const topics = ['com.log.auth', 'com.log.basket'];
  const at = (second: number) => new Date(start + second * 1000).toISOString();
  for (let i = 0; i < 10; i++) {
    realm.now = start + i * 1000;
    realm.publish(publisher, topics[i % 2]!, [i]);
  }
  return { publisher, at };
}

describe('event history', () => {
  it('keeps the worked example of the specification, subscribers or not', () => {
    const realm = realmRecording([LOG]);
    const [publisher, reader] = [realm.join(1), realm.join(2)];
    realm.publish(publisher, 'com.log.auth', [1]);
    for (const n of [2, 3, 4]) realm.publish(publisher, 'com.log.basket', [n]);
    realm.publish(publisher, 'com.log.checkout', [5]);
    realm.publish(publisher, 'com.other', [6]);
    const auth = realm.subscribe(reader, 'com.log.auth');
    const basket = realm.subscribe(reader, 'com.log.basket');
    const all = lookup(realm, reader, 'com.log', 'prefix'); // opened by the node itself
    assert.deepEqual(said(getEvents(realm, reader, auth)), [1]);
    assert.deepEqual(said(getEvents(realm, reader, basket)), [2, 3, 4]);
    assert.deepEqual(said(getEvents(realm, reader, all)), [1, 2, 3, 4, 5]);
    assert.deepEqual(getEvents(realm, reader, realm.subscribe(reader, 'com.other')), []);
  });

  it('describes an event as the specification does', () => {
    const realm = realmRecording([LOG]);
    const [publisher, reader] = [realm.join(1), realm.join(2)];
    const options = { disclose_me: true };
    realm.publish(publisher, 'com.log.auth', ['x'], options, { key: 'y' });
    const publication = realm.publishAcknowledged(publisher, 'com.log.auth');
    const subscription = lookup(realm, reader, 'com.log', 'prefix');
    const [full, bare] = getEvents(realm, reader, subscription);
    assert.deepEqual(full!['args'], ['x']);
    assert.deepEqual(full!['kwargs'], { key: 'y' });
    assert.equal((full!['details'] as Dict)['publisher'], 1);
    assert.equal((full!['details'] as Dict)['topic'], 'com.log.auth');
    assert.deepEqual(
      { ...bare, details: { ...(bare!['details'] as Dict) } },
      {
        timestamp: '2026-01-01T00:00:00.000Z',
        subscription,
        publication,
        details: { topic: 'com.log.auth' },
      },
    );
  });

  it('keeps the last events of each entry; the first entry that matches takes an event', () => {
    const realm = realmRecording([
      { uri: 'com.log.auth', match: 'exact', limit: 2 },
      { uri: 'com.log', match: 'prefix', limit: 3 },
    ]);
    const { publisher } = tenPublications(realm);
    const all = lookup(realm, publisher, 'com.log', 'prefix');
    assert.deepEqual(said(getEvents(realm, publisher, all)), [5, 6, 7, 8, 9]);
  });

  it('keeps its limits over many events, in count and in bytes', () => {
    const realm = realmRecording([{ uri: 'a', match: 'exact', limit: 10 }], {
      maxBytesPerTopic: 250 * 6 + 100,
    });
    const publisher = realm.join(1);
    for (let i = 0; i < 1_000; i++) realm.publish(publisher, 'a', [i]);
    const subscription = lookup(realm, publisher, 'a', 'exact');
    assert.deepEqual(
      said(getEvents(realm, publisher, subscription)),
      [994, 995, 996, 997, 998, 999],
    );
    const [log] = [...realm.dependencies.history.values()];
    assert.ok(log!.events.length <= 21, 'forgotten events are cut off');
  });

  it('does not record an event over the limit, and counts it', () => {
    const realm = realmRecording([LOG], { maxEventBytes: 300 });
    const publisher = realm.join(1);
    realm.publish(publisher, 'com.log', ['x'.repeat(100)]);
    assert.equal(realm.count('history_refused_too_large'), 1);
    assert.deepEqual(
      getEvents(realm, publisher, lookup(realm, publisher, 'com.log', 'prefix')),
      [],
    );
  });

  it('survives a router, in order', () => {
    const realm = realmRecording([LOG]);
    const publisher = realm.join(1);
    realm.publish(publisher, 'com.log', [1]);
    const subscription = lookup(realm, publisher, 'com.log', 'prefix');
    realm.restart();
    realm.publish(publisher, 'com.log', [2]);
    assert.equal(lookup(realm, publisher, 'com.log', 'prefix'), subscription);
    assert.deepEqual(said(getEvents(realm, publisher, subscription)), [1, 2]);
  });

  it('is in order of publication over several entries, also after a restart', () => {
    const realm = realmRecording([
      { uri: 'com.log.auth', match: 'exact', limit: 9 },
      { uri: 'com.log', match: 'prefix', limit: 9 },
    ]);
    const publisher = realm.join(1);
    realm.publish(publisher, 'com.log.auth', [1]);
    realm.publish(publisher, 'com.log.basket', [2]);
    realm.publish(publisher, 'com.log.auth', [3]);
    realm.restart();
    realm.publish(publisher, 'com.log.basket', [4]);
    realm.publish(publisher, 'com.log.auth', [5]);
    const all = lookup(realm, publisher, 'com.log', 'prefix');
    assert.deepEqual(said(getEvents(realm, publisher, all)), [1, 2, 3, 4, 5]);
  });

  it('holds copies of the payloads', () => {
    const realm = realmRecording([LOG]);
    const publisher = realm.join(1);
    const bytes = Uint8Array.from(payloadOf(['kept']).bytes);
    const payload = { ...payloadOf(['kept']), bytes };
    const message = { type: PUBLISH, request: 1, options: {}, topic: 'com.log', payload } as const;
    realm.broker.publish(publisher, message, realm.now);
    bytes.fill(0x20); // the socket's chunk is used again
    const all = lookup(realm, publisher, 'com.log', 'prefix');
    assert.deepEqual(said(getEvents(realm, publisher, all)), ['kept']);
  });

  it('records meta events where the configuration says so', () => {
    const realm = realmRecording([{ uri: 'wamp.session.on_join', match: 'exact', limit: 5 }]);
    const reader = realm.join(1);
    realm.broker.announce('wamp.session.on_join', ['details'], undefined, realm.now);
    const subscription = lookup(realm, reader, 'wamp.session.on_join', 'exact');
    assert.deepEqual(said(getEvents(realm, reader, subscription)), ['details']);
  });
});

describe('the arguments of get_events', () => {
  const cases: [string, (at: (second: number) => string, ids: Id[]) => Dict, number[]][] = [
    ['nothing', () => ({}), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['reverse', () => ({ reverse: true }), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    ['limit', () => ({ limit: 3 }), [0, 1, 2]],
    ['reverse and limit', () => ({ reverse: true, limit: 3 }), [9, 8, 7]],
    ['topic', () => ({ topic: 'com.log.auth' }), [0, 2, 4, 6, 8]],
    ['from_time', (at) => ({ from_time: at(7) }), [7, 8, 9]],
    ['after_time', (at) => ({ after_time: at(7) }), [8, 9]],
    ['before_time', (at) => ({ before_time: at(2) }), [0, 1]],
    ['until_time', (at) => ({ until_time: at(2) }), [0, 1, 2]],
    ['from_publication', (_, ids) => ({ from_publication: ids[7]! }), [7, 8, 9]],
    ['after_publication', (_, ids) => ({ after_publication: ids[7]! }), [8, 9]],
    ['before_publication', (_, ids) => ({ before_publication: ids[2]! }), [0, 1]],
    ['until_publication', (_, ids) => ({ until_publication: ids[2]! }), [0, 1, 2]],
    [
      'several at once',
      (at, ids) => ({
        after_publication: ids[1]!,
        until_time: at(8),
        topic: 'com.log.auth',
        reverse: true,
        limit: 2,
      }),
      [8, 6],
    ],
    ['an unknown publication', () => ({ after_publication: 4711 }), []],
    ['null', () => ({ limit: null, topic: null, from_time: null }), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ];
  for (const [name, make, expected] of cases) {
    it(`${name} selects ${expected.join(', ') || 'nothing'}`, () => {
      const realm = realmRecording([LOG]);
      const { publisher, at } = tenPublications(realm);
      const subscription = lookup(realm, publisher, 'com.log', 'prefix');
      const ids = getEvents(realm, publisher, subscription).map(({ publication }) => publication);
      const kwargs = make(at, ids as Id[]);
      assert.deepEqual(said(getEvents(realm, publisher, subscription, kwargs)), expected);
    });
  }

  const wrong: Dict[] = [
    { limit: 0 },
    { limit: '3' },
    { reverse: 'yes' },
    { topic: 5 },
    { from_time: 'yesterday' },
    { until_time: 1_700_000_000 },
    { from_publication: 0 },
    { before_publication: 'first' },
  ];
  for (const kwargs of wrong) {
    it(`${JSON.stringify(kwargs)} is refused`, () => {
      const realm = realmRecording([LOG]);
      const caller = realm.join(1);
      const id = lookup(realm, caller, 'com.log', 'prefix');
      const reply = realm.call(caller, 'wamp.subscription.get_events', [id], kwargs);
      assert.ok('error' in reply && reply.error === 'wamp.error.invalid_argument');
    });
  }

  it('an unknown subscription is refused', () => {
    const realm = realmRecording([LOG]);
    const reply = realm.call(realm.join(1), 'wamp.subscription.get_events', [4711]);
    assert.ok('error' in reply && reply.error === 'wamp.error.no_such_subscription');
  });

  it('the answer has at most as many events as the configuration says', () => {
    const realm = realmRecording([LOG], { maxReply: 4 });
    const { publisher } = tenPublications(realm);
    const subscription = lookup(realm, publisher, 'com.log', 'prefix');
    for (const kwargs of [{}, { limit: 100 }]) {
      assert.equal(getEvents(realm, publisher, subscription, kwargs).length, 4);
    }
  });
});

describe('who may read event history', () => {
  it('is who may subscribe', () => {
    const authorizer = { mayI: (member: Member) => member.id === 1, mayDisclose: () => true };
    const history = { ...DEFAULT_BROKER_CONFIG.history, topics: [LOG] };
    const realm = new TestRealm({ authorizer, config: { history } });
    const [allowed, denied] = [realm.join(1), realm.join(2)];
    const subscription = lookup(realm, allowed, 'com.log', 'prefix');
    assert.deepEqual(getEvents(realm, allowed, subscription), []);
    const reply = realm.call(denied, 'wamp.subscription.get_events', [subscription]);
    assert.ok('error' in reply && reply.error === 'wamp.error.not_authorized');
  });

  it('is who could have received the event by authid and authrole', () => {
    const realm = realmRecording([LOG]);
    const publisher = realm.join(1);
    realm.publish(publisher, 'com.log', ['for bosses'], { eligible_authrole: ['boss'] });
    realm.publish(publisher, 'com.log', ['not for dan'], { exclude_authid: ['dan'] });
    const boss = realm.join(2, { authid: 'ann', authrole: 'boss' });
    const dan = realm.join(3, { authid: 'dan', authrole: 'clerk' });
    const subscription = lookup(realm, boss, 'com.log', 'prefix');
    assert.deepEqual(said(getEvents(realm, boss, subscription)), ['for bosses', 'not for dan']);
    assert.deepEqual(getEvents(realm, dan, subscription), []);
  });

  it('is nobody, when the event was listed by session id', () => {
    const realm = realmRecording([LOG]);
    const publisher = realm.join(1);
    realm.publish(publisher, 'com.log', ['x'], { exclude: [9] });
    realm.publish(publisher, 'com.log', ['y'], { eligible: [1, 2] });
    realm.publish(publisher, 'com.log', ['z'], { eligible: [] });
    assert.deepEqual(
      getEvents(realm, publisher, lookup(realm, publisher, 'com.log', 'prefix')),
      [],
    );
  });
});
