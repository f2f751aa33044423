/** What the end of a caller or callee does to the calls between them (WAMP basic/remote_procedure_call.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();

const ENDS: Readonly<Record<string, (client: RawClient) => void>> = {
  'says GOODBYE': (client) => client.send([wamp.GOODBYE, {}, 'wamp.close.close_realm']),
  'says ABORT': (client) => client.send([wamp.ABORT, {}, 'spec.error.enough']),
  'is cut off': (client) => client.destroy(),
  'violates the protocol': (client) => client.send([wamp.WELCOME, 1, {}]),
};

forEachWire(SAMPLE, (wire) => {
  for (const [how, end] of Object.entries(ENDS)) {
    test(`the calls of a callee that ${how} are answered with canceled`, async (t) => {
      const [procedure, callee, caller] = [
        fresh(),
        await node.join(t, wire),
        await node.join(t, wire),
      ];
      await callee.register(procedure);
      const requests = [1, 2].map(() => caller.request(wamp.CALL, {}, procedure));
      await callee.expect(wamp.INVOCATION);
      await callee.expect(wamp.INVOCATION);
      end(callee);
      for (const request of requests) {
        await caller.expectError(wamp.CALL, request, 'wamp.error.canceled');
      }
      await caller.callFails('wamp.error.no_such_procedure', procedure);
    });

    test(`the callee of a caller that ${how} is interrupted`, async (t) => {
      const [procedure, callee, caller] = [
        fresh(),
        await node.join(t, wire),
        await node.join(t, wire),
      ];
      await callee.register(procedure);
      caller.request(wamp.CALL, {}, procedure);
      const invocation = await callee.expect(wamp.INVOCATION);
      end(caller);
      const interrupt = await callee.expect(wamp.INTERRUPT);
      assert.equal(interrupt[1], invocation[1]);
      assert.equal((interrupt[2] as { mode: unknown }).mode, 'killnowait');
      callee.send([wamp.ERROR, wamp.INVOCATION, invocation[1], {}, 'wamp.error.canceled']);
      await callee.expectNothing();
    });
  }

  test('a callee that cannot be interrupted may answer a caller that is gone', async (t) => {
    const procedure = fresh();
    const roles = wamp.rolesWithout('callee', 'call_canceling');
    const [callee, caller] = [await node.join(t, wire, { roles }), await node.join(t, wire)];
    await callee.register(procedure);
    caller.request(wamp.CALL, {}, procedure);
    const invocation = await callee.expect(wamp.INVOCATION);
    await caller.leave();
    callee.send([wamp.YIELD, invocation[1], {}, ['nobody listens']]);
    await callee.expectNothing();
  });

  test('a callee that calls itself may leave in the middle', async (t) => {
    const [procedure, client] = [fresh(), await node.join(t, wire)];
    await client.register(procedure);
    client.request(wamp.CALL, {}, procedure);
    await client.expect(wamp.INVOCATION);
    client.destroy();
    await node.expectHealthy(t);
  });
});
