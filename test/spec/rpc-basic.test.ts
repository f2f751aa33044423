/** Remote procedure calls, basic profile (WAMP basic/remote_procedure_call.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { fresh } from '../support/uris.ts';
import { BATCHED, forEachWire, MATRIX } from '../support/wire.ts';

const node = useTestNode();

forEachWire([...MATRIX, ...BATCHED], (wire) => {
  test('a call reaches the callee and its result the caller', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    const registration = await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure, [1, 2], { plus: true });
    const invocation = await callee.answer([3], { sum: 3 });
    assert.equal(invocation[2], registration);
    assert.deepEqual(invocation.slice(4), [[1, 2], { plus: true }]);
    const result = await caller.expectReply(wamp.RESULT, request);
    assert.deepEqual(result.slice(2), [{}, [3], { sum: 3 }]);
  });

  test('a session may call itself', async (t) => {
    const [procedure, client] = [fresh(), await node.join(t, wire)];
    await client.register(procedure);
    const request = client.request(wamp.CALL, {}, procedure);
    await client.answer(['me']);
    await client.expectReply(wamp.RESULT, request);
  });

  test('calls may be answered in any order', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    await callee.register(procedure);
    const requests = [1, 2, 3].map((i) => caller.request(wamp.CALL, {}, procedure, [i]));
    const invocations = [];
    for (let i = 0; i < 3; i++) invocations.push(await callee.expect(wamp.INVOCATION));
    for (const invocation of invocations.reverse()) {
      callee.send([wamp.YIELD, invocation[1], {}, invocation[4]]);
    }
    for (const i of [3, 2, 1]) {
      const result = await caller.expectReply(wamp.RESULT, requests[i - 1]);
      assert.deepEqual(result[3], [i]);
    }
  });

  test("a callee's ERROR reaches the caller with its URI and payload", async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    callee.send([
      wamp.ERROR,
      wamp.INVOCATION,
      invocation[1],
      {},
      'spec.error.no_luck',
      [13],
      { a: 1 },
    ]);
    const error = await caller.expectError(wamp.CALL, request, 'spec.error.no_luck');
    assert.deepEqual(error.slice(5), [[13], { a: 1 }]);
  });

  test('a call to nobody is no_such_procedure', async (t) => {
    const caller = await node.join(t, wire);
    await caller.callFails('wamp.error.no_such_procedure', fresh());
  });

  test('a second registration of a procedure is procedure_already_exists', async (t) => {
    const procedure = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    await one.register(procedure);
    for (const client of [two, one]) {
      const request = client.request(wamp.REGISTER, {}, procedure);
      await client.expectError(wamp.REGISTER, request, 'wamp.error.procedure_already_exists');
    }
  });

  test('after UNREGISTERED the procedure is gone', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    const registration = await callee.register(procedure);
    const request = callee.request(wamp.UNREGISTER, registration);
    await callee.expectReply(wamp.UNREGISTERED, request);
    await caller.callFails('wamp.error.no_such_procedure', procedure);
    await caller.register(procedure);
  });

  test('UNREGISTER of an unknown or foreign registration is no_such_registration', async (t) => {
    const procedure = fresh();
    const [owner, stranger] = [await node.join(t, wire), await node.join(t, wire)];
    const registration = await owner.register(procedure);
    for (const id of [registration, wamp.MAX_ID]) {
      const request = stranger.request(wamp.UNREGISTER, id);
      await stranger.expectError(wamp.UNREGISTER, request, 'wamp.error.no_such_registration');
    }
    const call = stranger.request(wamp.CALL, {}, procedure);
    await owner.answer();
    await stranger.expectReply(wamp.RESULT, call);
  });

  test('a callee that unregistered still answers the calls it has', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    const registration = await callee.register(procedure);
    const call = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    const request = callee.request(wamp.UNREGISTER, registration);
    await callee.expectReply(wamp.UNREGISTERED, request);
    callee.send([wamp.YIELD, invocation[1], {}, ['late but right']]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, call))[3], ['late but right']);
  });

  test('answering a call twice is harmless', async (t) => {
    const procedure = fresh();
    const [callee, caller] = [await node.join(t, wire), await node.join(t, wire)];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.answer([1]);
    callee.send([wamp.YIELD, invocation[1], {}, [2]]);
    callee.send([wamp.ERROR, wamp.INVOCATION, invocation[1], {}, 'spec.error.late']);
    await callee.expectNothing();
    assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], [1]);
    await caller.expectNothing();
  });
});
