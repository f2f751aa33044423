/** Call timeouts (WAMP advanced/rpc_call_timeout.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import { dict } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const TIMEOUT = 'wamp.error.timeout';

forEachWire(SAMPLE, (wire) => {
  test('a call that takes too long fails with timeout, and its callee is interrupted', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { timeout: 20 }, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    await caller.expectError(wamp.CALL, request, TIMEOUT);
    assert.equal((await callee.expect(wamp.INTERRUPT))[1], invocation[1]);
    callee.send([wamp.YIELD, invocation[1], {}, ['late']]);
    await callee.expectNothing();
    await caller.expectNothing();
  });

  test('a callee that cannot be interrupted is not', async (t) => {
    const [procedure, caller] = [fresh(), await node.join(t, wire)];
    const roles = wamp.rolesWithout('callee', 'call_canceling');
    const callee = await node.join(t, wire, { roles });
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { timeout: 20 }, procedure);
    await callee.expect(wamp.INVOCATION);
    await caller.expectError(wamp.CALL, request, TIMEOUT);
    await callee.expectNothing();
  });

  test('a call that is answered in time does not time out afterwards', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const quick = caller.request(wamp.CALL, { timeout: 30 }, procedure);
    await callee.answer();
    await caller.expectReply(wamp.RESULT, quick);
    // A later timer has fired, so the earlier one would have too.
    const slow = caller.request(wamp.CALL, { timeout: 60 }, procedure);
    await callee.expect(wamp.INVOCATION);
    await caller.expectError(wamp.CALL, slow, TIMEOUT);
    await callee.expect(wamp.INTERRUPT);
    await caller.expectNothing();
    await callee.expectNothing();
  });

  test('timeout 0 means none', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const endless = caller.request(wamp.CALL, { timeout: 0 }, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    const other = caller.request(wamp.CALL, { timeout: 20 }, procedure);
    await callee.expect(wamp.INVOCATION);
    await caller.expectError(wamp.CALL, other, TIMEOUT);
    callee.send([wamp.YIELD, invocation[1], {}]);
    await caller.expectReply(wamp.RESULT, endless);
  });

  test('a callee that registered forward_timeout is told the timeout', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure, { forward_timeout: true });
    const request = caller.request(wamp.CALL, { timeout: 5000 }, procedure);
    assert.equal(dict((await callee.answer())[3]).timeout, 5000);
    await caller.expectReply(wamp.RESULT, request);
  });

  test('a callee that did not register forward_timeout is not told', async (t) => {
    const [procedure, callee, caller] = [
      fresh(),
      await node.join(t, wire),
      await node.join(t, wire),
    ];
    await callee.register(procedure);
    const request = caller.request(wamp.CALL, { timeout: 5000 }, procedure);
    assert.equal(dict((await callee.answer())[3]).timeout, undefined);
    await caller.expectReply(wamp.RESULT, request);
  });
});
