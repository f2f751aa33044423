/** The listener actors under a real supervisor: open, hand over, stop, reload, fail with a sentence. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import WebSocketClient from 'ws';
import type { ListenerInfo, ListenerMessage } from '../../../actors/listeners/api.ts';
import { listenerName } from '../../../actors/listeners/api.ts';
import type { RawSocketListenerConfig } from '../../../actors/listeners/config.ts';
import {
  DEFAULT_RAWSOCKET,
  DEFAULT_RAWSOCKET_TLS,
  DEFAULT_WEBSOCKET,
  DEFAULT_WEBSOCKET_TLS,
} from '../../../actors/listeners/config.ts';
import { rawsocketListener } from '../../../actors/listeners/rawsocket.actor.ts';
import { websocketListener } from '../../../actors/listeners/websocket.actor.ts';
import { SESSIONS } from '../../../actors/sessions/api.ts';
import type { Definition } from '../../../runtime/kernel/actor.ts';
import { KILLED } from '../../../runtime/kernel/actor.ts';
import { boot } from '../../../runtime/kernel/boot.ts';
import type { Kernel } from '../../../runtime/kernel/kernel.ts';
import { NactScheduler } from '../../../runtime/kernel/nact-scheduler.ts';
import type { ChildSpec, SupervisorMessage } from '../../../runtime/kernel/supervision.ts';
import type { Connection } from '../../../runtime/net/connection.ts';
import { codecs } from '../../../runtime/wamp/codecs.ts';
import { certificateFiles, FIRST, SECOND } from '../../support/certificates.ts';
import type { TestEnvironment } from '../../support/net.ts';
import {
  Arrivals,
  encoded,
  event,
  Observer,
  rawFrame,
  TcpClient,
  testEnvironment,
} from '../../support/net.ts';

const SHAKE = [0x7f, 0xf1, 0, 0];
const RAW = { ...DEFAULT_RAWSOCKET, port: 0 };

interface Running {
  readonly kernel: Kernel;
  readonly environment: TestEnvironment;
  readonly connections: Arrivals<Connection>;
  readonly logs: Record<string, unknown>[];
}

/** What stands for the supervisor of sessions. */
function sessions(connections: Arrivals<Connection>): ChildSpec {
  const definition: Definition<SupervisorMessage<Connection>> = {
    init(context) {
      context.register(SESSIONS);
      return {
        handle(message) {
          if (message.kind === 'start_child') connections.push(message.argument);
        },
      };
    },
  };
  return { id: 'sessions', start: definition as Definition<never> };
}

async function start(
  t: TestContext,
  listener: (environment: TestEnvironment) => Definition<never>,
  { hasSessions = true } = {},
): Promise<Running> {
  const logs: Record<string, unknown>[] = [];
  const environment: TestEnvironment = {
    ...testEnvironment(),
    log: (_level, name, fields) => logs.push({ name, ...fields }),
  };
  const connections = new Arrivals<Connection>();
  const children = [
    ...(hasSessions ? [sessions(connections)] : []),
    { id: 'listener', start: listener(environment) },
  ];
  const kernel = boot({
    root: { kind: 'supervisor', strategy: 'one_for_one', children: () => children },
    scheduler: new NactScheduler({ onFault: (error) => assert.fail(String(error)) }),
    log: { crash: () => {}, event: () => {} },
  });
  kernel.onTurnEnd(environment.flushes.flushAll);
  t.after(() => kernel.stop());
  await kernel.started;
  return { kernel, environment, connections, logs };
}

function rawsocket(config: Partial<RawSocketListenerConfig> = {}) {
  return (environment: TestEnvironment): Definition<never> =>
    rawsocketListener({ ...RAW, ...config }, environment) as Definition<never>;
}

async function info(kernel: Kernel, section = RAW.section): Promise<ListenerInfo> {
  const listener = kernel.whereis(listenerName<RawSocketListenerConfig>(section));
  assert.ok(listener);
  const outcome = await kernel.call<ListenerMessage<RawSocketListenerConfig>, ListenerInfo>(
    listener,
    (reply) => ({ kind: 'info', reply }),
    5000,
  );
  assert.equal(outcome.kind, 'reply');
  return (outcome as { value: ListenerInfo }).value;
}

async function portOf(kernel: Kernel): Promise<number> {
  const { port } = await info(kernel);
  assert.ok(port);
  return port;
}

test('is on loopback, plain, at the ports people know unless told otherwise', () => {
  const defaults = [
    DEFAULT_WEBSOCKET,
    DEFAULT_WEBSOCKET_TLS,
    DEFAULT_RAWSOCKET,
    DEFAULT_RAWSOCKET_TLS,
  ];
  assert.deepEqual(
    defaults.map(({ enabled, address, port }) => [enabled, address, port]),
    [
      [true, '127.0.0.1', 18080],
      [false, '127.0.0.1', 18083],
      [true, '127.0.0.1', 18082],
      [false, '127.0.0.1', 18085],
    ],
  );
});

test('counts as started when it has its port, and tells which', async (t) => {
  const { kernel } = await start(t, rawsocket());
  const { port, ...rest } = await info(kernel);
  assert.ok(port && port > 0);
  assert.deepEqual(rest, {
    name: RAW.section,
    kind: 'rawsocket',
    address: '127.0.0.1',
    tls: false,
    connections: 0,
  });
});

test('hands every connection to the supervisor of sessions', async (t) => {
  const { kernel, connections } = await start(t, rawsocket());
  const client = await TcpClient.connect(t, await portOf(kernel));
  client.write(SHAKE);
  await client.read(4);
  const connection = await connections.next();
  assert.equal(connection.info.listener, RAW.section);
  assert.equal((await info(kernel)).connections, 1);
});

test('hands websockets over too', async (t) => {
  const { kernel, connections } = await start(
    t,
    (environment) =>
      websocketListener({ ...DEFAULT_WEBSOCKET, port: 0 }, environment) as Definition<never>,
  );
  const { port } = await info(kernel, DEFAULT_WEBSOCKET.section);
  const ws = new WebSocketClient(`ws://127.0.0.1:${port}/ws`, 'wamp.2.json');
  t.after(() => ws.terminate());
  assert.equal((await connections.next()).info.kind, 'websocket');
});

test('cuts a connection that no supervisor takes, and counts it', async (t) => {
  const { kernel, environment } = await start(t, rawsocket(), { hasSessions: false });
  const client = await TcpClient.connect(t, await portOf(kernel));
  client.write(SHAKE);
  await client.readToEnd();
  assert.equal(environment.counters.get('listener_sessions_refused'), 1);
});

test('fails to start with a sentence that names port and key when the port is taken', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await assert.rejects(
    start(t, rawsocket({ port })),
    new RegExp(
      `cannot listen on 127.0.0.1 port ${port}: another program uses it; change ${RAW.section}.port`,
    ),
  );
});

test('fails to start with a sentence when a certificate is missing', async (t) => {
  const tls = { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' };
  await assert.rejects(start(t, rawsocket({ tls })), /certfile: ENOENT/);
});

test('stops accepting and keeps its connections', async (t) => {
  const { kernel, connections } = await start(t, rawsocket());
  const port = await portOf(kernel);
  const client = await TcpClient.connect(t, port);
  client.write(SHAKE);
  await client.read(4);
  const connection = await connections.next();
  new Observer(connection);
  kernel
    .whereis(listenerName<RawSocketListenerConfig>(RAW.section))
    ?.cast({ kind: 'stop_accepting' });
  assert.equal((await info(kernel)).port, undefined);
  await assert.rejects(TcpClient.connect(t, port), /ECONNREFUSED/);
  const message = event(codecs.json, 1);
  connection.outlet.send(message);
  const expected = rawFrame(encoded(codecs.json, message));
  assert.deepEqual(await client.read(expected.length), expected);
});

test('comes back after it was killed, while its connections live on', async (t) => {
  const listening = new Arrivals<number>();
  const { kernel, connections } = await start(t, (environment) =>
    rawsocket()({
      ...environment,
      log: (_level, name, fields) => {
        if (name === 'listening') listening.push(fields['port'] as number);
      },
    }),
  );
  const client = await TcpClient.connect(t, await listening.next());
  client.write(SHAKE);
  await client.read(4);
  const connection = await connections.next();
  const observer = new Observer(connection);
  assert.equal(kernel.exit('root/listener', KILLED), true);
  const another = await TcpClient.connect(t, await listening.next());
  another.write(SHAKE);
  await connections.next();
  assert.equal(observer.closes.length, 0);
  client.write(rawFrame(encoded(codecs.json, event(codecs.json, 1))));
  await observer.frames.next();
});

test('applies new limits and certificates to connections to come, and keeps the old ones when files are bad', async (t) => {
  const config = { ...RAW, tls: certificateFiles(t, FIRST) };
  const { kernel, environment, logs } = await start(t, rawsocket(config));
  const port = await portOf(kernel);
  const listener = kernel.whereis(listenerName<RawSocketListenerConfig>(RAW.section));
  const shown = async (): Promise<string> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.O);
  };
  assert.equal(await shown(), 'FIRST');
  listener?.cast({
    kind: 'reload',
    config: { ...config, tls: certificateFiles(t, SECOND), maxMessageBytes: 512 },
  });
  await info(kernel);
  assert.equal(await shown(), 'SECOND');
  const limited = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  t.after(() => limited.destroy());
  limited.write(Buffer.from(SHAKE));
  const [reply] = (await once(limited, 'data')) as [Buffer];
  assert.equal(reply[1] >> 4, 0);
  listener?.cast({
    kind: 'reload',
    config: { ...config, tls: { cert: '/nowhere', key: '/nowhere' } },
  });
  await info(kernel);
  assert.equal(await shown(), 'SECOND');
  assert.equal(environment.counters.get('listener_reloads_failed'), 1);
  assert.match(String(logs.at(-1)?.['why']), /certfile: ENOENT/);
});
