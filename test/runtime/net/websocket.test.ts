import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import WebSocket from 'ws';
import { json } from '../../../runtime/wamp/json.ts';
import { encoded, event, Observer, TcpClient, webSocketServer } from '../../support/net.ts';
import type { TestServer } from '../../support/net.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const MESSAGE = encoded(json, event(json, 1));

function request(headers: Record<string, string | undefined> = {}, path = '/ws'): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Protocol': 'wamp.2.json',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** What the server answers to one request, status line and headers. */
async function answer(t: TestContext, server: TestServer, text: string): Promise<string> {
  const client = await TcpClient.connect(t, server.port);
  client.write(text);
  return readHead(client);
}

async function readHead(client: TcpClient): Promise<string> {
  let head = '';
  while (!head.endsWith('\r\n\r\n')) head += (await client.read(1)).toString('latin1');
  return head;
}

/** A client's frame; masked with zeros unless told otherwise. */
function frame(first: number, body: Uint8Array, isMasked = true): Buffer {
  const short = body.length < 126;
  const header = Buffer.alloc((short ? 2 : 4) + (isMasked ? 4 : 0));
  header[0] = first;
  header[1] = (isMasked ? 0x80 : 0) | (short ? body.length : 126);
  if (!short) header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

async function upgraded(t: TestContext, server: TestServer, headers = {}) {
  const client = await TcpClient.connect(t, server.port);
  client.write(request(headers));
  assert.match(await readHead(client), /^HTTP\/1.1 101 /);
  const connection = await server.connections.next();
  return { client, connection, observer: new Observer(connection) };
}

test('chooses the first subprotocol of the client that it speaks', async (t) => {
  const server = await webSocketServer(t);
  const offered = 'wamp.1, wamp.2.cbor.batched, wamp.2.json';
  const head = await answer(t, server, request({ 'Sec-WebSocket-Protocol': offered }));
  assert.match(head, /Sec-WebSocket-Protocol: wamp\.2\.cbor\.batched\r\n/);
  const connection = await server.connections.next();
  assert.equal(connection.info.batched, true);
  assert.equal(connection.outlet.codec.id, 'cbor');
});

const REFUSALS: readonly [string, string, number][] = [
  ['no subprotocol', request({ 'Sec-WebSocket-Protocol': undefined }), 400],
  ['an unknown subprotocol', request({ 'Sec-WebSocket-Protocol': 'wamp.2.flatbuffers' }), 400],
  ['a malformed subprotocol', request({ 'Sec-WebSocket-Protocol': 'wamp.2.json,,' }), 400],
  ['another path', request({}, '/other'), 404],
  ['a page of the internet', request({ Origin: 'https://evil.example' }), 403],
  ['an opaque origin', request({ Origin: 'null' }), 403],
  ['no key', request({ 'Sec-WebSocket-Key': undefined }), 400],
  ['what is not HTTP', 'nonsense\r\n\r\n', 400],
  ['a plain request at the path', 'GET /ws HTTP/1.1\r\nHost: x\r\n\r\n', 426],
  ['a plain request elsewhere', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 404],
];

for (const [what, text, status] of REFUSALS) {
  test(`answers ${status} to ${what}`, async (t) => {
    const server = await webSocketServer(t);
    assert.match(await answer(t, server, text), new RegExp(`^HTTP/1.1 ${status} `));
    assert.equal(server.connections.length, 0);
  });
}

test('lets pages of this machine in, and those on the list', async (t) => {
  const open = await webSocketServer(t);
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443']) {
    assert.match(await answer(t, open, request({ Origin: origin })), /^HTTP\/1.1 101 /);
  }
  const listed = await webSocketServer(t, { allowedOrigins: ['https://app.example'] });
  assert.match(await answer(t, listed, request({ Origin: 'https://app.example' })), / 101 /);
  assert.match(await answer(t, listed, request({ Origin: 'http://localhost' })), / 403 /);
  assert.match(await answer(t, listed, request()), / 101 /);
});

test('answers 503 when it is full', async (t) => {
  const server = await webSocketServer(t, { maxConnections: 1 });
  await upgraded(t, server);
  assert.match(await answer(t, server, request()), /^HTTP\/1.1 503 /);
  assert.equal(server.environment.counters.get('websocket_refused_full'), 1);
});

test('hangs up on a connection that asks for nothing', async (t) => {
  const server = await webSocketServer(t, { handshakeTimeoutMs: 30 });
  const client = await TcpClient.connect(t, server.port);
  client.write('GET /ws HTTP/1.1\r\n');
  await client.readToEnd();
  assert.equal(server.environment.counters.get('listener_handshake_timeouts'), 1);
});

test('delivers the frames of a chunk as one batch, also those behind the request', async (t) => {
  const server = await webSocketServer(t);
  const client = await TcpClient.connect(t, server.port);
  const frames = Buffer.concat([1, 2, 3].map(() => frame(0x81, MESSAGE)));
  client.write(request(), frames);
  const connection = await server.connections.next();
  const observer = new Observer(connection);
  for (let i = 0; i < 3; i++) assert.deepEqual(await observer.frames.next(), MESSAGE);
  client.write(frames);
  for (let i = 0; i < 3; i++) assert.deepEqual(await observer.frames.next(), MESSAGE);
  assert.equal(observer.batches.at(-1), 3);
});

test('hands on a batch of very many tiny messages in pieces, and holds few of them for who is paused', async (t) => {
  const server = await webSocketServer(t, { maxHeldBytes: 20_000 });
  const { client, connection, observer } = await upgraded(t, server, {
    'Sec-WebSocket-Protocol': 'wamp.2.json.batched',
  });
  const count = 5_000;
  const batch = Buffer.from('[]\x1e'.repeat(count));
  client.write(frame(0x81, batch));
  for (let i = 0; i < count; i++) await observer.frames.next();
  assert.ok(observer.batches.length > 50);
  assert.ok(observer.batches.every((size) => size <= 32));

  connection.pause();
  client.write(frame(0x81, batch));
  client.write(frame(0x89, Buffer.from('hi')));
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  connection.resume();
  for (let i = 0; i < count; i++) await observer.frames.next();
  assert.deepEqual([...(await client.read(4))], [0x8a, 2, 0x68, 0x69]);
});

test('puts fragments together, with a ping between them, whatever the mask', async (t) => {
  const server = await webSocketServer(t);
  const { client, observer } = await upgraded(t, server);
  const masked = frame(0x01, MESSAGE.subarray(0, 5));
  masked.set([1, 2, 3, 4], 2);
  for (let i = 6; i < masked.length; i++) masked[i] ^= [1, 2, 3, 4][(i - 6) % 4];
  client.write(masked, frame(0x89, Buffer.from('hi')), frame(0x80, MESSAGE.subarray(5)));
  assert.deepEqual(await observer.frames.next(), MESSAGE);
  assert.deepEqual([...(await client.read(4))], [0x8a, 2, 0x68, 0x69]);
});

test('takes a message one byte at a time', async (t) => {
  const server = await webSocketServer(t);
  const { client, observer } = await upgraded(t, server);
  for (const byte of frame(0x81, MESSAGE)) await client.writeApart([byte]);
  assert.deepEqual(await observer.frames.next(), MESSAGE);
});

const BATCHED = { 'Sec-WebSocket-Protocol': 'wamp.2.msgpack.batched' };
const VIOLATIONS: readonly [string, Record<string, string>, Buffer, number, RegExp][] = [
  ['a binary message on JSON', {}, frame(0x82, MESSAGE), 1003, /binary message on wamp.2.json/],
  ['a text message on MessagePack', BATCHED, frame(0x81, MESSAGE), 1003, /text message on/],
  ['an empty batch', BATCHED, frame(0x82, new Uint8Array(0)), 1002, /empty batch/],
  ['an unmasked frame', {}, frame(0x81, MESSAGE, false), 1002, /MASK must be set/],
  ['a reserved opcode', {}, frame(0x83, MESSAGE), 1002, /invalid opcode/],
  ['a reserved bit', {}, frame(0xc1, MESSAGE), 1002, /RSV1 must be clear/],
  [
    'a message in more pieces than it has reason for',
    {},
    Buffer.concat([
      frame(0x01, Uint8Array.of(0x5b)),
      ...Array.from({ length: 1024 }, () => frame(0x00, new Uint8Array(0))),
    ]),
    1008,
    /Too many message fragments/,
  ],
  ['a message over the limit', {}, frame(0x81, Buffer.alloc(600, 32)), 1009, /Max payload size/],
];

for (const [what, headers, bytes, code, detail] of VIOLATIONS) {
  test(`lets the session answer ${what} before it closes with ${code}`, async (t) => {
    const server = await webSocketServer(t, { maxMessageBytes: 512 });
    const { client, connection, observer } = await upgraded(t, server, headers);
    client.write(bytes, frame(0x81, MESSAGE));
    assert.match(await observer.violations.next(), detail);
    const abort = event(connection.outlet.codec, 9);
    connection.outlet.send(abort);
    connection.close('bye');
    const said =
      encoded(connection.outlet.codec, abort).length +
      ('Sec-WebSocket-Protocol' in headers ? 4 : 0);
    assert.equal((await client.read(2 + said))[1], said);
    const close = await client.read(2 + 2 + 3);
    assert.equal(close[0], 0x88);
    assert.equal(close.readUInt16BE(2), code);
    assert.equal(close.subarray(4).toString(), 'bye');
    client.socket.destroy();
    assert.equal((await observer.closes.next()).kind, 'violation');
    assert.equal(observer.frames.length, 0);
    assert.equal(server.environment.counters.get('websocket_violations'), 1);
  });
}

test('says nothing more after the client has said close', async (t) => {
  const server = await webSocketServer(t);
  const { client, connection, observer } = await upgraded(t, server);
  client.write(frame(0x81, MESSAGE), frame(0x88, Uint8Array.of(3, 0xe8)));
  assert.deepEqual(await observer.frames.next(), MESSAGE);
  assert.deepEqual([...(await client.read(4))], [0x88, 2, 3, 0xe8]);
  assert.equal(connection.outlet.send(event(json, 2)), 'closed');
  assert.equal((await client.readToEnd()).length, 0);
  assert.deepEqual(await observer.closes.next(), { kind: 'peer_closed' });
});

test('pings a silent client, and cuts it when no answer comes', async (t) => {
  const server = await webSocketServer(t, { pingIntervalMs: 20, pingTimeoutMs: 20 });
  const { client, observer } = await upgraded(t, server);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual([...(await client.read(2))], [0x89, 0]);
    client.write(frame(0x8a, new Uint8Array(0)));
  }
  assert.equal(observer.closes.length, 0);
  await client.readToEnd();
  assert.equal((await observer.closes.next()).kind, 'timed_out');
});

test('cuts a client that does not answer the close', async (t) => {
  const server = await webSocketServer(t, { closeTimeoutMs: 20 });
  const { client, connection, observer } = await upgraded(t, server);
  connection.close('enough');
  assert.deepEqual(await observer.closes.next(), { kind: 'closed_here' });
  assert.equal((await client.readToEnd()).subarray(4).toString(), 'enough');
  assert.equal(server.environment.counters.get('connections_close_cut'), 1);
});

test('shortens a long reason to what a close frame carries', async (t) => {
  const server = await webSocketServer(t);
  const { client, connection } = await upgraded(t, server);
  connection.close('ü'.repeat(200));
  const close = await client.read(2 + 2 + 122);
  assert.equal(close[1], 124);
  assert.equal(close.subarray(4).toString(), 'ü'.repeat(61));
});

test('compresses when it is allowed to and the client asks', async (t) => {
  const server = await webSocketServer(t, { deflate: true });
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, 'wamp.2.json');
  t.after(() => ws.terminate());
  await once(ws, 'open');
  assert.match(ws.extensions, /permessage-deflate/);
  const plain = await webSocketServer(t);
  const other = new WebSocket(`ws://127.0.0.1:${plain.port}/ws`, 'wamp.2.json');
  t.after(() => other.terminate());
  await once(other, 'open');
  assert.equal(other.extensions, '');
});
