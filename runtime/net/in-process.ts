/**
 * A connection without a socket, for tests and for clients inside this process. Both ends speak real bytes through a
 * real codec, in RawSocket's frames; what one end says reaches the other in a later task, never in the same call.
 */
import type { Codec, Violation } from '../wamp/codec.ts';
import { DEFAULT_LIMITS } from '../wamp/codec.ts';
import type { Message } from '../wamp/message.ts';
import { ByteWriter } from '../wamp/writer.ts';
import type { CloseCause, Connection, FrameBatch, TransportInfo } from './connection.ts';
import type { NetEnvironment } from './environment.ts';
import { KeepAlive } from './keep-alive.ts';
import type { ConnectionLimits } from './limits.ts';
import type { Sink } from './outbound.ts';
import { Outbound } from './outbound.ts';
import { RawFrameSplitter, RawSocketFraming } from './rawsocket-frames.ts';
import type { Wire } from './socket-connection.ts';
import { SocketConnection } from './socket-connection.ts';

const MAX_BYTES = 1 << 24;
const UNWATCHED = new KeepAlive({ pingIntervalMs: 0, pingTimeoutMs: 0 });

const LIMITS: ConnectionLimits = {
  maxMessageBytes: MAX_BYTES,
  maxHeldBytes: 256 * 1024,
  highWaterBytes: 1024 * 1024,
  lowWaterBytes: 256 * 1024,
  maxBacklogBytes: 64 * 1024 * 1024,
  closeTimeoutMs: 1000,
  pingIntervalMs: 0,
  pingTimeoutMs: 0,
};

export interface InProcessOptions {
  readonly limits?: Partial<ConnectionLimits>;
  readonly info?: Partial<TransportInfo>;
  /** Runs a task soon, never at once. Default `queueMicrotask`. */
  readonly defer?: (task: () => void) => void;
}

export interface InProcessEvents {
  onMessage(message: Message | Violation): void;
  onClose(): void;
}

/** The client's end. */
export class InProcessClient {
  readonly #codec: Codec;
  readonly #connection: SocketConnection;
  readonly #defer: (task: () => void) => void;
  readonly #splitter = new RawFrameSplitter(MAX_BYTES);
  #events: InProcessEvents = { onMessage: () => {}, onClose: () => {} };
  #isReading = true;
  #isClosed = false;
  #unread: { readonly chunk: Uint8Array; readonly written: () => void }[] = [];

  constructor(codec: Codec, connection: SocketConnection, defer: (task: () => void) => void) {
    this.#codec = codec;
    this.#connection = connection;
    this.#defer = defer;
  }

  on(events: InProcessEvents): void {
    this.#events = events;
  }

  /** Throws when the message cannot be said in the connection's serializer: a mistake of the caller's. */
  send(message: Message): void {
    const writer = new ByteWriter(256);
    const refused = this.#codec.encode(message, writer);
    if (refused) throw new Error(refused.detail);
    this.sendBytes(writer.buffer.subarray(0, writer.at));
  }

  /** In one chunk, as a busy socket brings them. */
  sendTogether(messages: readonly Message[]): void {
    const writer = new ByteWriter(256);
    const ranges: number[] = [];
    for (const message of messages) {
      const start = writer.at;
      const refused = this.#codec.encode(message, writer);
      if (refused) throw new Error(refused.detail);
      ranges.push(start, writer.at);
    }
    this.#deliver({ bytes: writer.buffer.subarray(0, writer.at), ranges });
  }

  /** A message's bytes as they are, for tests of what is not a message. */
  sendBytes(bytes: Uint8Array): void {
    this.#deliver({ bytes, ranges: [0, bytes.length] });
  }

  /** Stops reading, so that the other end's backlog grows. */
  pause(): void {
    this.#isReading = false;
  }

  resume(): void {
    this.#isReading = true;
    const unread = this.#unread;
    this.#unread = [];
    for (const { chunk, written } of unread) this.receive(chunk, written);
  }

  close(): void {
    this.#defer(() => this.closed());
  }

  // What the wire calls.

  get unreadBytes(): number {
    return this.#unread.reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  receive(chunk: Uint8Array, written: () => void): void {
    if (!this.#isReading) return void this.#unread.push({ chunk, written });
    this.#splitter.push(chunk, {
      onBatch: ({ bytes, ranges }) => {
        for (let i = 0; i < ranges.length; i += 2) {
          const message = this.#codec.decode(bytes, ranges[i], ranges[i + 1], DEFAULT_LIMITS);
          this.#events.onMessage(message);
        }
      },
      onPing: () => {},
      onPong: () => {},
    });
    written();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.onClose();
    this.#connection.closed(undefined);
  }

  #deliver(batch: FrameBatch): void {
    this.#defer(() => {
      if (!this.#isClosed) this.#connection.deliver(batch, batch.bytes.length);
    });
  }
}

/** Both ends of a new connection. */
export function inProcessPair(
  codec: Codec,
  environment: NetEnvironment,
  { limits = {}, info = {}, defer = queueMicrotask }: InProcessOptions = {},
): { readonly connection: Connection; readonly client: InProcessClient } {
  const bounds = { ...LIMITS, ...limits };
  const description: TransportInfo = {
    kind: 'in_process',
    batched: false,
    tls: false,
    peer: { address: 'in_process', port: 0 },
    listener: 'in_process',
    ...info,
  };
  const connection = new SocketConnection(description, bounds, UNWATCHED, environment);
  const client = new InProcessClient(codec, connection, defer);
  const sink = new InProcessSink(client, defer);
  const framing = new RawSocketFraming(bounds.maxMessageBytes);
  const outbound = new Outbound(codec, sink, framing, environment, bounds, connection);
  connection.connect(new InProcessWire(client, outbound, defer), outbound);
  return { connection, client };
}

/** Carries a write to the client, later; its buffer is copied, so it is free at once. */
class InProcessSink implements Sink {
  readonly #client: InProcessClient;
  readonly #defer: (task: () => void) => void;
  #underWay = 0;

  constructor(client: InProcessClient, defer: (task: () => void) => void) {
    this.#client = client;
    this.#defer = defer;
  }

  get writableLength(): number {
    return this.#underWay;
  }

  write(chunk: Uint8Array, written: () => void): boolean {
    const copy = chunk.slice();
    this.#underWay += copy.length;
    this.#defer(() =>
      this.#client.receive(copy, () => {
        this.#underWay -= copy.length;
        written();
      }),
    );
    return true;
  }
}

class InProcessWire implements Wire {
  readonly #client: InProcessClient;
  readonly #outbound: Outbound;
  readonly #defer: (task: () => void) => void;

  constructor(client: InProcessClient, outbound: Outbound, defer: (task: () => void) => void) {
    this.#client = client;
    this.#outbound = outbound;
    this.#defer = defer;
  }

  stopReading(): void {} // nothing in this process floods itself

  startReading(): void {}

  ping(): void {}

  flush(): void {
    this.#outbound.flushNow();
  }

  finish(_cause: CloseCause, _detail: string): void {
    this.#defer(() => this.#client.closed());
  }

  cut(): void {
    this.#defer(() => this.#client.closed());
  }

  dispose(): void {
    this.#outbound.dispose();
  }
}
