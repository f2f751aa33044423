/** Cancelling calls (WAMP advanced/rpc_call_canceling.md). */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import type { Wire } from '../support/wire.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const CANCELED = 'wamp.error.canceled';

/** A call that its callee has and has not answered. */
async function runningCall(t: TestContext, wire: Wire, roles: unknown = wamp.ALL_ROLES) {
  const procedure = fresh();
  const callee = await node.join(t, wire, { roles });
  await callee.register(procedure);
  const caller = await node.join(t, wire);
  const request = caller.request(wamp.CALL, {}, procedure);
  const invocation = (await callee.expect(wamp.INVOCATION))[1];
  return { callee, caller, request, invocation };
}

forEachWire(SAMPLE, (wire) => {
  test('skip answers the caller at once and tells the callee nothing', async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, { mode: 'skip' }]);
    await caller.expectError(wamp.CALL, request, CANCELED);
    await callee.expectNothing();
    callee.send([wamp.YIELD, invocation, {}, ['late']]);
    await callee.expectNothing();
    await caller.expectNothing();
  });

  test('kill interrupts the callee and waits for its answer', async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, { mode: 'kill' }]);
    await caller.expectNothing();
    const interrupt = await callee.expect(wamp.INTERRUPT);
    assert.equal(interrupt[1], invocation);
    assert.equal(dict(interrupt[2]).mode, 'kill');
    callee.send([wamp.ERROR, wamp.INVOCATION, invocation, {}, CANCELED, ['cleaned up']]);
    assert.deepEqual((await caller.expectError(wamp.CALL, request, CANCELED))[5], ['cleaned up']);
  });

  test('a callee that is done before the INTERRUPT of kill gives its result', async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, { mode: 'kill' }]);
    await callee.expect(wamp.INTERRUPT);
    callee.send([wamp.YIELD, invocation, {}, ['done']]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], ['done']);
  });

  test('killnowait answers the caller at once and interrupts the callee', async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, { mode: 'killnowait' }]);
    await caller.expectError(wamp.CALL, request, CANCELED);
    const interrupt = await callee.expect(wamp.INTERRUPT);
    assert.equal(interrupt[1], invocation);
    assert.equal(dict(interrupt[2]).mode, 'killnowait');
    callee.send([wamp.ERROR, wamp.INVOCATION, invocation, {}, CANCELED]);
    await callee.expectNothing();
    await caller.expectNothing();
  });

  test('CANCEL without a mode ends the call', async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, {}]);
    const before = await caller.received();
    for (const message of await callee.received()) {
      assert.deepEqual(message.slice(0, 2), [wamp.INTERRUPT, invocation]);
      callee.send([wamp.ERROR, wamp.INVOCATION, invocation, {}, CANCELED]);
    }
    const [error] = before.length > 0 ? before : [await caller.next()];
    assert.deepEqual(error.slice(0, 3), [wamp.ERROR, wamp.CALL, request]);
    assert.equal(error[4], CANCELED);
  });

  for (const mode of ['kill', 'killnowait']) {
    test(`${mode} is skip for a callee that cannot be interrupted`, async (t) => {
      const roles = wamp.rolesWithout('callee', 'call_canceling');
      const { callee, caller, request, invocation } = await runningCall(t, wire, roles);
      caller.send([wamp.CANCEL, request, { mode }]);
      await caller.expectError(wamp.CALL, request, CANCELED);
      callee.send([wamp.YIELD, invocation, {}]);
      await callee.expectNothing();
      await caller.expectNothing();
    });
  }

  test('cancelling twice, too late, or what never was is harmless', async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, { mode: 'skip' }]);
    caller.send([wamp.CANCEL, request, { mode: 'kill' }]);
    await caller.expectError(wamp.CALL, request, CANCELED);
    caller.send([wamp.CANCEL, request, { mode: 'killnowait' }]);
    caller.send([wamp.CANCEL, 4711, { mode: 'kill' }]);
    await caller.expectNothing();
    callee.send([wamp.YIELD, invocation, {}]);
    await callee.expectNothing();
  });

  test('kill may be followed by killnowait when the callee takes too long', async (t) => {
    const { callee, caller, request } = await runningCall(t, wire);
    caller.send([wamp.CANCEL, request, { mode: 'kill' }]);
    await callee.expect(wamp.INTERRUPT);
    caller.send([wamp.CANCEL, request, { mode: 'killnowait' }]);
    await caller.expectError(wamp.CALL, request, CANCELED);
  });

  test("nobody can cancel somebody else's call", async (t) => {
    const { callee, caller, request, invocation } = await runningCall(t, wire);
    const stranger = await node.join(t, wire);
    stranger.send([wamp.CANCEL, request, { mode: 'killnowait' }]);
    await stranger.expectNothing();
    await callee.expectNothing();
    callee.send([wamp.YIELD, invocation, {}]);
    await caller.expectReply(wamp.RESULT, request);
  });
});
