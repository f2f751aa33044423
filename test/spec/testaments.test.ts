/** Testaments: events a session leaves behind (WAMP advanced/pubsub_testament.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, RAWSOCKET_MSGPACK, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const ADD = 'wamp.session.add_testament';
const FLUSH = 'wamp.session.flush_testaments';

forEachWire(SAMPLE, (wire) => {
  for (const how of ['is cut off', 'says GOODBYE', 'is killed']) {
    test(`the testament of a session that ${how} is published`, async (t) => {
      const topic = fresh();
      const [heir, testator] = [await node.join(t, RAWSOCKET_MSGPACK), await node.join(t, wire)];
      const killer = await node.join(t, wire);
      const subscription = await heir.subscribe(topic);
      await testator.call(ADD, [topic, ['gone', 1.5], { key: 'value' }]);
      await heir.expectNothing();
      if (how === 'is cut off') testator.destroy();
      else if (how === 'says GOODBYE') await testator.leave();
      else await killer.call('wamp.session.kill', [testator.session]);
      const event = await heir.expect(wamp.EVENT);
      assert.equal(event[1], subscription);
      assert.deepEqual(event.slice(4), [['gone', 1.5], { key: 'value' }]);
      await heir.expectNothing();
    });
  }

  test('testaments are published in the order they were made', async (t) => {
    const topic = fresh();
    const [heir, testator] = [await node.join(t, wire), await node.join(t, wire)];
    await heir.subscribe(topic);
    for (const i of [1, 2, 3]) await testator.call(ADD, [topic, [i], {}]);
    testator.destroy();
    for (const i of [1, 2, 3]) assert.deepEqual((await heir.expect(wamp.EVENT))[4], [i]);
  });

  test('flushed testaments are not published', async (t) => {
    const [kept, flushed] = [fresh(), fresh()];
    const [heir, testator] = [await node.join(t, wire), await node.join(t, wire)];
    await heir.subscribe(kept);
    await heir.subscribe(flushed);
    await testator.call(ADD, [flushed, [1], {}]);
    await testator.call(FLUSH);
    await testator.call(ADD, [kept, [2], {}]);
    testator.destroy();
    assert.deepEqual((await heir.expect(wamp.EVENT))[4], [2]);
    await heir.expectNothing();
  });

  test('scopes are flushed one by one', async (t) => {
    const topic = fresh();
    const [heir, testator] = [await node.join(t, wire), await node.join(t, wire)];
    await heir.subscribe(topic);
    await testator.call(ADD, [topic, ['detached'], {}], { scope: 'detached' });
    await testator.call(ADD, [topic, ['destroyed'], {}], { scope: 'destroyed' });
    await testator.call(FLUSH, [], { scope: 'detached' });
    testator.destroy();
    assert.deepEqual((await heir.expect(wamp.EVENT))[4], ['destroyed']);
    await heir.expectNothing();
  });

  test('publish options hold for testaments', async (t) => {
    const topic = fresh();
    const testator = await node.join(t, wire);
    const [heir, other] = [await node.join(t, wire), await node.join(t, wire)];
    await heir.subscribe(topic);
    await other.subscribe(topic);
    await testator.call(ADD, [topic, [1], {}], { publish_options: { eligible: [heir.session] } });
    testator.destroy();
    await heir.expect(wamp.EVENT);
    await other.expectNothing();
  });

  for (const [what, args, keywords] of [
    ['no topic', [], {}],
    ['a topic that is no string', [1, [], {}], {}],
    ['arguments that are no list', ['spec.t', 'x', {}], {}],
    ['keywords that are no dict', ['spec.t', [], []], {}],
    ['an unknown scope', ['spec.t', [], {}], { scope: 'forever' }],
    ['publish options that are no dict', ['spec.t', [], {}], { publish_options: 1 }],
  ] as const) {
    test(`a testament with ${what} is refused`, async (t) => {
      const client = await node.join(t, wire);
      const request = client.request(wamp.CALL, {}, ADD, args, keywords);
      assert.equal((await client.expect(wamp.ERROR))[2], request);
    });
  }
});
