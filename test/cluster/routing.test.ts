/** Three real nodes: what a client of one does reaches the clients of the others, and a node that dies is missed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import type { RawClient } from '../support/raw-client.ts';
import { WEBSOCKET_JSON } from '../support/wire.ts';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';

describe('three nodes', () => {
  it('route calls, errors and events from any one to any other', async (t) => {
    const nodes = await startCluster(t, 3);
    for (const [i, home] of nodes.entries()) {
      const callee = await home.join(t);
      const procedure = `com.example.on${i}`;
      const topic = `com.example.topic${i}`;
      await callee.register(procedure);
      await callee.subscribe(topic);
      for (const away of nodes) {
        const caller = await away.join(t, WEBSOCKET_JSON);
        const request = caller.request(wamp.CALL, {}, procedure, [i], { from: away.name });
        const invocation = await callee.answer(['yes'], { i });
        assert.deepEqual(invocation.slice(4), [[i], { from: away.name }]);
        const result = await caller.expectReply(wamp.RESULT, request);
        assert.deepEqual(result.slice(3), [['yes'], { i }]);
        const failing = caller.request(wamp.CALL, {}, procedure, []);
        const { 1: id } = await callee.expect(wamp.INVOCATION);
        callee.send([wamp.ERROR, wamp.INVOCATION, id, {}, 'com.example.no', ['because']]);
        const error = await caller.expectError(wamp.CALL, failing, 'com.example.no');
        assert.deepEqual(error[5], ['because']);
        await caller.publish(topic, {}, [away.name]);
        const event = await callee.expect(wamp.EVENT);
        assert.deepEqual(event[4], [away.name]);
        caller.destroy();
      }
      callee.destroy();
    }
  });

  it('keep the order of events and calls of a pair across nodes', async (t) => {
    const [first, second] = await startCluster(t, 2);
    const [sender, receiver] = [await first.join(t), await second.join(t)];
    await receiver.subscribe('com.example.order');
    await receiver.register('com.example.order');
    const count = 500;
    for (let i = 0; i < count; i++) {
      sender.request(wamp.PUBLISH, {}, 'com.example.order', [i]);
      sender.request(wamp.CALL, {}, 'com.example.order', [i]);
    }
    const events: unknown[] = [];
    const calls: unknown[] = [];
    while (events.length < count || calls.length < count) {
      const message = await receiver.next();
      if (message[0] === wamp.EVENT) events.push((message[4] as unknown[])[0]);
      else calls.push((message[4] as unknown[])[0]);
    }
    const expected = Array.from({ length: count }, (_, i) => i);
    assert.deepEqual(events, expected);
    assert.deepEqual(calls, expected);
  });

  it('answer the calls of a node that is killed, and serve its procedures elsewhere', async (t) => {
    const [first, second, third] = await startCluster(t, 3);
    const [caller, onSecond, onThird] = await joinAll(t, first, second, third);
    const shared = { invoke: 'roundrobin' };
    await onSecond.register('com.example.work', shared);
    await onThird.register('com.example.work', shared);
    const requests = [0, 1].map((i) => caller.request(wamp.CALL, {}, 'com.example.work', [i]));
    await onSecond.expect(wamp.INVOCATION);
    await onThird.answer(['done']);
    await second.kill();
    const answers = new Map<unknown, number>();
    for (let i = 0; i < 2; i++) {
      const message = await caller.next('an answer', 10_000);
      const isError = message[0] === wamp.ERROR;
      answers.set(isError ? message[2] : message[1], message[0] as number);
    }
    assert.deepEqual(new Set(answers.keys()), new Set(requests));
    assert.deepEqual(new Set(answers.values()), new Set([wamp.ERROR, wamp.RESULT]));
    for (let i = 0; i < 4; i++) {
      const request = caller.request(wamp.CALL, {}, 'com.example.work', [i]);
      await onThird.answer(['again']);
      await caller.expectReply(wamp.RESULT, request);
    }
  });

  it('take a restarted node back, without what it had before', async (t) => {
    const [first, second] = await startCluster(t, 2);
    const [caller, callee] = await joinAll(t, first, second);
    await callee.register('com.example.gone');
    await second.kill();
    await second.start();
    await second.until('linked again', async () => (await second.links()) >= 1);
    const again = await second.join(t);
    await again.register('com.example.back');
    // REGISTERED waits for the members that are up; to the first node the second may not be, yet.
    await first.until('told of the procedure', async () => {
      const { 3: id } = await caller.call('wamp.registration.lookup', ['com.example.back']);
      return (id as unknown[])[0] !== null;
    });
    const request = caller.request(wamp.CALL, {}, 'com.example.back');
    await again.answer(['here']);
    await caller.expectReply(wamp.RESULT, request);
    await caller.callFails('wamp.error.no_such_procedure', 'com.example.gone');
  });
});

function joinAll(t: TestContext, ...nodes: readonly ClusterNode[]): Promise<RawClient[]> {
  return Promise.all(nodes.map((node) => node.join(t)));
}
