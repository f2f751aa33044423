/** Thousands of sessions that say nothing: they stay, they cost little, and others are served meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { certificateFiles, FIRST } from '../support/certificates.ts';
import { Crowd } from './support/crowd.ts';
import type { Target } from './support/crowd.ts';
import { callLatencies, median, report, until } from './support/measuring.ts';
import { NodeProcess } from './support/node-process.ts';

const KB = 1024;

async function costOf(
  t: TestContext,
  node: NodeProcess,
  target: Target,
  count: number,
): Promise<number> {
  const crowd = new Crowd(t);
  // Those who come first pay for what all share.
  assert.equal(await crowd.do('idle', target, { count: 500 }), 500);
  const before = node.rss;
  assert.equal(await crowd.do('idle', target, { count }), count);
  const cost = Math.round((node.rss - before) / count);
  t.diagnostic(`${count} idle sessions: ${(cost / KB).toFixed(1)} KB of RSS each`);
  let isOver = false;
  setTimeout(() => (isOver = true), 2_000);
  const latencies = await callLatencies(t, node, () => isOver);
  report(t, 'while they idle', latencies);
  assert(median(latencies) < 50);
  assert.equal(await crowd.open, count + 500);
  await crowd.leave();
  await until(
    'all sessions are gone',
    20_000,
    async () => (await node.metric('bondy_sessions')) === 0,
  );
  return cost;
}

test('18,000 rawsocket sessions', async (t) => {
  const node = await NodeProcess.start(t);
  const target: Target = { transport: 'rawsocket', port: node.port('wamp.tcp') };
  assert((await costOf(t, node, target, 17_500)) < 30 * KB);
});

test('18,000 websocket sessions', async (t) => {
  const node = await NodeProcess.start(t);
  const target: Target = { transport: 'websocket', port: node.port('api_gateway.http') };
  assert((await costOf(t, node, target, 17_500)) < 60 * KB);
});

for (const [transport, section] of [
  ['rawsocket', 'wamp.tls'],
  ['websocket', 'api_gateway.https'],
] as const) {
  test(`5,000 ${transport} sessions over TLS`, async (t) => {
    const { cert, key } = certificateFiles(t, FIRST);
    const node = await NodeProcess.start(t, {
      settings: {
        [`${section}.enabled`]: 'on',
        [`${section}.port`]: '0',
        [`${section}.certfile`]: cert,
        [`${section}.keyfile`]: key,
      },
    });
    const target: Target = { transport, port: node.port(section), tls: true };
    assert((await costOf(t, node, target, 4_500)) < 150 * KB);
  });
}
