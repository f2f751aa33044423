import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Shards } from '../../../../actors/routing/broker/sharding.ts';
import { heard, TestRealm } from './support.ts';

const TOPIC = 'com.example.sensor';

describe('a sharded subscription', () => {
  it('sends each event with a resource key to one node key, the same for the same key', () => {
    const realm = new TestRealm();
    const publisher = realm.join(1);
    const nodes = [2, 3, 4].map((id) => realm.join(id));
    for (const member of nodes) realm.subscribe(member, TOPIC, { nkey: `node${member.id}` });
    const keys = Array.from({ length: 300 }, (_, i) => `sn${i}`);
    for (const round of [1, 2]) {
      for (const rkey of keys) realm.publish(publisher, TOPIC, [`${rkey}/${round}`], { rkey });
    }
    const got = nodes.map((member) => heard(member) as string[]);
    assert.equal(got.flat().length, 600);
    assert.equal(new Set(got.flat()).size, 600);
    for (const events of got) {
      assert.ok(events.length > 100, 'nobody is left without a fair share');
      const half = events.length / 2;
      assert.deepEqual(
        events.slice(0, half).map((event) => event.replace('/1', '/2')),
        events.slice(half),
      );
    }
  });

  it('sends an event without a resource key to everybody', () => {
    const realm = new TestRealm();
    const publisher = realm.join(1);
    const nodes = [2, 3].map((id) => realm.join(id));
    for (const member of nodes) realm.subscribe(member, TOPIC, { nkey: `node${member.id}` });
    realm.publish(publisher, TOPIC, ['x']);
    assert.deepEqual(nodes.map(heard), [['x'], ['x']]);
  });

  it('sends everything to who gave no node key, and to all sessions of a node key', () => {
    const realm = new TestRealm();
    const publisher = realm.join(1);
    const [plain, one, same] = [2, 3, 4].map((id) => realm.join(id)) as [
      ReturnType<TestRealm['join']>,
      ReturnType<TestRealm['join']>,
      ReturnType<TestRealm['join']>,
    ];
    realm.subscribe(plain, TOPIC);
    for (const member of [one, same]) realm.subscribe(member, TOPIC, { nkey: 'node' });
    realm.publish(publisher, TOPIC, ['x'], { rkey: 'k' });
    assert.deepEqual([plain, one, same].map(heard), [['x'], ['x'], ['x']]);
  });

  it('follows a session that leaves or subscribes again with another key', () => {
    const realm = new TestRealm();
    const [publisher, a, b] = [realm.join(1), realm.join(2), realm.join(3)];
    realm.subscribe(a, TOPIC, { nkey: 'a' });
    realm.subscribe(b, TOPIC, { nkey: 'b' });
    realm.leave(a);
    for (let i = 0; i < 20; i++) realm.publish(publisher, TOPIC, [i], { rkey: `${i}` });
    assert.equal(heard(b).length, 20);
    const c = realm.join(4);
    realm.subscribe(c, TOPIC, { nkey: 'c' });
    realm.subscribe(c, TOPIC);
    realm.subscribe(b, TOPIC);
    b.outlet.take();
    c.outlet.take();
    realm.publish(publisher, TOPIC, ['to all'], { rkey: 'k' });
    assert.deepEqual([heard(b), heard(c)], [['to all'], ['to all']]);
  });

  it('respects the lists of the publication', () => {
    const realm = new TestRealm();
    const [publisher, a] = [realm.join(1), realm.join(2)];
    realm.subscribe(a, TOPIC, { nkey: 'a' });
    realm.publish(publisher, TOPIC, ['x'], { rkey: 'k', exclude: [2] });
    assert.deepEqual(heard(a), []);
  });
});

describe('node keys', () => {
  it('move only the resource keys that a new one takes', () => {
    const shards = new Shards();
    for (let id = 1; id <= 4; id++) shards.assign(id, `node${id}`);
    const keys = Array.from({ length: 1_000 }, (_, i) => `key${i}`);
    const before = keys.map((key) => shards.owner(key));
    shards.assign(5, 'node5');
    const moved = keys.filter((key, i) => shards.owner(key) !== before[i]);
    assert.ok(moved.every((key) => shards.owner(key) === 'node5'));
    assert.ok(
      moved.length > 100 && moved.length < 320,
      `${moved.length} of 1000 moved to one of 5`,
    );
    shards.remove(5);
    assert.deepEqual(
      keys.map((key) => shards.owner(key)),
      before,
    );
  });
});
