/** The way of a socket up to its first protocol byte: PROXY headers, TLS, limits, refused accepts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { TestContext } from 'node:test';
import WebSocket from 'ws';
import { trustedList } from '../../../runtime/net/forwarded.ts';
import { loadSecureContext } from '../../../runtime/net/tls.ts';
import { json } from '../../../runtime/wamp/json.ts';
import { certificateFiles, FIRST, SECOND } from '../../support/certificates.ts';
import {
  encoded,
  event,
  Observer,
  rawFrame,
  rawSocketServer,
  TcpClient,
  testEnvironment,
  webSocketServer,
} from '../../support/net.ts';

const SHAKE = Buffer.from([0x7f, 0xf1, 0, 0]);
const MESSAGE = encoded(json, event(json, 1));
const PROXY = 'PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n';
const UPGRADE =
  'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n';
const FROM_PROXY = { address: '192.0.2.1', port: 4711 };

async function tlsClient(t: TestContext, port: number, options = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

test('takes the address of a rawsocket client from the PROXY header', async (t) => {
  const server = await rawSocketServer(t, { proxyProtocol: true });
  const client = await TcpClient.connect(t, server.port);
  client.write(PROXY, SHAKE, rawFrame(MESSAGE));
  await client.read(4);
  const connection = await server.connections.next();
  assert.deepEqual(connection.info.peer, FROM_PROXY);
  assert.deepEqual(await new Observer(connection).frames.next(), MESSAGE);
});

test('takes it one byte at a time', async (t) => {
  const server = await rawSocketServer(t, { proxyProtocol: true });
  const client = await TcpClient.connect(t, server.port);
  for (const byte of Buffer.concat([Buffer.from(PROXY), SHAKE])) await client.writeApart([byte]);
  assert.equal((await client.read(4))[0], 0x7f);
  assert.deepEqual((await server.connections.next()).info.peer, FROM_PROXY);
});

test('takes the address of a websocket client from the PROXY header', async (t) => {
  const server = await webSocketServer(t, { proxyProtocol: true });
  const client = await TcpClient.connect(t, server.port);
  client.write(PROXY, UPGRADE, '\r\n');
  assert.match((await client.read(20)).toString(), /^HTTP\/1.1 101/);
  assert.deepEqual((await server.connections.next()).info.peer, FROM_PROXY);
});

test('drops who sends no PROXY header where one is due, and who may not send one', async (t) => {
  const strict = await rawSocketServer(t, { proxyProtocol: true });
  const silent = await TcpClient.connect(t, strict.port);
  silent.write(SHAKE);
  assert.equal((await silent.readToEnd()).length, 0);
  assert.equal(strict.environment.counters.get('listener_proxy_header_refused'), 1);
  const distrustful = await rawSocketServer(t, {
    proxyProtocol: true,
    trustedProxies: ['10.0.0.0/8'],
  });
  const stranger = await TcpClient.connect(t, distrustful.port);
  stranger.write(PROXY, SHAKE);
  assert.equal((await stranger.readToEnd()).length, 0);
});

test('believes the forwarding header of a trusted proxy only, and only the configured one', async (t) => {
  const header = 'X-Forwarded-For: 192.0.2.77\r\nForwarded: for=6.6.6.6\r\n\r\n';
  const cases = [
    [{ forwardedHeader: 'x_forwarded_for', trustedProxies: ['127.0.0.1'] }, '192.0.2.77'],
    [{ forwardedHeader: 'x_forwarded_for', trustedProxies: ['10.0.0.1'] }, '127.0.0.1'],
    [{ trustedProxies: ['127.0.0.1'] }, '127.0.0.1'],
  ] as const;
  for (const [config, expected] of cases) {
    const server = await webSocketServer(t, config);
    const client = await TcpClient.connect(t, server.port);
    client.write(UPGRADE, header);
    assert.equal((await server.connections.next()).info.peer.address, expected);
  }
});

test('speaks rawsocket over TLS', async (t) => {
  const secureContext = loadSecureContext(certificateFiles(t, FIRST), 'wamp.tls');
  const server = await rawSocketServer(t, {}, { secureContext });
  const client = await tlsClient(t, server.port);
  client.write(Buffer.concat([SHAKE, rawFrame(MESSAGE)]));
  const [reply] = (await once(client, 'data')) as [Buffer];
  assert.deepEqual([...reply], [0x7f, 0xd1, 0, 0]);
  const connection = await server.connections.next();
  assert.equal(connection.info.tls, true);
  assert.deepEqual(await new Observer(connection).frames.next(), MESSAGE);
  connection.outlet.send(event(json, 2, 'x'.repeat(100_000)));
  let got = 0;
  while (got < 100_000) got += ((await once(client, 'data')) as [Buffer])[0].length;
});

test('speaks websocket over TLS, also behind a PROXY header', async (t) => {
  const secureContext = loadSecureContext(certificateFiles(t, FIRST), 'wamp.tls');
  const plain = await webSocketServer(t, {}, { secureContext });
  const ws = new WebSocket(`wss://127.0.0.1:${plain.port}/ws`, 'wamp.2.json', {
    rejectUnauthorized: false,
  });
  t.after(() => ws.terminate());
  await once(ws, 'open');
  ws.send(MESSAGE, { binary: false });
  const connection = await plain.connections.next();
  assert.equal(connection.info.tls, true);
  assert.deepEqual(await new Observer(connection).frames.next(), MESSAGE);

  const proxied = await webSocketServer(t, { proxyProtocol: true }, { secureContext });
  const tcp = await TcpClient.connect(t, proxied.port);
  tcp.socket.removeAllListeners('data');
  tcp.write(PROXY);
  const client = await tlsClient(t, proxied.port, {
    socket: tcp.socket,
    host: undefined,
    port: undefined,
  });
  client.write(`${UPGRADE}\r\n`);
  const behind = await proxied.connections.next();
  assert.deepEqual(behind.info.peer, FROM_PROXY);
});

test('reads a TLS hello that came in one piece with the PROXY header', async (t) => {
  const secureContext = loadSecureContext(certificateFiles(t, FIRST), 'wamp.tls');
  const server = await rawSocketServer(t, { proxyProtocol: true }, { secureContext });
  const tcp = await TcpClient.connect(t, server.port);
  tcp.socket.removeAllListeners('data');
  tcp.socket.cork(); // header and hello leave together
  tcp.write(PROXY);
  const secured = tlsClient(t, server.port, { socket: tcp.socket });
  setImmediate(() => tcp.socket.uncork());
  (await secured).write(SHAKE);
  assert.deepEqual((await server.connections.next()).info.peer, FROM_PROXY);
});

test('refuses TLS before 1.2, and what is not TLS, and goes on', async (t) => {
  const secureContext = loadSecureContext(certificateFiles(t, FIRST), 'wamp.tls');
  const server = await rawSocketServer(t, {}, { secureContext });
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
  await assert.rejects(tlsClient(t, server.port, old));
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE, 'certainly not TLS');
  await client.readToEnd();
  assert.equal(server.environment.counters.get('listener_tls_errors'), 2);
  (await tlsClient(t, server.port)).write(SHAKE);
  await server.connections.next();
});

test('shows a new certificate after a reload, and keeps the old connections', async (t) => {
  const options = {
    name: 'test',
    address: '127.0.0.1',
    port: 0,
    backlog: 64,
    maxConnections: 10,
    handshakeTimeoutMs: 10_000,
    tcpKeepAliveMs: 0,
    proxyProtocol: false,
    trustedProxies: undefined,
  };
  const first = loadSecureContext(certificateFiles(t, FIRST), 'wamp.tls');
  const server = await rawSocketServer(t, {}, { secureContext: first });
  const before = await tlsClient(t, server.port);
  assert.equal(before.getPeerCertificate().subject.O, 'FIRST');
  const secureContext = loadSecureContext(certificateFiles(t, SECOND), 'wamp.tls');
  server.acceptor.reload({ ...options, secureContext });
  const after = await tlsClient(t, server.port);
  assert.equal(after.getPeerCertificate().subject.O, 'SECOND');
  before.write(SHAKE);
  await server.connections.next();
});

test('has TCP probe the peer of a connection that has lasted a while', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux shows the timers of a socket');
  const server = await rawSocketServer(t, { tcpKeepAliveMs: 1_000 });
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE);
  await client.read(4);
  const isProbed = (): boolean =>
    readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([, local, , , , timer]) => {
        const port = Number.parseInt(local?.split(':')[1] ?? '', 16);
        return port === server.port && timer?.startsWith('02:') === true;
      });
  assert(!isProbed());
  for (const deadline = Date.now() + 10_000; !isProbed(); await wait(25)) {
    assert(Date.now() < deadline, 'no keep-alive timer');
  }
});

test('names the configuration key of a file that cannot be used', (t) => {
  const files = certificateFiles(t, FIRST);
  const missing = { ...files, cert: '/nowhere/cert.pem' };
  assert.throws(() => loadSecureContext(missing, 'wamp.tls'), /wamp\.tls\.certfile: ENOENT/);
  assert.throws(
    () => loadSecureContext({ ...files, key: certificateFiles(t, SECOND).key }, 'wamp.tls'),
    /wamp\.tls: certificate and key cannot be used.*wamp\.tls\.keyfile/,
  );
  writeFileSync(files.cert, 'garbage');
  assert.throws(() => loadSecureContext(files, 'wamp.tls'), /cannot be used/);
});

test('who only asks again and again takes no place from the one who comes when there is room', async (t) => {
  const server = await rawSocketServer(t, { maxConnections: 2 });
  const places = server.environment.admission('test');
  const enter = async (): Promise<{ client: TcpClient; answer: number }> => {
    const client = await TcpClient.connect(t, server.port);
    client.write(SHAKE);
    return { client, answer: (await client.read(4))[1] };
  };
  const [first] = [await enter(), await enter()];
  // They hear the refusal and do not hang up.
  for (let i = 0; i < 20; i++) assert.equal((await enter()).answer, 0x40);
  assert.equal(places.connections, 2);
  const closed = once(first.client.socket, 'close');
  first.client.socket.end();
  await closed;
  assert.equal((await enter()).answer, 0xd1);
});

test('a listener that starts again knows how many are still connected', async (t) => {
  const server = await rawSocketServer(t, { maxConnections: 1 });
  const client = await TcpClient.connect(t, server.port);
  client.write(SHAKE);
  await client.read(4);
  server.acceptor.close();
  const again = await rawSocketServer(t, { maxConnections: 1 }, {}, server.environment);
  const next = await TcpClient.connect(t, again.port);
  next.write(SHAKE);
  assert.equal((await next.read(4))[1], 0x40);
  assert.equal(server.environment.admission('test').connections, 1);
});

test('many bad PROXY headers are counted and cost one line of the log', async (t) => {
  const lines: string[] = [];
  const environment = {
    ...testEnvironment(),
    log: (_: string, event: string) => lines.push(event),
  };
  const server = await rawSocketServer(t, { proxyProtocol: true }, {}, environment);
  for (let i = 0; i < 5; i++) {
    const client = await TcpClient.connect(t, server.port);
    client.write(SHAKE);
    await client.readToEnd();
  }
  assert.equal(environment.counters.get('listener_proxy_header_refused'), 5);
  assert.deepEqual(lines, ['proxy_header_refused']);
});

test('cuts at once who comes when even the refusals are too many', async (t) => {
  const server = await rawSocketServer(t, { maxConnections: 0 });
  const clients = await Promise.all(
    Array.from({ length: 64 }, () => TcpClient.connect(t, server.port)),
  );
  const last = await TcpClient.connect(t, server.port);
  assert.equal((await last.readToEnd()).length, 0);
  clients[0].write(SHAKE);
  assert.deepEqual([...(await clients[0].readToEnd())], [0x7f, 0x40, 0, 0]);
  assert.ok((server.environment.counters.get('listener_connections_cut') ?? 0) >= 1);
});

test('frees the port and drops unfinished handshakes when closed; connections stay', async (t) => {
  const server = await rawSocketServer(t, {}, { trustedProxies: trustedList([]) });
  const settled = await TcpClient.connect(t, server.port);
  settled.write(SHAKE);
  await settled.read(4);
  const unfinished = await TcpClient.connect(t, server.port);
  await unfinished.writeApart([0x7f]);
  const connection = await server.connections.next();
  server.acceptor.close();
  assert.equal((await unfinished.readToEnd()).length, 0);
  await assert.rejects(TcpClient.connect(t, server.port), /ECONNREFUSED/);
  connection.outlet.send(event(json, 3));
  const expected = rawFrame(encoded(json, event(json, 3)));
  assert.deepEqual(await settled.read(expected.length), expected);
});
