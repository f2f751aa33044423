import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import type { Dict, Value } from '../../../../runtime/wamp/message.ts';
import { argsOf, NO_FEATURES } from '../support.ts';
import { TestRealm } from './support.ts';

const ADD = 'wamp.session.add_testament';
const FLUSH = 'wamp.session.flush_testaments';

/** What was published when the session ended: topics with the first argument. */
function left(realm: TestRealm): string[] {
  return realm.effects.published.map(({ topic, payload }) => `${topic} ${argsOf(payload)[0]}`);
}

describe('testaments', () => {
  it('are published in order at the end of the session, detached before destroyed', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const add = (n: number, scope?: string) =>
      realm.call(member, ADD, ['a.b', [n], {}], scope === undefined ? {} : { scope });
    for (const reply of [add(1), add(2, 'detached'), add(3, 'destroyed'), add(4, 'detached')]) {
      assert.deepEqual(reply, {});
    }
    assert.deepEqual(left(realm), []);
    realm.leave(member);
    assert.deepEqual(left(realm), ['a.b 2', 'a.b 4', 'a.b 1', 'a.b 3']);
    assert.equal(realm.effects.published[0]!.member, member);
    assert.equal(realm.dependencies.testaments.size, 0);
  });

  it('carry their keyword arguments and options, but no acknowledge', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const publish_options = { exclude_authid: ['bob'], acknowledge: true, retain: true };
    realm.call(member, ADD, ['a.b', ['x'], { key: 'y' }], { publish_options });
    realm.leave(member);
    const [{ options, payload }] = realm.effects.published as [(typeof realm.effects.published)[0]];
    assert.deepEqual(options, { ...publish_options, acknowledge: false });
    assert.deepEqual(member.outlet.codec.read(payload), { args: ['x'], kwargs: { key: 'y' } });
  });

  it('are flushed by scope, destroyed unless said otherwise', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const addBoth = () => {
      realm.call(member, ADD, ['a.b', [1], {}], { scope: 'detached' });
      realm.call(member, ADD, ['a.b', [2], {}]);
    };
    addBoth();
    realm.call(member, FLUSH);
    addBoth();
    realm.call(member, FLUSH, [], { scope: 'detached' });
    realm.leave(member);
    assert.deepEqual(left(realm), ['a.b 2']);
  });

  it('survive the router', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.call(member, ADD, ['a.b', ['x'], {}]);
    realm.restart();
    realm.leave(member);
    assert.deepEqual(left(realm), ['a.b x']);
  });

  it('are published when the session holds no subscription any more', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.subscribe(member, 'a.b');
    realm.call(member, ADD, ['a.b', ['x'], {}]);
    realm.leave(member);
    assert.equal(realm.dependencies.subscriptions.size, 0);
    assert.deepEqual(left(realm), ['a.b x']);
  });

  it('need no arguments', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    assert.deepEqual(realm.call(member, ADD, ['a.b']), {});
    assert.deepEqual(realm.call(member, ADD, ['a.b', null, null]), {});
    realm.leave(member);
    assert.equal(realm.effects.published.length, 2);
  });

  const refused: [readonly Value[], Dict, string][] = [
    [[], {}, 'wamp.error.invalid_argument'],
    [[5, [], {}], {}, 'wamp.error.invalid_argument'],
    [['a.b', 'x', {}], {}, 'wamp.error.invalid_argument'],
    [['a.b', {}, {}], {}, 'wamp.error.invalid_argument'],
    [['a.b', [], []], {}, 'wamp.error.invalid_argument'],
    [['a.b', [], {}], { scope: 'never' }, 'wamp.error.invalid_argument'],
    [['a.b', [], {}], { publish_options: [] }, 'wamp.error.invalid_argument'],
    [['a.b', [], {}], { publish_options: { exclude: 'x' } }, 'wamp.error.invalid_argument'],
    [['a..b', [], {}], {}, 'wamp.error.invalid_uri'],
    [['wamp.session.on_leave', [], {}], {}, 'wamp.error.invalid_uri'],
  ];
  for (const [args, kwargs, error] of refused) {
    it(`${JSON.stringify([args, kwargs])} is refused`, () => {
      const realm = new TestRealm();
      const reply = realm.call(realm.join(1), ADD, args, kwargs);
      assert.ok('error' in reply && reply.error === error);
      assert.equal(realm.dependencies.testaments.size, 0);
    });
  }

  it('in passthru mode are refused to who did not announce it', () => {
    const realm = new TestRealm();
    const member = realm.join(1, { features: NO_FEATURES });
    const publish_options = { ppt_scheme: 'x_own' };
    const reply = realm.call(member, ADD, ['a.b', [], {}], { publish_options });
    assert.ok('error' in reply && reply.error === 'wamp.error.feature_not_supported');
  });

  it('are refused for a topic the session may not publish to', () => {
    const authorizer = { mayI: () => false, mayDisclose: () => true };
    const realm = new TestRealm({ authorizer });
    const reply = realm.call(realm.join(1), ADD, ['a.b', [], {}]);
    assert.ok('error' in reply && reply.error === 'wamp.error.not_authorized');
  });

  it('are limited in number and in bytes', () => {
    for (const limit of [{ maxPerSession: 2 }, { maxBytesPerSession: 500 }]) {
      const testaments = { ...DEFAULT_BROKER_CONFIG.testaments, ...limit };
      const realm = new TestRealm({ config: { testaments } });
      const member = realm.join(1);
      const replies = [1, 2, 3].map(() => realm.call(member, ADD, ['a.b', [], {}]));
      assert.deepEqual(replies.slice(0, 2), [{}, {}]);
      assert.ok('error' in replies[2]! && replies[2].error === 'bondy.error.limit_exceeded');
    }
  });

  it('weigh what their options weigh, known or not', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const long = 'x'.repeat(300_000);
    for (const publish_options of [{ exclude_authid: [long] }, { x_unknown: { deep: long } }]) {
      const reply = realm.call(member, ADD, ['a.b', [], {}], { publish_options });
      assert.ok('error' in reply && reply.error === 'bondy.error.limit_exceeded');
    }
    assert.equal(realm.dependencies.testaments.size, 0);
  });
});
