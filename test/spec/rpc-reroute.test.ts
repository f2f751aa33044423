/** Call re-routing (WAMP advanced/rpc_call_rerouting.md). */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import type { Wire } from '../support/wire.ts';
import { forEachWire, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
const UNAVAILABLE = 'wamp.error.unavailable';

async function callees(t: TestContext, wire: Wire, procedure: string): Promise<RawClient[]> {
  const all: RawClient[] = [];
  for (let i = 0; i < 3; i++) {
    all.push(await node.join(t, wire));
    await all[i].register(procedure, { invoke: 'roundrobin' });
  }
  return all;
}

async function decline(callee: RawClient): Promise<void> {
  const invocation = await callee.expect(wamp.INVOCATION);
  callee.send([wamp.ERROR, wamp.INVOCATION, invocation[1], {}, UNAVAILABLE]);
}

forEachWire(SAMPLE, (wire) => {
  test('a call that a callee declines as unavailable goes to the next one', async (t) => {
    const procedure = fresh();
    const [one, two, three] = await callees(t, wire, procedure);
    const caller = await node.join(t, wire);
    const request = caller.request(wamp.CALL, {}, procedure, [1], { two: 2 });
    await decline(one);
    await decline(two);
    const invocation = await three.answer(['here']);
    assert.deepEqual(invocation.slice(4), [[1], { two: 2 }]);
    assert.deepEqual((await caller.expectReply(wamp.RESULT, request))[3], ['here']);
  });

  test('when all callees decline, the caller gets no_available_callee', async (t) => {
    const procedure = fresh();
    const all = await callees(t, wire, procedure);
    const caller = await node.join(t, wire);
    const request = caller.request(wamp.CALL, {}, procedure);
    for (const callee of all) await decline(callee);
    await caller.expectError(wamp.CALL, request, 'wamp.error.no_available_callee');
    for (const callee of all) await callee.expectNothing();
  });

  test('any other error is an answer and goes to the caller', async (t) => {
    const procedure = fresh();
    const [one, two] = await callees(t, wire, procedure);
    const caller = await node.join(t, wire);
    const request = caller.request(wamp.CALL, {}, procedure);
    const invocation = await one.expect(wamp.INVOCATION);
    one.send([wamp.ERROR, wamp.INVOCATION, invocation[1], {}, 'spec.error.other']);
    await caller.expectError(wamp.CALL, request, 'spec.error.other');
    await two.expectNothing();
  });
});
