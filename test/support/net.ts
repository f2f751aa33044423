/** Servers, clients and observers for the tests of the transports. Nothing here waits for time to pass. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import {
  DEFAULT_RAWSOCKET,
  DEFAULT_WEBSOCKET,
  type RawSocketListenerConfig,
  type WebSocketListenerConfig,
} from '../../actors/listeners/config.ts';
import type { Accepted, AcceptorOptions } from '../../runtime/net/acceptor.ts';
import { Acceptor } from '../../runtime/net/acceptor.ts';
import type { CloseCause, Connection, FrameBatch } from '../../runtime/net/connection.ts';
import { createNetEnvironment, type NetEnvironment } from '../../runtime/net/environment.ts';
import { trustedList } from '../../runtime/net/forwarded.ts';
import { KeepAlive } from '../../runtime/net/keep-alive.ts';
import { RawSocketFront } from '../../runtime/net/rawsocket.ts';
import { lengthExponent } from '../../runtime/net/rawsocket-handshake.ts';
import { WebSocketFront } from '../../runtime/net/websocket-server.ts';
import { codecs } from '../../runtime/wamp/codecs.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import type { Message, RouterMessage } from '../../runtime/wamp/message.ts';
import { EMPTY, EVENT } from '../../runtime/wamp/message.ts';
import { ByteWriter } from '../../runtime/wamp/writer.ts';

const PATIENCE_MS = 10_000;

export interface TestEnvironment extends NetEnvironment {
  readonly counters: Map<string, number>;
}

export function testEnvironment(): TestEnvironment {
  const counters = new Map<string, number>();
  const environment = createNetEnvironment({
    codecs,
    count: (counter, by = 1) => counters.set(counter, (counters.get(counter) ?? 0) + by),
    log: () => {},
  });
  return { ...environment, counters };
}

/** Values that arrive, in order; `next` waits for one and fails when nothing comes. */
export class Arrivals<T> {
  readonly #values: T[] = [];
  #waiting: ((value: T) => void) | undefined;

  push(value: T): void {
    const { length } = this.#values;
    if (this.#waiting && length === 0) this.#waiting(value);
    else this.#values.push(value);
  }

  get length(): number {
    return this.#values.length;
  }

  next(what = 'a value'): Promise<T> {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift() as T);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} did not arrive`)), PATIENCE_MS);
      this.#waiting = (value) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(value);
      };
    });
  }
}

/** Attaches to a connection and remembers what it says. Frames are copied. */
export class Observer {
  readonly frames = new Arrivals<Buffer>();
  readonly batches: number[] = [];
  readonly violations = new Arrivals<string>();
  readonly congestion = new Arrivals<boolean>();
  readonly closes = new Arrivals<CloseCause>();

  constructor(connection: Connection) {
    connection.attach({
      onFrames: (batch) => {
        this.batches.push(batch.ranges.length / 2);
        for (const frame of framesOf(batch)) this.frames.push(frame);
      },
      onViolation: (detail) => this.violations.push(detail),
      onCongestion: (isCongested) => this.congestion.push(isCongested),
      onClose: (cause) => this.closes.push(cause),
    });
  }
}

export function framesOf({ bytes, ranges }: FrameBatch): Buffer[] {
  const frames: Buffer[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    frames.push(Buffer.from(bytes.slice(ranges[i], ranges[i + 1])));
  }
  return frames;
}

export interface TestServer {
  readonly port: number;
  readonly acceptor: Acceptor;
  readonly environment: TestEnvironment;
  readonly connections: Arrivals<Connection>;
}

export type Extra = Partial<AcceptorOptions>;

export function rawSocketServer(
  t: TestContext,
  overrides: Partial<RawSocketListenerConfig> = {},
  extra: Extra = {},
  shared: TestEnvironment = testEnvironment(),
): Promise<TestServer> {
  const config = { ...DEFAULT_RAWSOCKET, port: 0, ...overrides };
  return serve(t, config, extra, shared, (environment, onConnection) => {
    const keepAlive = new KeepAlive(config);
    const minPeerExponent = lengthExponent(config.minPeerBytes);
    const host = { environment, limits: config, minPeerExponent, keepAlive };
    return new RawSocketFront(host, 'test', onConnection);
  });
}

export function webSocketServer(
  t: TestContext,
  overrides: Partial<WebSocketListenerConfig> = {},
  extra: Extra = {},
  shared: TestEnvironment = testEnvironment(),
): Promise<TestServer> {
  const config = { ...DEFAULT_WEBSOCKET, port: 0, ...overrides };
  return serve(t, config, extra, shared, (environment, onConnection) => {
    const trustedProxies = trustedList(config.trustedProxies);
    const host = { environment, limits: config, keepAlive: new KeepAlive(config) };
    return new WebSocketFront(host, { ...config, name: 'test', trustedProxies }, onConnection);
  });
}

async function serve(
  t: TestContext,
  config: RawSocketListenerConfig | WebSocketListenerConfig,
  extra: Extra,
  environment: TestEnvironment,
  frontFor: (
    environment: TestEnvironment,
    onConnection: (connection: Connection) => void,
  ) => { serve(accepted: Accepted): void },
): Promise<TestServer> {
  const connections = new Arrivals<Connection>();
  const open = new Set<Connection>();
  const front = frontFor(environment, (connection) => {
    open.add(connection);
    connections.push(connection);
  });
  const listening = new Arrivals<number>();
  const { trustedProxies } = config;
  const acceptor = new Acceptor(
    {
      ...config,
      name: 'test',
      backlog: 64,
      secureContext: undefined,
      trustedProxies: trustedProxies.length > 0 ? trustedList(trustedProxies) : undefined,
      ...extra,
    },
    environment,
    {
      onListening: (_address, port) => listening.push(port),
      onFailure: (error) => assert.fail(error),
      onSocket: (accepted) => front.serve(accepted),
    },
  );
  acceptor.listen();
  t.after(() => {
    acceptor.close();
    for (const connection of open) connection.destroy();
  });
  return { port: await listening.next('a port'), acceptor, environment, connections };
}

/** A TCP client that says bytes and reads exact numbers of them. */
export class TcpClient {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isEnded = true;
      this.#wake?.();
    });
  }

  static async connect(t: TestContext, port: number): Promise<TcpClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    t.after(() => socket.destroy());
    const client = new TcpClient(socket);
    await once(socket, 'connect');
    return client;
  }

  write(...bytes: (Uint8Array | number[] | string)[]): void {
    this.socket.write(Buffer.concat(bytes.map((part) => Buffer.from(part as Uint8Array))));
  }

  /** Writes and waits until the operating system has it, so that the next write is another segment. */
  async writeApart(bytes: Uint8Array | number[]): Promise<void> {
    await new Promise((resolve) => this.socket.write(Buffer.from(bytes as Uint8Array), resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }

  async read(size: number): Promise<Buffer> {
    await this.#until(() => this.#bytes.length >= size || this.#isEnded);
    assert.ok(this.#bytes.length >= size, `closed after ${this.#bytes.toString('hex')}`);
    const bytes = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return Buffer.from(bytes);
  }

  /** What comes until the other side closes. */
  async readToEnd(): Promise<Buffer> {
    await this.#until(() => this.#isEnded);
    return this.#bytes;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`waited in vain; have ${this.#bytes.length} bytes`)),
          PATIENCE_MS,
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
  }
}

/** A router message that is easily told apart: an EVENT with the number as its publication. */
export function event(codec: Codec, publication: number, text = ''): RouterMessage {
  return {
    type: EVENT,
    subscription: 1,
    publication,
    details: EMPTY,
    payload: codec.payload(text === '' ? [] : [text]),
  };
}

export function encoded(codec: Codec, message: Message): Buffer {
  const writer = new ByteWriter(1024);
  assert.equal(codec.encode(message, writer), undefined);
  return Buffer.from(writer.buffer.subarray(0, writer.at));
}

/** A RawSocket frame. */
export function rawFrame(body: Uint8Array, type = 0): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  header[0] = type;
  return Buffer.concat([header, body]);
}
