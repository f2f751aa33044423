/** Clients that say much and read nothing: the node's memory stays bounded and everybody else is served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowd } from './support/crowd.ts';
import type { Target } from './support/crowd.ts';
import { callLatencies, Memory, report, until } from './support/measuring.ts';
import { NodeProcess } from './support/node-process.ts';

const MS = 5_000;

for (const transport of ['rawsocket', 'websocket'] as const) {
  const section = transport === 'rawsocket' ? 'wamp.tcp' : 'api_gateway.http';

  test(`200 ${transport} sessions send requests without end and read no answer`, async (t) => {
    const node = await NodeProcess.start(t);
    const target: Target = { transport, port: node.port(section) };
    const memory = new Memory(t, node);
    let isOver = false;
    const flooding = new Crowd(t)
      .do('flood', target, { count: 200, ms: MS })
      .then(() => (isOver = true));
    const latencies = await callLatencies(t, node, () => isOver);
    await flooding;
    report(t, 'during the flood', latencies);
    t.diagnostic(
      `at most ${memory.stop().peakMb} MB; ${await node.counter('callers_paused')} paused`,
    );
    assert(memory.peakMb < 800);
    assert.equal(await node.counter('connections_overflowed'), 0);
  });

  test(`200 ${transport} subscribers never read what is published at full speed`, async (t) => {
    const node = await NodeProcess.start(t, {
      settings: { 'wamp.backlog.max_total': '256MB', 'wamp.slow_consumer_timeout': '2s' },
    });
    const target: Target = { transport, port: node.port(section) };
    const [sleepers, publishers] = [new Crowd(t), new Crowd(t)];
    await sleepers.do('sleep', target, { count: 200 });
    const memory = new Memory(t, node);
    let isOver = false;
    const publishing = publishers
      .do('publish', target, { count: 2, ms: MS })
      .then(() => (isOver = true));
    const latencies = await callLatencies(t, node, () => isOver);
    await publishing;
    await until(
      'no sleeper is left',
      10_000,
      async () => (await node.metric('bondy_sessions')) <= 2,
    );
    report(t, 'while they slept', latencies);
    const [aborted, cut, overflowed] = [
      await node.counter('slow_consumers_aborted'),
      await node.counter('connections_cut_for_room'),
      await node.counter('connections_overflowed'),
    ];
    t.diagnostic(
      `at most ${memory.stop().peakMb} MB; ${aborted} aborted, ${cut} cut for room, ${overflowed} overflowed`,
    );
    assert(aborted + cut + overflowed >= 200);
    assert(memory.peakMb < 900);
    // An aborted one has a while to read what is queued for it, then it is cut.
    await until(
      'nothing is owed',
      15_000,
      async () => (await node.metric('bondy_backlog_bytes')) === 0,
    );
  });
}
