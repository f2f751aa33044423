import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateFiles, FIRST } from '../support/certificates.ts';
import { Crowd } from './support/crowd.ts';
import type { Target } from './support/crowd.ts';
import { callLatencies, Memory, median, report } from './support/measuring.ts';
import { NodeProcess } from './support/node-process.ts';

test('garbage on every port, as fast as it can be sent, hurts nobody', async (t) => {
  const { cert, key } = certificateFiles(t, FIRST);
  const node = await NodeProcess.start(t, {
    settings: {
      'wamp.tls.enabled': 'on',
      'wamp.tls.port': '0',
      'wamp.tls.certfile': cert,
      'wamp.tls.keyfile': key,
    },
  });
  const targets: readonly Target[] = [
    { transport: 'rawsocket', port: node.port('wamp.tcp') },
    { transport: 'websocket', port: node.port('api_gateway.http') },
    { transport: 'rawsocket', port: node.port('wamp.tls') },
    { transport: 'rawsocket', port: node.port('wamp.tls'), tls: true },
    { transport: 'websocket', port: node.port('admin') },
  ];
  const crowd = new Crowd(t);
  const memory = new Memory(t, node);
  let isOver = false;
  const garbage = Promise.all(
    targets.map((target) => crowd.do('garbage', target, { count: 20, ms: 6_000 })),
  ).finally(() => (isOver = true));
  const latencies = await callLatencies(t, node, () => isOver);
  t.diagnostic(`connections by port: ${(await garbage).join(', ')}`);
  report(t, 'meanwhile', latencies);
  t.diagnostic(`at most ${memory.stop().peakMb} MB, ${node.logLines} log lines`);
  assert(memory.peakMb < 500);
  assert(median(latencies) < 100);
  assert(node.logLines < 30, 'bad clients are counted, not told');
  assert((await node.counter('protocol_violations')) > 0);
  assert((await node.counter('rawsocket_refused_not_rawsocket')) > 0);
  assert((await node.counter('listener_tls_errors')) > 0);
});
