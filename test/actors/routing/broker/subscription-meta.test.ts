import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetaReply } from '../../../../actors/routing/meta.ts';
import { argsOf } from '../support.ts';
import { takeEvents, TestRealm } from './support.ts';

const HERE = 'wamp.subscription';

function errorOf(reply: MetaReply): string | undefined {
  return 'error' in reply ? reply.error : undefined;
}

describe('the subscription meta procedures', () => {
  it('list, look up and match', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const exact = realm.subscribe(member, 'a.b');
    const prefix = realm.subscribe(member, 'a', { match: 'prefix' });
    const wildcard = realm.subscribe(member, 'a.', { match: 'wildcard' });
    const call = (name: string, ...args: (string | { match: string })[]) =>
      realm.call(member, `${HERE}.${name}`, args);
    const lists = { exact: [exact], prefix: [prefix], wildcard: [wildcard] };
    assert.deepEqual(call('list'), { args: [lists] });
    assert.deepEqual(call('lookup', 'a.b'), { args: [exact] });
    assert.deepEqual(call('lookup', 'a', { match: 'prefix' }), { args: [prefix] });
    assert.deepEqual(call('lookup', 'a'), { args: [null] });
    assert.deepEqual(call('match', 'a.b'), { args: [[exact, prefix, wildcard]] });
    assert.deepEqual(call('match', 'a'), { args: [[prefix]] });
    assert.deepEqual(call('match', 'b'), { args: [null] });
  });

  it('describe a subscription and its subscribers', () => {
    const realm = new TestRealm();
    const [a, b] = [realm.join(1), realm.join(2)];
    const id = realm.subscribe(a, 'a.b');
    realm.subscribe(b, 'a.b');
    assert.deepEqual(realm.call(a, `${HERE}.get`, [id]), {
      args: [{ id, created: '2026-01-01T00:00:00.000Z', uri: 'a.b', match: 'exact' }],
    });
    assert.deepEqual(realm.call(a, `${HERE}.list_subscribers`, [id]), { args: [[1, 2]] });
    assert.deepEqual(realm.call(a, `${HERE}.count_subscribers`, [id]), { args: [2] });
    realm.leave(a);
    assert.deepEqual(realm.call(b, `${HERE}.list_subscribers`, [id]), { args: [[2]] });
  });

  for (const name of ['get', 'list_subscribers', 'count_subscribers', 'get_events']) {
    it(`${name} refuses an unknown id and what is no id`, () => {
      const realm = new TestRealm();
      const member = realm.join(1);
      const refused = (...args: (number | string)[]) =>
        errorOf(realm.call(member, `${HERE}.${name}`, args));
      assert.equal(refused(4711), 'wamp.error.no_such_subscription');
      for (const args of [[], ['x'], [0], [1.5]]) {
        assert.equal(refused(...args), 'wamp.error.invalid_argument');
      }
    });
  }

  it('refuse arguments of the wrong type', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    for (const [name, args] of [
      ['match', [5]],
      ['lookup', []],
      ['lookup', ['a', { match: 'regex' }]],
    ] as const) {
      const reply = realm.call(member, `${HERE}.${name}`, args);
      assert.equal(errorOf(reply), 'wamp.error.invalid_argument');
    }
  });
});

describe('the subscription meta events', () => {
  it('come in the order create, subscribe, unsubscribe, delete', () => {
    const realm = new TestRealm();
    const [a, b] = [realm.join(1), realm.join(2)];
    const id = realm.subscribe(a, 'a.b');
    const created = '"created":"2026-01-01T00:00:00.000Z"';
    assert.deepEqual(realm.announced(), [
      `on_create [1,{"id":${id},${created},"uri":"a.b","match":"exact"}]`,
      `on_subscribe [1,${id}]`,
    ]);
    realm.subscribe(b, 'a.b');
    assert.deepEqual(realm.announced(), [`on_subscribe [2,${id}]`]);
    realm.subscribe(b, 'a.b');
    assert.deepEqual(realm.announced(), []);
    realm.unsubscribe(a, id);
    assert.deepEqual(realm.announced(), [`on_unsubscribe [1,${id}]`]);
    realm.leave(b);
    assert.deepEqual(realm.announced(), [`on_unsubscribe [2,${id}]`, `on_delete [2,${id}]`]);
  });

  it('are not raised by subscriptions to reserved topics', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    const id = realm.subscribe(member, 'wamp.subscription.on_create');
    realm.unsubscribe(member, id);
    assert.deepEqual(realm.announced(), []);
  });

  it('are not raised by requests that are refused', () => {
    const realm = new TestRealm();
    const member = realm.join(1);
    realm.trySubscribe(member, '');
    realm.unsubscribe(member, 4711);
    assert.deepEqual(realm.announced(), []);
  });
});

describe('an announcement', () => {
  it('reaches exact and pattern subscribers like any event, with one publication id', () => {
    const realm = new TestRealm();
    const [a, b] = [realm.join(1), realm.join(2)];
    realm.subscribe(a, 'wamp.session.on_leave');
    realm.subscribe(b, 'wamp.', { match: 'prefix' });
    realm.broker.announce('wamp.session.on_leave', [7, 'x', 'y'], undefined, realm.now);
    const [exact] = takeEvents(a);
    const [pattern] = takeEvents(b);
    assert.deepEqual(argsOf(exact!.payload), [7, 'x', 'y']);
    assert.equal(exact!.publication, pattern!.publication);
    assert.equal(pattern!.details['topic'], 'wamp.session.on_leave');
  });
});
