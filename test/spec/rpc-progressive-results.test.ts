/** Progressive call results (WAMP advanced/rpc_progressive_call_results.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { BATCHED, forEachWire, MATRIX, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('progressive results arrive one by one, then the final one', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { receive_progress: true }, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    assert.equal(dict(invocation[3]).receive_progress, true);
    for (const i of [1, 2, 3]) {
      callee.send([wamp.YIELD, invocation[1], { progress: true }, [i], { i }]);
      const result = await caller.expectReply(wamp.RESULT, request);
      assert.deepEqual(result.slice(2), [{ progress: true }, [i], { i }]);
    }
    callee.send([wamp.YIELD, invocation[1], {}, ['done']]);
    const last = await caller.expectReply(wamp.RESULT, request);
    assert.notEqual(dict(last[2]).progress, true);
    assert.deepEqual(last[3], ['done']);
  });
});

forEachWire(SAMPLE, (wire) => {
  test('an error may end what progressed', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { receive_progress: true }, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], { progress: true }, [1]]);
    callee.send([wamp.ERROR, wamp.INVOCATION, invocation[1], {}, 'spec.error.half']);
    await caller.expectReply(wamp.RESULT, request);
    await caller.expectError(wamp.CALL, request, 'spec.error.half');
    await caller.expectNothing();
  });

  test('the callee is not asked for progress unless the caller wants it', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    for (const options of [{}, { receive_progress: false }]) {
      const request = caller.request(wamp.CALL, options, procedure);
      const invocation = await callee.answer();
      assert.notEqual(dict(invocation[3]).receive_progress, true);
      await caller.expectReply(wamp.RESULT, request);
    }
  });

  test('a callee that does not announce the feature is not asked for progress', async (t) => {
    const [procedure, caller] = [fresh(), await node.join(t, wire)];
    const callee = await node.join(t, wire, {
      roles: wamp.rolesWithout('callee', 'progressive_call_results'),
    });
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { receive_progress: true }, procedure);
    assert.notEqual(dict((await callee.answer())[3]).receive_progress, true);
    await caller.expectReply(wamp.RESULT, request);
  });

  test('progress that nobody asked for never reaches the caller as a final result', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], { progress: true }, ['half']]);
    callee.send([wamp.YIELD, invocation[1], {}, ['whole']]);
    const answer = await caller.next();
    if (answer[0] === wamp.RESULT) assert.deepEqual(answer[3], ['whole']);
    else assert.deepEqual(answer.slice(0, 3), [wamp.ERROR, wamp.CALL, request]);
    await caller.expectNothing();
  });

  test('a progressive call can be cancelled between two results', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { receive_progress: true }, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], { progress: true }, [1]]);
    await caller.expectReply(wamp.RESULT, request);
    caller.send([wamp.CANCEL, request, { mode: 'killnowait' }]);
    await caller.expectError(wamp.CALL, request, 'wamp.error.canceled');
    assert.equal((await callee.expect(wamp.INTERRUPT))[1], invocation[1]);
    callee.send([wamp.YIELD, invocation[1], { progress: true }, [2]]);
    await callee.expectNothing();
    await caller.expectNothing();
  });

  test('a timeout counts from one result to the next', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const options = { receive_progress: true, timeout: 60 };
    const request = caller.request(wamp.CALL, options, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.YIELD, invocation[1], { progress: true }, [1]]);
    await caller.expectReply(wamp.RESULT, request);
    await caller.expectError(wamp.CALL, request, 'wamp.error.timeout');
  });
});
