/** Keep-alive PINGs over RawSocket: off by default, harmless to clients that know them when on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import autobahn from 'autobahn';
import type { Session } from 'autobahn';
import { useTestNode } from '../support/node.ts';

const node = useTestNode({
  'wamp.tcp.ping.enabled': 'on',
  'wamp.tcp.ping.idle_timeout': '60ms',
  'wamp.tcp.ping.timeout': '60ms',
});

test('autobahn-js answers our PINGs although it has nothing else to do; a mute client is cut', async (t) => {
  const { hostname, port } = new URL(node.urls.rawsocket);
  const connection = new autobahn.Connection({
    realm: 'realm1',
    transports: [{ type: 'rawsocket', host: hostname, port: Number(port) }],
    max_retries: 0,
  });
  t.after(() => connection.close());
  const session = await new Promise<Session>((resolve) => {
    connection.onopen = resolve;
    connection.open();
  });
  // A client that does not answer is the clock.
  for (let round = 0; round < 3; round++) {
    const mute = net.connect(Number(port), hostname);
    t.after(() => mute.destroy());
    mute.on('error', () => {});
    mute.write(Buffer.from([0x7f, 0xf1, 0, 0]));
    mute.resume();
    await once(mute, 'close');
  }
  assert.equal(await session.call('wamp.session.count'), 1);
});
