/** Order of messages (WAMP basic/publish_subscribe.md, remote_procedure_call.md, "Ordering Guarantees"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { BATCHED, forEachWire, MATRIX, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const COUNT = 1000;
const numbers = Array.from({ length: COUNT }, (_, i) => i);

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('events of one publisher arrive in its order, over all topics', async (t) => {
    const topics = [fresh(), fresh(), fresh()];
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    for (const topic of topics) await subscriber.subscribe(topic);
    publisher.sendAll(
      numbers.map((i) => [wamp.PUBLISH, publisher.nextId(), {}, topics[i % 3], [i]]),
    );
    const seen = [];
    for (let i = 0; i < COUNT; i++)
      seen.push(((await subscriber.expect(wamp.EVENT))[4] as number[])[0]);
    assert.deepEqual(seen, numbers);
  });

  test('invocations of one caller arrive in its order, over all procedures', async (t) => {
    const procedures = [fresh(), fresh(), fresh()];
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    for (const procedure of procedures) await callee.register(procedure);
    caller.sendAll(numbers.map((i) => [wamp.CALL, caller.nextId(), {}, procedures[i % 3], [i]]));
    for (const i of numbers) {
      const invocation = await callee.answer([i]);
      assert.deepEqual(invocation[4], [i]);
    }
    for (const i of numbers)
      assert.deepEqual((await caller.expectReply(wamp.RESULT, i + 1))[3], [i]);
  });
});

forEachWire(SAMPLE, (wire) => {
  test('SUBSCRIBED comes before any event of the subscription', async (t) => {
    const topic = fresh();
    const [subscriber, publisher] = [await node.join(t, wire), await node.join(t, wire)];
    publisher.sendAll(
      numbers.slice(0, 300).map((i) => [wamp.PUBLISH, publisher.nextId(), {}, topic, [i]]),
    );
    const request = subscriber.request(wamp.SUBSCRIBE, {}, topic);
    publisher.sendAll(
      numbers.slice(300).map((i) => [wamp.PUBLISH, publisher.nextId(), {}, topic, [i]]),
    );
    await publisher.publish(topic, {}, [COUNT]);
    const subscribed = await subscriber.expectReply(wamp.SUBSCRIBED, request);
    const events = await subscriber.received();
    const seen = events.map((event) => {
      assert.deepEqual(event.slice(0, 2), [wamp.EVENT, subscribed[2]]);
      return (event[4] as number[])[0];
    });
    // Whatever it missed, it missed at the beginning.
    assert.deepEqual(
      seen,
      Array.from({ length: seen.length }, (_, i) => COUNT + 1 - seen.length + i),
    );
  });

  test('REGISTERED comes before any invocation of the registration', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    const calls = Array.from({ length: 200 }, () => [wamp.CALL, caller.nextId(), {}, procedure]);
    caller.sendAll(calls.slice(0, 100));
    const request = callee.request(wamp.REGISTER, {}, procedure);
    caller.sendAll(calls.slice(100));
    await callee.expectReply(wamp.REGISTERED, request);
    const last = caller.request(wamp.CALL, {}, procedure, ['last']);
    for (;;) if ((await callee.answer()).length > 4) break;
    for (const id of [...calls.map((call) => call[1]), last]) {
      const answer = await caller.next();
      const isRefused = answer[0] === wamp.ERROR;
      assert.equal(isRefused ? answer[2] : answer[1], id);
      if (isRefused) assert.equal(answer[4], 'wamp.error.no_such_procedure');
    }
  });

  test('progressive results arrive in order and before the final one', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { receive_progress: true }, procedure);
    const id = (await callee.expect(wamp.INVOCATION))[1];
    callee.sendAll([
      ...numbers.map((i) => [wamp.YIELD, id, { progress: true }, [i]]),
      [wamp.YIELD, id, {}, [COUNT]],
    ]);
    for (const i of [...numbers, COUNT]) {
      assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], [i]);
    }
    await caller.expectNothing();
  });
});
