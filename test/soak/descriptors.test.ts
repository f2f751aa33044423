import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd } from './support/crowd.ts';
import type { Target } from './support/crowd.ts';
import { until } from './support/measuring.ts';
import { NodeProcess } from './support/node-process.ts';

test('without descriptors new connections are refused, old ones live on, and places that become free are given', async (t) => {
  const node = await NodeProcess.start(t, { descriptors: 256 });
  const [callee, caller] = [await node.join(t), await node.join(t)];
  await callee.register('soak.old');
  const target: Target = { transport: 'rawsocket', port: node.port('wamp.tcp') };
  const crowd = new Crowd(t);
  const joined = await crowd.do('idle', target, { count: 400 });
  t.diagnostic(`${joined} of 400 joined`);
  assert(joined > 150 && joined < 256);
  // Refused, not kept waiting: the crowd has no connection beyond those.
  await until('the others are closed', 5_000, async () => (await crowd.open) === joined);
  for (let i = 0; i < 100; i++) {
    const request = caller.request(48, {}, 'soak.old', [i]);
    await callee.answer([i]);
    assert.deepEqual((await caller.expectReply(50, request))[3], [i]);
  }
  await crowd.leave(50);
  await until('the crowd has shrunk', 5_000, async () => (await crowd.open) <= joined - 50);
  await until(
    'somebody new gets in',
    5_000,
    async () => (await crowd.do('idle', target, { count: 1 })) === 1,
  );
  assert.equal(await crowd.do('idle', target, { count: 30 }), 30);
  assert.equal(await node.metric('bondy_connections'), joined - 50 + 31 + 2);
  assert(node.logLines < 30, 'a refusal is counted, not told');
});
