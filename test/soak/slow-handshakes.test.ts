/** Connections that begin and do not go on are gone within their time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateFiles, FIRST } from '../support/certificates.ts';
import { Crowd } from './support/crowd.ts';
import { until } from './support/measuring.ts';
import { NodeProcess } from './support/node-process.ts';

const EACH = 100;

test('half handshakes of every kind are cut in time, and counted', async (t) => {
  const { cert, key } = certificateFiles(t, FIRST);
  const node = await NodeProcess.start(t, {
    settings: {
      'wamp.hello_timeout': '1s',
      'wamp.tcp.handshake_timeout': '1s',
      'wamp.tls.handshake_timeout': '1s',
      'api_gateway.http.handshake_timeout': '1s',
      'api_gateway.https.handshake_timeout': '1s',
      'wamp.tls.enabled': 'on',
      'wamp.tls.port': '0',
      'wamp.tls.certfile': cert,
      'wamp.tls.keyfile': key,
      'api_gateway.https.enabled': 'on',
      'api_gateway.https.port': '0',
      'api_gateway.https.certfile': cert,
      'api_gateway.https.keyfile': key,
      'api_gateway.https.proxy_protocol': 'on',
      'api_gateway.https.trusted_proxies': '127.0.0.0/8',
    },
  });
  const admin = new Crowd(t);
  const stall = (crowd: Crowd, section: string, text: string): Promise<number> =>
    crowd.do('stall', { transport: 'rawsocket', port: node.port(section) }, { count: EACH, text });
  await admin.do(
    'stall',
    { transport: 'rawsocket', port: node.port('admin') },
    { count: 20, text: 'GET /ping HTTP/1.1\r\nHost: local' },
  );
  const crowd = new Crowd(t);
  const began = performance.now();
  const clientHello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
  for (const [section, text] of [
    ['wamp.tcp', ''],
    ['wamp.tcp', '\x7f\xf1'],
    ['api_gateway.http', ''],
    ['api_gateway.http', 'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgr'],
    ['api_gateway.http', 'POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx'],
    ['wamp.tls', ''],
    ['wamp.tls', clientHello],
    ['api_gateway.https', 'PROXY TCP4 192.0.2.1 127.'],
    ['api_gateway.https', `PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n${clientHello}`],
  ] as const) {
    await stall(crowd, section, text);
  }
  await until('all half handshakes are cut', 6_000, async () => (await crowd.open) === 0);
  t.diagnostic(`gone after ${Math.round(performance.now() - began)} ms`);
  // The request with an unfinished body has an answer and is closed after it.
  assert((await node.counter('listener_handshake_timeouts')) >= 8 * EACH);

  await stall(crowd, 'wamp.tcp', '\x7f\xf1\x00\x00');
  await until('all that never say HELLO are gone', 6_000, async () => (await crowd.open) === 0);
  assert.equal(await node.counter('hello_timeouts'), EACH);
  assert.equal(await node.metric('bondy_connections'), 0);

  await until(
    'half requests to the admin port are cut',
    20_000,
    async () => (await admin.open) === 0,
  );
  assert(node.logLines < 30, 'a cut connection is counted, not told');
});
