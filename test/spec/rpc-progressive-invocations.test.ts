/** Progressive call invocations (WAMP advanced/rpc_progressive_call_invocations.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

forEachWire(SAMPLE, (wire) => {
  test('chunks of one call reach one callee as one invocation', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { progress: true }, procedure, [1]);
    const first = await callee.expect(wamp.INVOCATION);
    assert.equal(dict(first[3]).progress, true);
    caller.send([wamp.CALL, request, { progress: true }, procedure, [2]]);
    caller.send([wamp.CALL, request, {}, procedure, [3]]);
    const second = await callee.expect(wamp.INVOCATION);
    const last = await callee.expect(wamp.INVOCATION);
    assert.deepEqual([second[1], last[1]], [first[1], first[1]]);
    assert.equal(dict(second[3]).progress, true);
    assert.notEqual(dict(last[3]).progress, true);
    assert.deepEqual([first[4], second[4], last[4]], [[1], [2], [3]]);
    callee.send([wamp.YIELD, first[1], {}, ['sum', 6]]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], ['sum', 6]);
  });

  test('results may progress while the call does', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const options = { progress: true, receive_progress: true };
    const request = caller.request(wamp.CALL, options, procedure, [1]);
    for (const i of [1, 2, 3]) {
      const invocation = await callee.expect(wamp.INVOCATION);
      callee.send([wamp.YIELD, invocation[1], i < 3 ? { progress: true } : {}, [i]]);
      assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], [i]);
      if (i < 3)
        caller.send([wamp.CALL, request, i < 2 ? { progress: true } : {}, procedure, [i + 1]]);
    }
  });

  test('the chunks of a call to a shared registration stick to the first callee', async (t) => {
    const procedure = fresh();
    const [one, two, caller] = [
      await node.join(t, wire),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    for (const callee of [one, two]) await callee.register(procedure, { invoke: 'roundrobin' });
    const request = caller.request(wamp.CALL, { progress: true }, procedure, [0]);
    for (const i of [1, 2, 3])
      caller.send([wamp.CALL, request, { progress: i < 3 }, procedure, [i]]);
    await caller.expectNothing();
    const received = [await one.received(), await two.received()];
    assert.deepEqual(received.map((each) => each.length).sort(), [0, 4]);
  });

  test('other calls may run between the chunks', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const long = caller.request(wamp.CALL, { progress: true }, procedure, ['a']);
    const first = await callee.expect(wamp.INVOCATION);
    const short = caller.request(wamp.CALL, {}, procedure, ['b']);
    assert.notEqual((await callee.answer(['b done']))[1], first[1]);
    await caller.expectReply(wamp.RESULT, short);
    caller.send([wamp.CALL, long, {}, procedure, ['c']]);
    assert.equal((await callee.answer(['c done']))[1], first[1]);
    await caller.expectReply(wamp.RESULT, long);
  });

  test('chunks that come after the answer are discarded', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { progress: true }, procedure, [1]);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([wamp.ERROR, wamp.INVOCATION, invocation[1], {}, 'spec.error.enough']);
    await caller.expectError(wamp.CALL, request, 'spec.error.enough');
    caller.send([wamp.CALL, request, { progress: true }, procedure, [2]]);
    await caller.expectNothing();
    await callee.expectNothing();
  });

  test('a caller that did not announce the feature violates the protocol', async (t) => {
    const [procedure, callee] = [fresh(), await node.join(t, wire)];
    await callee.register(procedure);
    const roles = wamp.rolesWithout('caller', 'progressive_call_invocations');
    const caller = await node.join(t, wire, { roles });
    caller.request(wamp.CALL, { progress: true }, procedure);
    await caller.expectAbort();
    await callee.expectNothing();
  });

  for (const feature of ['progressive_call_invocations', 'call_canceling']) {
    test(`a callee without ${feature} cannot take such a call`, async (t) => {
      const [procedure, caller] = [fresh(), await node.join(t, wire)];
      const callee = await node.join(t, wire, { roles: wamp.rolesWithout('callee', feature) });
      await callee.register(procedure);
      const request = caller.request(wamp.CALL, { progress: true }, procedure);
      await caller.expectError(wamp.CALL, request, 'wamp.error.feature_not_supported');
      await callee.expectNothing();
    });
  }

  test('cancelling ends the call for both', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { progress: true }, procedure, [1]);
    await callee.expect(wamp.INVOCATION);
    caller.send([wamp.CANCEL, request, { mode: 'killnowait' }]);
    await caller.expectError(wamp.CALL, request, 'wamp.error.canceled');
    await callee.expect(wamp.INTERRUPT);
    caller.send([wamp.CALL, request, {}, procedure, [2]]);
    await caller.expectNothing();
    await callee.expectNothing();
  });
});
