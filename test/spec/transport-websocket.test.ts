/** WebSocket as a transport (WAMP basic/building_blocks.md, "WebSocket Transport"). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import WebSocket from 'ws';
import * as wamp from '../support/codes.ts';
import type { WebSocketLink } from '../support/links.ts';
import { useTestNode } from '../support/node.ts';
import type { RawClient } from '../support/raw-client.ts';
import { SERIALIZERS } from '../support/serializers.ts';
import { forEachWire, MATRIX, WEBSOCKET_JSON } from '../support/wire.ts';

const node = useTestNode({ 'wamp.websocket.max_frame_size': '64KB' });
const WEBSOCKETS = MATRIX.filter((wire) => wire.transport === 'websocket');

async function handshake(
  protocols: readonly string[],
  url = node.urls.websocket,
): Promise<WebSocket | number> {
  const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.on('error', reject);
  });
}

test('the first subprotocol of the client that the router knows is taken', async () => {
  for (const [offered, taken] of [
    [['wamp.2.cbor', 'wamp.2.json'], 'wamp.2.cbor'],
    [['wamp.2.ubjson', 'chat', 'wamp.2.msgpack'], 'wamp.2.msgpack'],
    [['wamp.2.json.batched', 'wamp.2.json'], 'wamp.2.json.batched'],
  ] as const) {
    const socket = await handshake(offered);
    assert(socket instanceof WebSocket);
    assert.equal(socket.protocol, taken);
    socket.terminate();
  }
});

for (const offered of [[], ['chat'], ['wamp.2.ubjson', 'wamp.3.json']]) {
  test(`a client that offers ${JSON.stringify(offered)} gets no connection`, async () => {
    const outcome = await handshake(offered).catch((error: Error) => error);
    if (outcome instanceof WebSocket) {
      // Open without a subprotocol is an HTTP success; the router must end it.
      const [code] = (await once(outcome, 'close')) as [number];
      assert(code >= 1002);
    } else if (typeof outcome === 'number') assert(outcome >= 400 && outcome < 500);
  });
}

test('another path is not a WAMP endpoint', async () => {
  const url = node.urls.websocket.replace(/\/ws$/, '/elsewhere');
  const outcome = await handshake(['wamp.2.json'], url);
  assert.equal(outcome, 404);
});

test('plain HTTP on the WAMP path is told to upgrade', async () => {
  const response = await fetch(node.urls.websocket.replace('ws:', 'http:'));
  assert(response.status >= 400 && response.status < 500, String(response.status));
  await response.arrayBuffer();
});

forEachWire(WEBSOCKETS, (wire) => {
  const isBinary = wire.serializer !== 'json';

  test(`messages come in ${isBinary ? 'binary' : 'text'} frames`, async (t) => {
    const client = await node.join(t, wire);
    const link = client.link as WebSocketLink;
    assert(link.frames.every((frame) => frame.isBinary === isBinary));
  });

  test(`a ${isBinary ? 'text' : 'binary'} frame is a protocol violation`, async (t) => {
    const client = await node.join(t, wire);
    const bytes = Buffer.from('[48,1,{},"spec.procedure"]');
    (client.link as WebSocketLink).sendData(bytes, !isBinary);
    await client.expectAbort();
  });

  test('a fragmented message is one message', async (t) => {
    const client = await node.join(t, wire);
    const { socket } = client.link as WebSocketLink;
    const whole = encodedCall(client);
    for (let i = 0; i < whole.length; i++) {
      socket.send(whole.subarray(i, i + 1), { binary: isBinary, fin: i === whole.length - 1 });
    }
    await client.expectError(wamp.CALL, 1, 'wamp.error.no_such_procedure');
  });

  test('a ping is answered, also between the fragments of a message', async (t) => {
    const client = await node.join(t, wire);
    const { socket } = client.link as WebSocketLink;
    const whole = encodedCall(client);
    const pong = once(socket, 'pong');
    socket.send(whole.subarray(0, 4), { binary: isBinary, fin: false });
    socket.ping('between');
    assert.equal(String((await pong)[0]), 'between');
    socket.send(whole.subarray(4), { binary: isBinary, fin: true });
    await client.expectError(wamp.CALL, 1, 'wamp.error.no_such_procedure');
  });

  test('a message at the limit passes, one over it ends the connection', async (t) => {
    const limit = 64 * 1024;
    const client = await node.join(t, wire);
    const request = client.request(wamp.CALL, {}, 'spec.nobody', ['x'.repeat(limit - 60)]);
    await client.expectError(wamp.CALL, request, 'wamp.error.no_such_procedure');
    client.request(wamp.CALL, {}, 'spec.nobody', ['x'.repeat(limit + 1)]);
    await client.expectAbort();
    await node.expectHealthy(t);
  });

  test('close from the client ends the session', async (t) => {
    const client = await node.join(t, wire);
    const watcher = await node.join(t, wire);
    await watcher.subscribe('wamp.session.on_leave');
    client.link.end();
    assert.equal((await client.closed()).code, 1000);
    for (;;) if (((await watcher.expect(wamp.EVENT))[4] as unknown[])[0] === client.session) break;
  });
});

test('bytes that are not WebSocket frames end the connection', async (t) => {
  for (const hex of ['8105', 'ff80ffff', '81ff', 'f1800000', '8300', '0100']) {
    const client = await node.join(t, WEBSOCKET_JSON);
    client.link.write(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(64, 0xff)]));
    await client.expectAbort();
  }
  await node.expectHealthy(t);
});

test('text that is not UTF-8 is a protocol violation', async (t) => {
  const client = await node.join(t, WEBSOCKET_JSON);
  (client.link as WebSocketLink).sendData(Buffer.from('5b3438ff5d', 'hex'));
  await client.expectAbort();
});

test('two connections of one process do not share a session', async (t) => {
  const [one, two] = [await node.join(t, WEBSOCKET_JSON), await node.join(t, WEBSOCKET_JSON)];
  one.destroy();
  await two.expectNothing();
});

function encodedCall(client: RawClient): Uint8Array {
  const message = [wamp.CALL, client.nextId(), {}, 'spec.nobody.registers.this'];
  return SERIALIZERS[client.wire.serializer].encode(message);
}
