import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd } from './support/crowd.ts';
import { Memory, until } from './support/measuring.ts';
import { NodeProcess } from './support/node-process.ts';

test('sessions that come, register, subscribe and vanish leave nothing behind', async (t) => {
  const node = await NodeProcess.start(t);
  const memory = new Memory(t, node, 250);
  const churns = await Promise.all([
    new Crowd(t).do(
      'churn',
      { transport: 'rawsocket', port: node.port('wamp.tcp') },
      { count: 25, ms: 30_000 },
    ),
    new Crowd(t).do(
      'churn',
      { transport: 'websocket', port: node.port('api_gateway.http') },
      { count: 25, ms: 30_000 },
    ),
  ]);
  const [first, middle, last] = memory.stop().thirdsMb;
  t.diagnostic(`${churns.join(' + ')} sessions; median RSS ${first}, ${middle}, ${last} MB`);
  assert(churns.every((count) => count > 1_000));
  assert(last < middle * 1.1 + 10, 'memory does not grow with the number of sessions that were');

  const witness = await node.join(t);
  const first0 = async (procedure: string): Promise<unknown> =>
    ((await witness.call(procedure))[3] as readonly unknown[])[0];
  await until(
    'only the witness is left',
    5_000,
    async () => (await first0('wamp.session.count')) === 1,
  );
  for (const what of ['registration', 'subscription']) {
    const { exact, prefix, wildcard } = (await first0(`wamp.${what}.list`)) as Readonly<
      Record<string, readonly number[]>
    >;
    assert.deepEqual([exact, prefix, wildcard], [[], [], []], what);
  }
  assert.equal(await node.metric('bondy_connections'), 1);
});
