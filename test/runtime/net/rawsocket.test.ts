import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { SharedFrame } from '../../../runtime/net/shared-frame.ts';
import { msgpack } from '../../../runtime/wamp/msgpack.ts';
import {
  encoded,
  event,
  Observer,
  rawFrame,
  rawSocketServer,
  TcpClient,
} from '../../support/net.ts';

const SHAKE = [0x7f, 0xf2, 0, 0];
const MESSAGE = encoded(msgpack, event(msgpack, 1));

test('answers the handshake with its own length and delivers a message sent right behind it', async (t) => {
  const server = await rawSocketServer(t, { maxMessageBytes: 64 * 1024 });
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE, rawFrame(MESSAGE));
  assert.deepEqual([...(await client.read(4))], [0x7f, 0x72, 0, 0]);
  const connection = await server.connections.next();
  const observer = new Observer(connection);
  assert.deepEqual(await observer.frames.next(), MESSAGE);
  const { peer, ...info } = connection.info;
  assert.deepEqual([peer.address, peer.port], ['127.0.0.1', client.socket.localPort]);
  assert.deepEqual(info, {
    kind: 'rawsocket',
    batched: false,
    tls: false,
    listener: 'test',
  });
});

test('takes handshake and message one octet at a time', async (t) => {
  const server = await rawSocketServer(t);
  const client = await TcpClient.connect(t, server.port);
  for (const octet of [...SHAKE, ...rawFrame(MESSAGE)]) await client.writeApart([octet]);
  await client.read(4);
  const observer = new Observer(await server.connections.next());
  assert.deepEqual(await observer.frames.next(), MESSAGE);
});

test('refuses with an error code, counts it and closes', async (t) => {
  const server = await rawSocketServer(t, { minPeerBytes: 1024 });
  const refusals: [number[], number][] = [
    [[0x7f, 0xf4, 0, 0], 0x10],
    [[0x7f, 0x02, 0, 0], 0x20],
    [[0x7f, 0xf2, 0, 1], 0x30],
  ];
  for (const [octets, code] of refusals) {
    const client = await TcpClient.connect(t, server.port);
    client.write(octets);
    assert.deepEqual([...(await client.readToEnd())], [0x7f, code, 0, 0]);
  }
  assert.equal(server.environment.counters.get('rawsocket_refused_serializer_unsupported'), 1);
  assert.equal(server.environment.counters.get('rawsocket_refused_length_unacceptable'), 1);
  assert.equal(server.environment.counters.get('rawsocket_refused_reserved_bits'), 1);
});

test('hangs up on what is not RawSocket without a word', async (t) => {
  const server = await rawSocketServer(t);
  const client = await TcpClient.connect(t, server.port);
  client.write('GET / HTTP/1.1\r\n\r\n');
  assert.equal((await client.readToEnd()).length, 0);
  assert.equal(server.environment.counters.get('rawsocket_refused_not_rawsocket'), 1);
});

test('says error 4 when it is full, and takes the next one when somebody has left', async (t) => {
  const server = await rawSocketServer(t, { maxConnections: 1 });
  const first = await TcpClient.connect(t, server.port);
  first.write(SHAKE);
  await first.read(4);
  const second = await TcpClient.connect(t, server.port);
  second.write(SHAKE);
  assert.deepEqual([...(await second.readToEnd())], [0x7f, 0x40, 0, 0]);
  const observer = new Observer(await server.connections.next());
  first.socket.destroy();
  await observer.closes.next();
  const third = await TcpClient.connect(t, server.port);
  third.write(SHAKE);
  assert.deepEqual([...(await third.read(4))], [0x7f, 0xd2, 0, 0]);
});

test('hangs up on a client that does not finish its handshake', async (t) => {
  const server = await rawSocketServer(t, { handshakeTimeoutMs: 30 });
  const client = await TcpClient.connect(t, server.port);
  client.write([0x7f, 0xf2]);
  assert.equal((await client.readToEnd()).length, 0);
  assert.equal(server.environment.counters.get('listener_handshake_timeouts'), 1);
});

test('answers PING with the same bytes, also while the session is paused', async (t) => {
  const server = await rawSocketServer(t);
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE);
  await client.read(4);
  const connection = await server.connections.next();
  new Observer(connection);
  connection.pause();
  for (const size of [0, 3, 100_000]) {
    const body = Buffer.alloc(size, 0xab);
    client.write(rawFrame(body, 1));
    assert.deepEqual(await client.read(4 + size), rawFrame(body, 2));
  }
});

const VIOLATIONS: readonly [string, number[], RegExp][] = [
  ['a reserved frame type', [3, 0, 0, 0], /reserved frame type 3/],
  ['reserved bits', [0x80, 0, 0, 0], /reserved bits/],
  ['a message over the announced length', [0, 0, 2, 1], /frame of 513 bytes; at most 512/],
  ['16 MiB', [8, 0, 0, 0], /16777216 bytes/],
];

for (const [what, header, detail] of VIOLATIONS) {
  test(`lets the session answer ${what} before the connection closes`, async (t) => {
    const server = await rawSocketServer(t, { maxMessageBytes: 512 });
    const client = await TcpClient.connect(t, server.port);
    client.write(SHAKE, rawFrame(MESSAGE), header, rawFrame(MESSAGE));
    await client.read(4);
    const connection = await server.connections.next();
    const observer = new Observer(connection);
    assert.match(await observer.violations.next(), detail);
    connection.outlet.send(event(msgpack, 99));
    connection.close('protocol violation');
    assert.deepEqual(await client.readToEnd(), rawFrame(encoded(msgpack, event(msgpack, 99))));
    assert.equal((await observer.closes.next()).kind, 'violation');
    assert.equal(observer.frames.length, 1, 'what came before is delivered, nothing after');
    assert.equal(server.environment.counters.get('rawsocket_violations'), 1);
  });
}

test('cuts a violator whose session does nothing', async (t) => {
  const server = await rawSocketServer(t, { closeTimeoutMs: 20 });
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE, [7, 0, 0, 0]);
  const observer = new Observer(await server.connections.next());
  assert.equal((await observer.closes.next()).kind, 'violation');
  await client.readToEnd();
});

test('sends nothing that is longer than the client accepts', async (t) => {
  const server = await rawSocketServer(t);
  const client = await TcpClient.connect(t, server.port);
  client.write([0x7f, 0x02, 0, 0]); // 512 bytes
  await client.read(4);
  const connection = await server.connections.next();
  new Observer(connection);
  const large = event(msgpack, 1, 'x'.repeat(600));
  assert.equal(connection.outlet.send(large), 'too_large');
  assert.equal(connection.outlet.sendShared(new SharedFrame(large)), 'too_large');
  assert.equal(connection.outlet.send(event(msgpack, 2)), 'sent');
  const expected = rawFrame(encoded(msgpack, event(msgpack, 2)));
  assert.deepEqual(await client.read(expected.length), expected);
});

test('pings a silent client, and cuts it when no answer comes', async (t) => {
  const server = await rawSocketServer(t, { pingIntervalMs: 20, pingTimeoutMs: 20 });
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE);
  await client.read(4);
  const observer = new Observer(await server.connections.next());
  for (let round = 0; round < 3; round++) {
    const ping = await client.read(8);
    assert.deepEqual(ping, rawFrame(Buffer.from('ping'), 1));
    client.write(rawFrame(ping.subarray(4), 2));
  }
  assert.equal(observer.closes.length, 0);
  await client.readToEnd();
  assert.equal((await observer.closes.next()).kind, 'timed_out');
});

test('reads no more from a client that sends pings and does not read the answers', async (t) => {
  const server = await rawSocketServer(t, { highWaterBytes: 100_000, lowWaterBytes: 1000 });
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.pause();
  socket.write(Buffer.from(SHAKE));
  const connection = await server.connections.next();
  new Observer(connection);
  const ping = rawFrame(Buffer.alloc(1_000_000, 1), 1);
  for (let i = 0; i < 40; i++) socket.write(ping); // far more than all buffers between us
  while (!connection.outlet.isCongested) await new Promise((resolve) => setImmediate(resolve));
  const { backlog } = connection.outlet;
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(connection.outlet.backlog <= backlog);
  let got = 0;
  socket.on('data', (chunk: Buffer) => {
    got += chunk.length;
    if (got >= 4 + 40 * ping.length) socket.emit('all');
  });
  socket.resume();
  await once(socket, 'all'); // and goes on when they are read
});
