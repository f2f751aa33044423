/**
 * A call that goes to another node finds there what its caller wrote before: real nodes, whose store's broadcasts leave
 * seconds late. The same nodes, when their calls do not say what was written before them, show that it matters.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import * as wamp from '../support/codes.ts';
import { WEBSOCKET_JSON } from '../support/wire.ts';
import type { RawClient } from '../support/raw-client.ts';
import { delayedProgram } from './delayed-nodes.ts';
import type { ClusterNode } from './nodes.ts';
import { startCluster } from './nodes.ts';

const ROUNDS = 20;
const PATIENCE_MS = 30_000;
/** Longer than any round takes, also on a busy machine. */
const LATE_MS = 600_000;
const TOPIC = 'com.example.state';
const PROCEDURE = 'com.example.read';

it('a relayed call reads what was written before it', async (t) => {
  const { read, node } = await readAfterWrites(t, true);
  assert.deepEqual(
    read,
    Array.from({ length: ROUNDS }, (_, round) => round),
  );
  assert((await node.metric('bondy_relay_waited_total')) > 0);
  assert.equal(await node.metric('bondy_relay_late_calls_total'), 0);
});

it('a relayed call that does not say what was written before it reads older rows', async (t) => {
  const { read } = await readAfterWrites(t, false);
  assert(
    read.some((value, round) => value !== round),
    'this test would not notice',
  );
});

/** What each call has read on the second node of what was written before it on the first. */
async function readAfterWrites(
  t: TestContext,
  isCausal: boolean,
): Promise<{ read: readonly unknown[]; node: ClusterNode }> {
  const [first, second] = (await startCluster(t, 2, {
    program: delayedProgram({ broadcastDelayMs: LATE_MS, isCausal }),
    settings: { 'cluster.causal.timeout': '60s', 'aae.exchange_timer': '1h' },
  })) as [ClusterNode, ClusterNode];
  const callee = await second.join(t);
  await callee.register(PROCEDURE);
  const caller = await first.join(t);
  await first.until('able to reach the callee', () => knows(caller));
  const read: unknown[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await caller.publish(TOPIC, { retain: true }, [round]);
    const request = caller.request(wamp.CALL, {}, PROCEDURE);
    const invocation = await callee.next('the invocation', PATIENCE_MS);
    assert.equal(invocation[0], wamp.INVOCATION);
    read.push(await retainedOn(t, second));
    callee.send([wamp.YIELD, invocation[1], {}]);
    await caller.expectReply(wamp.RESULT, request);
  }
  return { read, node: second };
}

async function knows(caller: RawClient): Promise<boolean> {
  const request = caller.request(wamp.CALL, {}, 'wamp.registration.match', [PROCEDURE]);
  const [id] = (await caller.expectReply(wamp.RESULT, request))[3] as readonly unknown[];
  return id !== null;
}

/** What a session that comes now gets; undefined: nothing. */
async function retainedOn(t: TestContext, node: ClusterNode): Promise<unknown> {
  const client = await node.join(t, WEBSOCKET_JSON);
  await client.subscribe(TOPIC, { get_retained: true });
  client.request(wamp.SUBSCRIBE, {}, 'com.behind'); // answered behind what the first one brings
  let read: unknown;
  for (;;) {
    const message = await client.next();
    if (message[0] === wamp.SUBSCRIBED) break;
    [read] = message[4] as readonly unknown[];
  }
  client.destroy();
  return read;
}
