/** Shared registrations: who gets the next call (WAMP advanced/rpc_shared_registration.md), and Bondy's extensions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wamp from '../support/codes.ts';
import { useTestNode } from '../support/node.ts';
import type { Details, RawClient } from '../support/raw-client.ts';
import { fresh } from '../support/uris.ts';
import type { Wire } from '../support/wire.ts';
import { forEachWire, RAWSOCKET_MSGPACK, SAMPLE } from '../support/wire.ts';

const node = useTestNode();
type Test = Parameters<typeof node.join>[0];

async function callees(
  t: Test,
  wire: Wire,
  procedure: string,
  options: Details,
): Promise<RawClient[]> {
  const all: RawClient[] = [];
  for (let i = 0; i < 3; i++) {
    const callee = await node.join(t, wire);
    await callee.register(procedure, options);
    all.push(callee);
  }
  return all;
}

/** Calls `times` times, each answered before the next; the index of who was asked. */
async function asked(
  caller: RawClient,
  all: readonly RawClient[],
  procedure: string,
  times: number,
  options: Details = {},
): Promise<number[]> {
  const order: number[] = [];
  for (let i = 0; i < times; i++) {
    const request = caller.request(wamp.CALL, options, procedure, [i]);
    await caller.expectNothing();
    const invocations = await Promise.all(all.map((callee) => callee.received()));
    const who = invocations.findIndex((each) => each.length === 1);
    order.push(who);
    // The invocation was read by `received`; its id is the callee's own counter.
    all[who].send([wamp.YIELD, order.filter((each) => each === who).length, {}]);
    await caller.expectReply(wamp.RESULT, request);
  }
  return order;
}

forEachWire(SAMPLE, (wire) => {
  const policies: readonly (readonly [string, readonly number[]])[] = [
    ['first', [0, 0, 0, 0]],
    ['last', [2, 2, 2, 2]],
    ['roundrobin', [0, 1, 2, 0]],
  ];
  for (const [invoke, expected] of policies) {
    test(`${invoke} asks callees in its order`, async (t) => {
      const procedure = fresh();
      const all = await callees(t, wire, procedure, { invoke });
      const caller = await node.join(t, wire);
      assert.deepEqual(await asked(caller, all, procedure, 4), expected);
    });
  }

  test('single is the default and excludes others', async (t) => {
    const procedure = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    await one.register(procedure, { invoke: 'single' });
    for (const invoke of ['single', 'roundrobin', 'random', 'first', 'last']) {
      const request = two.request(wamp.REGISTER, { invoke }, procedure);
      await two.expectError(wamp.REGISTER, request, 'wamp.error.procedure_already_exists');
    }
  });

  test('the first registration decides the policy; another one is refused', async (t) => {
    const procedure = fresh();
    const [one, two] = [await node.join(t, wire), await node.join(t, wire)];
    const registration = await one.register(procedure, { invoke: 'roundrobin' });
    for (const invoke of ['first', 'random', 'single', undefined]) {
      const request = two.request(wamp.REGISTER, invoke ? { invoke } : {}, procedure);
      await two.expectError(wamp.REGISTER, request, 'wamp.error.procedure_already_exists');
    }
    assert.equal(await two.register(procedure, { invoke: 'roundrobin' }), registration);
  });

  test('when a callee goes, the others take its calls', async (t) => {
    const procedure = fresh();
    const all = await callees(t, wire, procedure, { invoke: 'first' });
    const caller = await node.join(t, wire);
    await all[0].leave();
    const request = caller.request(wamp.CALL, {}, procedure);
    await all[1].answer();
    await caller.expectReply(wamp.RESULT, request);
  });
});

test('random asks everybody sooner or later', async (t) => {
  const procedure = fresh();
  const all = await callees(t, RAWSOCKET_MSGPACK, procedure, { invoke: 'random' });
  const caller = await node.join(t, RAWSOCKET_MSGPACK);
  // 60 calls that miss one of three: one chance in 10^10.
  const order = await asked(caller, all, procedure, 60);
  assert.deepEqual([...new Set(order)].sort(), [0, 1, 2]);
});

test('force_reregister takes a procedure from a callee that is gone in all but name', async (t) => {
  const procedure = fresh();
  const [old, young] = [
    await node.join(t, RAWSOCKET_MSGPACK),
    await node.join(t, RAWSOCKET_MSGPACK),
  ];
  const before = await old.register(procedure);
  await young.register(procedure, { force_reregister: true });
  const revoked = await old.expect(wamp.UNREGISTERED);
  assert.equal(revoked[1], 0);
  assert.equal((revoked[2] as Details).registration, before);
  const caller = await node.join(t, RAWSOCKET_MSGPACK);
  const request = caller.request(wamp.CALL, {}, procedure);
  await young.answer();
  await caller.expectReply(wamp.RESULT, request);
});

test('a callee has at most as many calls at once as it registered for', async (t) => {
  const procedure = fresh();
  const callee = await node.join(t, RAWSOCKET_MSGPACK);
  await callee.register(procedure, { concurrency: 2 });
  const caller = await node.join(t, RAWSOCKET_MSGPACK);
  const requests = [1, 2, 3].map(() => caller.request(wamp.CALL, {}, procedure));
  const refused = await caller.expect(wamp.ERROR);
  assert.equal((await callee.received()).length, 2);
  assert.equal(refused[2], requests[2]);
  assert(
    ['wamp.error.unavailable', 'wamp.error.no_available_callee'].includes(refused[4] as string),
    String(refused[4]),
  );
  callee.send([wamp.YIELD, 1, {}]);
  await caller.expectReply(wamp.RESULT, requests[0]);
  const again = caller.request(wamp.CALL, {}, procedure);
  assert.equal((await callee.answer())[1], 3);
  await caller.expectReply(wamp.RESULT, again);
});
