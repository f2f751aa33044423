/**
 * PUBLISHED of what is to be in the store: sent when it is on disk, once, whatever dies in between, while the events
 * themselves wait for nothing. The shipped router, agents and store on one virtual clock and a disk in memory.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_BROKER_CONFIG } from '../../../../actors/routing/config.ts';
import { seededRandom } from '../../../../runtime/kernel/random.ts';
import { ERROR } from '../../../../runtime/wamp/message.ts';
import type { Causality } from '../../../../supervisors/causality.ts';
import { continuity } from '../../../../supervisors/continuity.ts';
import { said, StoredRealm } from './stored-realm.ts';

const RETAIN = { retain: true };
const SLOW = { syncMs: 200 };
const UNAVAILABLE = 'wamp.error.unavailable';
const { acknowledgements, history } = DEFAULT_BROKER_CONFIG;

describe('PUBLISHED of a retained event', () => {
  it('waits for the disk, the event does not', () => {
    const realm = new StoredRealm(SLOW);
    const subscriber = realm.subscriberTo('com.a');
    said(subscriber);
    const request = realm.publish('com.a', 'x', RETAIN);
    assert.deepEqual(said(subscriber), ['event x']);
    realm.advance(100);
    assert.deepEqual(said(realm.publisher), []);
    realm.advance(200);
    assert.deepEqual(said(realm.publisher), [`published ${request}`]);
    realm.afterPowerLoss();
    assert.equal(realm.stored('com.a'), 'x');
  });

  it('is not waited for by one that is not retained, nor by one that asks for no answer', () => {
    const realm = new StoredRealm(SLOW);
    const slow = realm.publish('com.a', 'x', RETAIN);
    const quick = realm.publish('com.a', 'y');
    realm.publish('com.b', 'z', { retain: true, acknowledge: false });
    assert.deepEqual(said(realm.publisher), [`published ${quick}`]);
    realm.advance(500);
    assert.deepEqual(said(realm.publisher), [`published ${slow}`]);
    assert.equal(realm.count('acknowledgements_waited'), 1);
  });

  it('comes in order for one topic, each when the disk has it or a later one', () => {
    const realm = new StoredRealm(SLOW);
    const requests = Array.from({ length: 20 }, (_, i) => realm.publish('com.a', `${i}`, RETAIN));
    const [first, ...others] = requests.map((request) => `published ${request}`);
    realm.advance(300);
    assert.deepEqual(said(realm.publisher), [first]);
    realm.advance(300);
    assert.deepEqual(said(realm.publisher), others);
    realm.afterPowerLoss();
    assert.equal(realm.stored('com.a'), '19');
  });

  it('is an error in the end when the disk fails, which says that the event was delivered', () => {
    const realm = new StoredRealm();
    const subscriber = realm.subscriberTo('com.a');
    said(subscriber);
    realm.node.disk.failsWrites = 'full';
    const request = realm.publish('com.a', 'x', RETAIN);
    realm.advance(acknowledgements.timeoutMs - 100);
    assert.deepEqual(said(subscriber), ['event x']);
    assert.equal(realm.publisher.outlet.sent.length, 0);
    realm.advance(200);
    const [error] = realm.publisher.outlet.sent;
    assert(error?.type === ERROR);
    assert.equal(typeof error.details['_bondy_publication'], 'number');
    assert.deepEqual(said(realm.publisher), [`${UNAVAILABLE} ${request}`]);
    assert.equal(realm.count('acknowledgements_late'), 1);
    realm.node.disk.failsWrites = undefined;
    realm.advance(5_000);
    assert.deepEqual(said(realm.publisher), [], 'answered once');
    assert.equal(realm.stored('com.a'), 'x');
  });

  it('is refused with the publication when too many wait', () => {
    const broker = { acknowledgements: { ...acknowledgements, maxWaiting: 2 } };
    const realm = new StoredRealm({ ...SLOW, broker });
    const subscriber = realm.subscriberTo('com.c');
    said(subscriber);
    const [first, second, third] = ['com.a', 'com.b', 'com.c'].map((topic) =>
      realm.publish(topic, 'x', RETAIN),
    );
    assert.deepEqual(said(realm.publisher), [`${UNAVAILABLE} ${third}`]);
    assert.deepEqual(said(subscriber), []);
    const plain = realm.publish('com.c', 'y');
    realm.advance(500);
    assert.deepEqual(said(realm.publisher).toSorted(), [
      `published ${first}`,
      `published ${second}`,
      `published ${plain}`,
    ]);
    assert.equal(realm.stored('com.c'), undefined);
    assert.equal(realm.count('acknowledgements_no_room'), 1);
  });

  it('is nobody’s when its publisher has left', () => {
    const realm = new StoredRealm(SLOW);
    realm.publish('com.a', 'x', RETAIN);
    realm.leave(realm.publisher);
    assert.equal(realm.waiting, 0);
    realm.advance(500);
    assert.deepEqual(said(realm.publisher), []);
    assert.equal(realm.stored('com.a'), 'x');
  });

  it('is an error when the router dies while it says so', () => {
    const realm = new StoredRealm(SLOW);
    const requests = ['com.a', 'com.b'].map((topic) => realm.publish(topic, 'x', RETAIN));
    let isFirst = true;
    realm.publisher.outlet.answer = () => {
      if (!isFirst) return 'sent';
      isFirst = false;
      throw new Error('a defect');
    };
    realm.advance(1_000);
    assert.deepEqual(said(realm.publisher).toSorted(), [
      `bondy.error.internal_error ${requests[0]}`,
      `published ${requests[1]}`,
    ]);
    assert.equal(realm.waiting, 0);
  });
});

describe('a session token', () => {
  it('that is asked for behind PUBLISHED covers the event', () => {
    const realm = new StoredRealm(SLOW);
    const { state } = realm.node;
    const barrier = { whenApplied: () => assert.fail('nobody comes with it') };
    const { issue, read } = continuity('a secret', state, { barrier } as unknown as Causality);
    const clockNow = () => read('realm1', issue('realm1')!);
    const before = clockNow();
    realm.publish('com.a', 'x', RETAIN);
    let asked = before;
    realm.publisher.outlet.answer = () => {
      asked = clockNow();
      return 'sent';
    };
    realm.advance(1_000);
    assert.equal(realm.stored('com.a'), 'x');
    assert.notDeepEqual(asked, before);
    assert.deepEqual(asked, clockNow(), 'nothing of it is written later');
  });
});

describe('PUBLISHED of a recorded event', () => {
  const topics = [{ uri: 'com.', match: 'prefix', limit: 100 }] as const;

  it('waits for a history on disk', () => {
    const broker = { history: { ...history, topics, storage: 'ram_disk' as const } };
    const realm = new StoredRealm({ ...SLOW, broker });
    const both = realm.publish('com.a', 'x', RETAIN);
    const recorded = realm.publish('com.a', 'y');
    const neither = realm.publish('org.a', 'z');
    assert.deepEqual(said(realm.publisher), [`published ${neither}`]);
    realm.advance(1_000);
    assert.deepEqual(said(realm.publisher).toSorted(), [
      `published ${both}`,
      `published ${recorded}`,
    ]);
    assert.equal(realm.count('acknowledgements_waited'), 2);
  });

  it('does not wait for one in memory', () => {
    const realm = new StoredRealm({ ...SLOW, broker: { history: { ...history, topics } } });
    const request = realm.publish('com.a', 'x');
    assert.deepEqual(said(realm.publisher), [`published ${request}`]);
  });
});

describe('each request', () => {
  const SEEDS = Number(process.env['SEEDS'] ?? 20);
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`is answered once, and what was acknowledged is on disk, whatever dies (SEED ${seed})`, () => {
      const random = seededRandom(seed);
      const realm = new StoredRealm({ seed, syncMs: random.integer(1, 60) });
      const open = new Map<number, number>();
      const acknowledged = new Map<string, number>();
      const topicOf = (i: number): string => `com.${i % 5}`;
      for (let i = 0; i < 200; i++) {
        open.set(realm.publish(topicOf(i), String(i), RETAIN), i);
        const choice = random.integer(0, 20);
        if (choice === 0) realm.kill('router');
        if (choice === 1) realm.kill('retained');
        if (choice === 2) realm.node.disk.failsWrites = 'io';
        if (choice === 3) realm.node.disk.failsWrites = undefined;
        realm.advance(random.integer(0, 40));
      }
      const isCut = seed % 2 === 0; // at once, or when all is settled
      realm.node.disk.failsWrites = undefined;
      if (!isCut) realm.advance(acknowledgements.timeoutMs + 1_000);
      for (const answer of said(realm.publisher)) {
        const [what, request] = answer.split(' ') as [string, string];
        const i = open.get(Number(request));
        assert(i !== undefined, `${answer}: answered twice, or never asked`);
        open.delete(Number(request));
        if (what === 'published') acknowledged.set(topicOf(i), i);
      }
      if (!isCut) assert.deepEqual([...open], [], 'not answered');
      assert(acknowledged.size > 0);
      realm.afterPowerLoss();
      for (const [topic, i] of acknowledged) {
        assert(Number(realm.stored(topic)) >= i, `${topic} has ${realm.stored(topic)}, not ${i}`);
      }
    });
  }
});
