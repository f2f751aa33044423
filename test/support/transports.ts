/** Every transport as the contract of a connection sees it: a server's end, and a client that speaks real bytes. */
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import WebSocket from 'ws';
import type { Connection } from '../../runtime/net/connection.ts';
import type { ConnectionLimits } from '../../runtime/net/limits.ts';
import { inProcessPair } from '../../runtime/net/in-process.ts';
import { splitBatch } from '../../runtime/net/websocket-batch.ts';
import { codecs } from '../../runtime/wamp/codecs.ts';
import type { Codec } from '../../runtime/wamp/codec.ts';
import { Violation } from '../../runtime/wamp/codec.ts';
import type { SerializerId } from '../../runtime/wamp/message.ts';
import type { TestEnvironment } from './net.ts';
import {
  Arrivals,
  encoded,
  rawFrame,
  rawSocketServer,
  TcpClient,
  testEnvironment,
  webSocketServer,
} from './net.ts';

/** The client's end. Messages are bytes without the transport's frame. */
export interface Client {
  /** All of them in one go, as far as the transport can. */
  send(...messages: Uint8Array[]): void;
  receive(): Promise<Buffer>;
  close(): void;
  /** Stops reading for good. */
  stopReading(): void;
  /** Resolves when the other end has read everything that was sent. */
  settle(): Promise<unknown>;
  readonly closed: Promise<unknown>;
}

export interface Pair {
  readonly connection: Connection;
  readonly client: Client;
  readonly codec: Codec;
  readonly environment: TestEnvironment;
}

export interface Transport {
  readonly name: string;
  open(t: TestContext, limits?: Partial<ConnectionLimits>): Promise<Pair>;
}

const SERIALIZERS: readonly SerializerId[] = ['json', 'msgpack', 'cbor'];
const RAW_IDS = { json: 1, msgpack: 2, cbor: 3 } as const;

export const TRANSPORTS: readonly Transport[] = SERIALIZERS.flatMap((serializer) => [
  overWebSocket(serializer, false, false),
  overWebSocket(serializer, true, false),
  overWebSocket(serializer, false, true),
  overRawSocket(serializer),
  inProcess(serializer),
]);

function overWebSocket(serializer: SerializerId, isBatched: boolean, deflate: boolean): Transport {
  const subprotocol = `wamp.2.${serializer}${isBatched ? '.batched' : ''}`;
  return {
    name: `websocket ${subprotocol}${deflate ? ' deflated' : ''}`,
    async open(t, limits = {}) {
      const server = await webSocketServer(t, { ...limits, deflate });
      const ws = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, subprotocol, {
        perMessageDeflate: deflate && { threshold: 0 },
      });
      t.after(() => ws.terminate());
      const received = new Arrivals<Buffer>();
      ws.on('error', () => {});
      ws.on('message', (data: Buffer, isBinary) => {
        if (isBinary === (serializer === 'json')) throw new Error('wrong kind of frame');
        for (const message of isBatched ? unbatched(serializer, data) : [data]) {
          received.push(Buffer.from(message));
        }
      });
      const closed = once(ws, 'close');
      await once(ws, 'open');
      const client: Client = {
        send: (...messages) => {
          const binary = serializer !== 'json';
          if (isBatched) return ws.send(batched(serializer, messages), { binary });
          for (const message of messages) ws.send(message, { binary });
        },
        receive: () => received.next('a message'),
        close: () => ws.close(),
        stopReading: () => ws.pause(),
        settle: () => {
          ws.ping();
          return once(ws, 'pong');
        },
        closed,
      };
      const connection = await server.connections.next('a connection');
      return { connection, client, codec: codecs[serializer], environment: server.environment };
    },
  };
}

function overRawSocket(serializer: SerializerId): Transport {
  return {
    name: `rawsocket ${serializer}`,
    async open(t, limits = {}) {
      const server = await rawSocketServer(t, limits);
      const tcp = await TcpClient.connect(t, server.port);
      tcp.write([0x7f, 0xf0 | RAW_IDS[serializer], 0, 0]);
      await tcp.read(4);
      const client: Client = {
        send: (...messages) => tcp.write(...messages.map((message) => rawFrame(message))),
        receive: async () => tcp.read((await tcp.read(4)).readUInt32BE()),
        close: () => tcp.socket.end(),
        stopReading: () => tcp.socket.pause(),
        settle: () => {
          tcp.write([1, 0, 0, 0]);
          return tcp.read(4);
        },
        closed: once(tcp.socket, 'close'),
      };
      const connection = await server.connections.next('a connection');
      return { connection, client, codec: codecs[serializer], environment: server.environment };
    },
  };
}

function inProcess(serializer: SerializerId): Transport {
  return {
    name: `in_process ${serializer}`,
    open(_t, limits = {}) {
      const codec = codecs[serializer];
      const environment = testEnvironment();
      const { connection, client: end } = inProcessPair(codec, environment, { limits });
      const received = new Arrivals<Buffer>();
      const closes = new Arrivals<void>();
      end.on({
        onMessage: (message) => {
          if (message instanceof Violation) throw new Error(message.detail);
          received.push(encoded(codec, message));
        },
        onClose: () => closes.push(),
      });
      const client: Client = {
        send: (...messages) => messages.forEach((message) => end.sendBytes(message)),
        receive: () => received.next('a message'),
        close: () => end.close(),
        stopReading: () => end.pause(),
        settle: () => new Promise((resolve) => setImmediate(resolve)),
        get closed() {
          return closes.next('the close');
        },
      };
      return Promise.resolve({ connection, client, codec, environment });
    },
  };
}

export function batched(serializer: SerializerId, messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      if (serializer === 'json') return [message, Uint8Array.of(0x1e)];
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(message.length);
      return [prefix, message];
    }),
  );
}

export function unbatched(serializer: SerializerId, data: Buffer): Buffer[] {
  const ranges: number[] = [];
  const wrong = splitBatch(serializer === 'json', data, 0, data.length, ranges);
  if (wrong) throw new Error(wrong);
  const messages: Buffer[] = [];
  for (let i = 0; i < ranges.length; i += 2) messages.push(data.subarray(ranges[i], ranges[i + 1]));
  return messages;
}
